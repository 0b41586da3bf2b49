#include "torture/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "e2e/client.h"
#include "e2e/load.h"
#include "e2e/scrape.h"
#include "port.h"
#include "torture/buyers.h"
#include "torture/readers.h"
#include "torture/wrong.h"

enum { TALLY_WAIT_MS = 30000, TALLY_REST_MS = 100, TALLY_SERIES_MAX = 2 };

/* What the buyers were told so often, and the series that say so. */
static const struct {
    enum buyers_deed deeds[2];
    const char *series[TALLY_SERIES_MAX];
    const char *part; /* that a series holds; NULL: any */
} tally_rows[] = {
    {{BUYERS_ABSENT, BUYERS_DEED_MAX}, {SCRAPE_REQUESTS "{route=\"/orders"}, "code=\"5"},
    {{BUYERS_PLACED, BUYERS_REPLAYED},
     {SCRAPE_REQUESTS "{route=\"/orders\",method=\"POST\",code=\"201\""},
     NULL},
    {{BUYERS_PLACED, BUYERS_REPLAYED},
     {"postern_orders_total{outcome=\"placed\"}", "postern_orders_total{outcome=\"replayed\"}"},
     NULL},
    {{BUYERS_REFUSED, BUYERS_DEED_MAX}, {"postern_orders_total{outcome=\"short\"}"}, NULL},
    {{BUYERS_CANCELLED, BUYERS_DEED_MAX}, {"postern_orders_total{outcome=\"cancelled\"}"}, NULL},
    {{BUYERS_READ, BUYERS_DEED_MAX},
     {SCRAPE_REQUESTS "{route=\"/orders/{id}\",method=\"GET\",code=\"200\""},
     NULL},
};

enum { TALLY_5XX = 0, TALLY_ROWS = sizeof tally_rows / sizeof tally_rows[0] };

/* What one pair's master has counted since it began. */
struct tally_count {
    double began; /* names the master */
    int64_t rows[TALLY_ROWS];
    int64_t reads;     /* of products and of their list, answered with 200 or 304 */
    int64_t published; /* of those, at least: the rest of them asked the store */
    int64_t requests, under_way;
};

static struct tally_pair {
    int port, port_fd;
    struct tally_count last;
    int64_t published; /* what the masters before the last one had counted */
} tally_pairs[TALLY_PAIRS_MAX];

static size_t tally_count;
static int64_t tally_told[BUYERS_DEED_MAX]; /* by the last call */
static int64_t tally_read, tally_cut;       /* readers' likewise */
static int tally_calls, tally_both_ways;

bool tally_add(char setting[TALLY_SETTING_SIZE])
{
    struct tally_pair *pair = &tally_pairs[tally_count];
    if (tally_count == TALLY_PAIRS_MAX || (pair->port_fd = port_take(&pair->port)) < 0)
        return false;
    tally_count++;
    snprintf(setting, TALLY_SETTING_SIZE, "METRICS_PORT=%d", pair->port);
    return true;
}

static int64_t tally_reads(const char *text)
{
    static const char series[] = SCRAPE_REQUESTS "{route=\"/products";
    return (int64_t)scrape_sum(text, series, "method=\"GET\",code=\"200\"") +
           (int64_t)scrape_sum(text, series, "method=\"GET\",code=\"304\"");
}

static int64_t tally_asked(const char *text)
{
    return (int64_t)scrape_sum(text, "postern_store_call_duration_seconds_count{", "product_");
}

/* A connection of its own for each time: the exporter before may be dead. */
static bool tally_look(const struct tally_pair *pair, struct tally_count *count)
{
    struct client *client = client_open(pair->port);
    struct client_answer scraped;
    bool ok = client && scrape_get(client, &scraped, TALLY_WAIT_MS);
    *count = (struct tally_count){.began = 0};
    if (ok) {
        count->began = scrape_value(scraped.body, "postern_start_time_seconds");
        count->requests = (int64_t)scrape_sum(scraped.body, SCRAPE_REQUESTS "{", "/orders");
        count->under_way = (int64_t)scrape_value(scraped.body, "postern_requests_under_way") +
                           (int64_t)scrape_value(scraped.body, "postern_queue_length");
        count->reads = tally_reads(scraped.body);
        count->published = count->reads - tally_asked(scraped.body);
        for (size_t i = 0; i < TALLY_ROWS; i++) {
            for (size_t n = 0; n < TALLY_SERIES_MAX && tally_rows[i].series[n]; n++)
                count->rows[i] += (int64_t)scrape_sum(scraped.body, tally_rows[i].series[n],
                                                      tally_rows[i].part ? tally_rows[i].part : "");
        }
    }
    client_close(client);
    return ok;
}

/* Looks until all requests that a buyer left are done, too. */
static bool tally_look_at_rest(struct tally_count now[TALLY_PAIRS_MAX])
{
    int64_t until = load_now_ms() + TALLY_WAIT_MS, before = -1;
    while (load_now_ms() < until) {
        int64_t requests = 0, under_way = 0;
        for (size_t i = 0; i < tally_count; i++) {
            if (!tally_look(&tally_pairs[i], &now[i]))
                return false;
            requests += now[i].requests;
            under_way += now[i].under_way;
        }
        if (under_way == 0 && requests == before)
            return true;
        before = requests;
        load_sleep_ms(TALLY_REST_MS);
    }
    return false;
}

/* How many were told since the last call. */
static int64_t tally_heard(enum buyers_deed deed)
{
    return deed == BUYERS_DEED_MAX ? 0 : buyers_count(deed) - tally_told[deed];
}

/* How many of a row were counted since the last call, or by masters that began since. */
static int64_t tally_counted(const struct tally_count now[TALLY_PAIRS_MAX], size_t row)
{
    int64_t counted = 0;
    for (size_t n = 0; n < tally_count; n++) {
        const struct tally_count *last = &tally_pairs[n].last;
        counted += now[n].rows[row] - (last->began == now[n].began ? last->rows[row] : 0);
    }
    return counted;
}

static void tally_compare(const struct tally_count now[TALLY_PAIRS_MAX], bool renewed)
{
    int64_t left = tally_heard(BUYERS_CUT) + tally_heard(BUYERS_WALKED);
    int64_t web = tally_heard(BUYERS_ABSENT) - tally_counted(now, TALLY_5XX);
    for (size_t i = 0; i < TALLY_ROWS; i++) {
        int64_t heard = tally_heard(tally_rows[i].deeds[0]) + tally_heard(tally_rows[i].deeds[1]);
        int64_t counted = tally_counted(now, i), most = heard + left + (i == TALLY_5XX ? 0 : web);
        /* lighttpd's own answers 5xx are not counted. */
        int64_t least = renewed || i == TALLY_5XX ? 0 : heard;
        if (counted < least || counted > most)
            wrong_say("the pairs counted %" PRId64 ", and by what buyers were told it is %" PRId64
                      " to %" PRId64 ": %s",
                      counted, least, most, tally_rows[i].series[0]);
    }
}

/* Likewise with what readers were told, whose connections are cut, and not left. */
static void tally_compare_reads(const struct tally_count now[TALLY_PAIRS_MAX], bool renewed)
{
    int64_t heard = readers_answered() - tally_read, cut = readers_cut() - tally_cut, counted = 0;
    for (size_t n = 0; n < tally_count; n++) {
        const struct tally_count *last = &tally_pairs[n].last;
        counted += now[n].reads - (last->began == now[n].began ? last->reads : 0);
    }
    if ((counted < heard && !renewed) || counted > heard + cut)
        wrong_say("the pairs counted %" PRId64 " reads of products, and by what readers were told"
                  " it is %" PRId64 " to %" PRId64,
                  counted, heard, heard + cut);
    tally_read += heard;
    tally_cut += cut;
}

void tally_check(void)
{
    struct tally_count now[TALLY_PAIRS_MAX] = {{.began = 0}};
    bool renewed = false;
    if (!tally_look_at_rest(now)) {
        wrong_say("a pair's metrics do not come, or do not rest, for %d ms", TALLY_WAIT_MS);
        return;
    }
    for (size_t i = 0; i < tally_count; i++)
        renewed = renewed || now[i].began != tally_pairs[i].last.began;
    tally_compare(now, renewed);
    tally_compare_reads(now, renewed);
    tally_calls++;
    tally_both_ways += !renewed;
    for (size_t i = 0; i < tally_count; i++) {
        if (now[i].began != tally_pairs[i].last.began)
            tally_pairs[i].published += tally_pairs[i].last.published;
        tally_pairs[i].last = now[i];
    }
    for (int i = 0; i < BUYERS_DEED_MAX; i++)
        tally_told[i] = buyers_count((enum buyers_deed)i);
}

static int64_t tally_published(size_t pair)
{
    return tally_pairs[pair].published + tally_pairs[pair].last.published;
}

void tally_end(bool brief)
{
    for (size_t i = 0; i < tally_count; i++) {
        if (!brief && tally_published(i) <= 0)
            wrong_say("no read through pair %zu was answered from what is published", i);
    }

    if (!brief && tally_both_ways == 0)
        wrong_say("no count was compared both ways");
}

void tally_report(void)
{
    printf(" counters compared %d times, %d of them both ways,", tally_calls, tally_both_ways);
    for (size_t i = 0; i < tally_count; i++)
        printf(" %" PRId64 "%s", tally_published(i),
               i + 1 < tally_count ? " and" : " reads answered from what the pairs published,");
}

void tally_free(void)
{
    for (size_t i = 0; i < tally_count; i++)
        close(tally_pairs[i].port_fd);
    tally_count = 0;
}
