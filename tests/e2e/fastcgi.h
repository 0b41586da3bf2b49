/* fastcgi: speaks to the application as the web server does, over its unix socket. */
#ifndef TESTS_E2E_FASTCGI_H
#define TESTS_E2E_FASTCGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "e2e/pair.h"

enum { FASTCGI_ANSWER_MAX = 1024 * 1024, FASTCGI_TIMEOUT_MS = 10000 };

/* Half of a FastCGI record: whoever reads it has to wait for the rest. */
extern const char fastcgi_half_record[4];

/* An answer; for fastcgi_free. */
struct fastcgi_answer {
    int status;         /* 0: none came */
    struct buffer text; /* all that came on standard output */
    const char *body;   /* within text; never NULL */
};

/* A connection to the application's socket, or -1. */
int fastcgi_connect(const struct pair *pair);

/* Connects and sends one request with these variables, and leaves its answer to the caller: the
 * connection, or -1. */
int fastcgi_begin(const struct pair *pair, const char *const *variables, const char *body);

/* Writes one request with these variables ("NAME=value", ended by NULL; CONTENT_LENGTH is added).
 * If keep is set, it asks the application to keep the connection (FCGI_KEEP_CONN). */
void fastcgi_write(struct buffer *out, const char *const *variables, const char *body, bool keep);

/* Reads exactly so many bytes; false if they have not come when load_now_ms is until_ms. */
bool fastcgi_receive(int fd, void *out, size_t len, int64_t until_ms);

/* Reads one answer to its end, and no further; for fastcgi_free. False if none came within
 * FASTCGI_TIMEOUT_MS. */
bool fastcgi_read(int fd, struct fastcgi_answer *answer);

/* fastcgi_write, which is sent, and fastcgi_read. */
bool fastcgi_call_on(int fd, const char *const *variables, const char *body, bool keep,
                     struct fastcgi_answer *answer);

/* Sends one request with these variables ("NAME=value", ended by NULL; CONTENT_LENGTH is added) and
 * reads the whole answer. False if none came. */
bool fastcgi_call(const struct pair *pair, const char *const *variables, const char *body,
                  struct fastcgi_answer *answer);

/* fastcgi_call with so many percent of the bytes sent first, and the rest after between() has
 * returned. */
bool fastcgi_call_parts(const struct pair *pair, const char *const *variables, const char *body,
                        unsigned percent, void (*between)(void), struct fastcgi_answer *answer);

/* Copies a header's value; false, and out is "", if there is none. */
bool fastcgi_header(const struct fastcgi_answer *answer, const char *name, char *out, size_t size);

void fastcgi_free(struct fastcgi_answer *answer);

#endif
