/* wire: one HTTP connection at a time, as a strict client sees it: it never repeats a request by
 * itself, and tells apart the ways in which a request can fail. */
#ifndef TESTS_E2E_WIRE_H
#define TESTS_E2E_WIRE_H

#include <stdbool.h>
#include <stddef.h>

enum { WIRE_ANSWER_MAX = 128 * 1024, WIRE_TIMEOUT_MS = 30000 };

enum wire_result {
    WIRE_ANSWERED, /* a whole answer came; status tells which */
    WIRE_REFUSED,  /* no connection */
    WIRE_RESET,    /* reset before the first byte of an answer */
    WIRE_CLOSED,   /* closed in an orderly way before the first byte of an answer */
    WIRE_BROKEN,   /* part of an answer came */
    WIRE_SILENT,   /* nothing came for timeout_ms */
    WIRE_RESULT_MAX
};

extern const char *const wire_result_names[WIRE_RESULT_MAX];

struct wire {
    int port;
    int timeout_ms; /* WIRE_TIMEOUT_MS, until it is set otherwise */
    int fd;         /* -1 while there is no connection */
    bool kept;      /* the connection has carried an answer before the last request */
    int status;     /* of the last answer */
    size_t len;     /* of the last answer, all of it */
    char answer[WIRE_ANSWER_MAX + 1];
};

/* Makes ready for 127.0.0.1:port; connects nothing yet. */
void wire_init(struct wire *wire, int port);

/* Sends the bytes of one request and waits for its answer, over the connection that the last call
 * left open, or else a new one. */
enum wire_result wire_call(struct wire *wire, const char *request);

/* Whether the server has closed the idle connection already. */
bool wire_is_stale(const struct wire *wire);

/* Lets go of the connection. */
void wire_close(struct wire *wire);

#endif
