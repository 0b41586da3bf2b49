/* scrape: one connection that asks for the metrics, or for the last errors, over HTTP, from its
 * first byte to its answer's last. Nothing here waits. */
#ifndef SERVER_SCRAPE_H
#define SERVER_SCRAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "metrics/exposition.h"
#include "metrics/metrics.h"

enum { SCRAPE_HEAD_MAX = 4096, SCRAPE_PART = 48 * 1024, SCRAPE_PART_MAX = 64 * 1024 };

/* What is asked for: the whole head of a request. */
enum scrape_answer {
    SCRAPE_MORE,      /* the head is not whole */
    SCRAPE_METRICS,   /* GET /metrics */
    SCRAPE_ERRORS,    /* GET /errors: the last errors of the log, a line each */
    SCRAPE_HEAD,      /* HEAD of one of these */
    SCRAPE_NOT_FOUND, /* another path */
    SCRAPE_METHOD,    /* another method */
    SCRAPE_BROKEN     /* no HTTP */
};

/* Free while fd is -1. */
struct scrape {
    int fd;
    int64_t start_us; /* monotonic */
    enum scrape_answer answer;
    bool chunked; /* the client knows chunks: HTTP/1.1 */
    bool last;    /* out holds the end of the answer */
    size_t head_len;
    char head[SCRAPE_HEAD_MAX]; /* the request */
    struct exposition_cursor cursor;
    struct buffer out; /* a part of the answer */
    size_t sent;       /* bytes of it that are gone */
};

/* Reads the request line, once the head is there to its empty line. *chunked says whether the
 * client takes chunks. A body is not looked at. */
enum scrape_answer scrape_read_head(const char *bytes, size_t len, bool *chunked);

/* Takes a new connection. */
void scrape_open(struct scrape *scrape, int fd, int64_t now_us);

/* Ends the connection, whether it was answered or not. */
void scrape_close(struct scrape *scrape);

/* Whether it has been read, and waits for its client to take more of the answer. */
bool scrape_writes(const struct scrape *scrape);

/* Reads what is there, or sends what the client takes, one part at most. refresh is called once the
 * request is whole, before the first number is read. False once the connection is over. */
bool scrape_go_on(struct scrape *scrape, void (*refresh)(void *context), void *context);

#endif
