/* scrape: what a pair's metrics say, in Prometheus's text format. */
#ifndef TESTS_E2E_SCRAPE_H
#define TESTS_E2E_SCRAPE_H

#include <stdbool.h>

#include "e2e/client.h"

/* Counted by route, method, code and consumer. */
#define SCRAPE_REQUESTS "postern_request_duration_seconds_count"

/* Asks for them, of a client of METRICS_PORT, until they come or ms have passed: the exporter takes
 * its port a moment after the pair is ready. False if they do not come. */
bool scrape_get(struct client *client, struct client_answer *scraped, int ms);

/* The value of one series, whose name and labels are written as they are told; 0 if there is none.
 */
double scrape_value(const char *text, const char *series);

/* The sum of all series that begin with start and hold part, which may be "". */
double scrape_sum(const char *text, const char *start, const char *part);

#endif
