#include "e2e/scrape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/load.h"

enum { SCRAPE_SERIES_SIZE = 256, SCRAPE_TICK_MS = 20 };

bool scrape_get(struct client *client, struct client_answer *scraped, int ms)
{
    int64_t until = load_now_ms() + ms;
    while (!client_get(client, "/metrics", scraped) || scraped->status != 200) {
        if (load_now_ms() >= until)
            return false;
        load_sleep_ms(SCRAPE_TICK_MS);
    }
    return true;
}

double scrape_value(const char *text, const char *series)
{
    char line[SCRAPE_SERIES_SIZE];
    snprintf(line, sizeof line, "\n%s ", series);
    const char *found = strstr(text, line);
    return found ? strtod(found + strlen(line), NULL) : 0;
}

double scrape_sum(const char *text, const char *start, const char *part)
{
    char line[SCRAPE_SERIES_SIZE];
    double sum = 0;
    snprintf(line, sizeof line, "\n%s", start);
    for (const char *at = text; (at = strstr(at, line)) != NULL;) {
        at++;
        /* Values of labels may hold blanks, and nothing else may after them. */
        const char *end = strchr(at, '\n'), *holds = strstr(at, part);
        while (end && end > at && *end != ' ')
            end--;
        sum += end && holds && holds < end ? strtod(end, NULL) : 0;
    }
    return sum;
}
