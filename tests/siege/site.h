/* site: the pair that is besieged, its callers' names, and whether it is as it was. */
#ifndef TESTS_SIEGE_SITE_H
#define TESTS_SIEGE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "e2e/pair.h"

/* The endpoints of the callers; SITE_CONSUMERS in site.c says what holds for each. */
#define SITE_STEADY       "vpce-0bbbbbbbbbbbbbbbb" /* the one who must not be harmed */
#define SITE_STEADY_NAME  "steady"
#define SITE_HOSTILE      "vpce-0aaaaaaaaaaaaaaaa" /* has no rate, and many orders */
#define SITE_LIMITED      "vpce-0ffffffffffffffff" /* has one */
#define SITE_LIMITED_NAME "limited"
#define SITE_DENIED       "vpce-0dddddddddddddddd"

enum {
    SITE_RATE = 50,       /* of SITE_LIMITED, as SITE_CONSUMERS says */
    SITE_TELLS_MS = 2000, /* in which lighttpd's module tells what it has closed */
    /* For one group's share of connections, 256, with 1000 orders each, and little more. */
    SITE_UPLOADS_MB = 96
};

struct site {
    struct pair pair;
    bool small;                   /* the folder of uploads is a file system of SITE_UPLOADS_MB */
    int metrics_port, metrics_fd; /* metrics_fd keeps it */
};

/* What a site holds. */
struct site_state {
    int64_t descriptors; /* of lighttpd */
    int64_t web_kb;
    int64_t app_kb; /* of the workers together */
    int64_t workers;
    int64_t uploads_kb;
};

/* Starts it; the store stays in build/siege and is made if it is not there. Call it before any
 * thread. False after saying why. */
bool site_start(struct site *site);

/* Ends the pair however it is, and starts it anew; nobody may ask meanwhile. */
bool site_restart(struct site *site);

void site_end(struct site *site);

/* Whether what lighttpd writes to standard error is read, as it is at first. */
void site_read_log(bool reads);

struct site_state site_look(const struct site *site);

/* What its metrics say since it was started. */
struct site_counts {
    int64_t steady, limited; /* requests of SITE_STEADY and SITE_LIMITED */
    int64_t closed;          /* connections */
};

/* False if they do not come. */
bool site_count(const struct site *site, struct site_counts *counts);

/* What of it is not as it was, as a text; "" if all is. Borrowed until the next call. */
const char *site_differs(const struct site_state *was, const struct site_state *is);

#endif
