/* client: HTTP as a test sends it, properly (libcurl) or as raw bytes. One client a thread; it
 * keeps its connection between calls. */
#ifndef TESTS_E2E_CLIENT_H
#define TESTS_E2E_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
    CLIENT_HEADERS_MAX = 32,
    CLIENT_HEADERS_SIZE = 16 * 1024,
    CLIENT_TIMEOUT_MS = 10000,
    CLIENT_BODY_MAX = 64 * 1024 * 1024
};

struct client;

/* All but method and path may be zero. */
struct client_request {
    const char *method;
    const char *path;           /* with the query, sent as it is */
    const char *const *headers; /* "Name: value", ended by NULL */
    const char *body;           /* NULL: none */
    size_t body_len;            /* 0: strlen(body) */
    bool chunked;               /* send the body chunked, its length untold */
    bool fresh;                 /* on a new connection */
    long timeout_ms;            /* 0: CLIENT_TIMEOUT_MS */
};

/* An answer; borrowed from the client until its next call. */
struct client_answer {
    int status;       /* 0: none came; error says why */
    const char *body; /* never NULL; ends with NUL */
    size_t body_len;
    bool reused; /* it came over a connection that had carried an earlier answer */
    size_t headers_count;
    struct {
        const char *name, *value;
    } headers[CLIENT_HEADERS_MAX];
    const char *error; /* "" if there is none */
};

/* NULL if there is no memory. */
struct client *client_open(int port);
void client_close(struct client *client); /* NULL is fine */

/* Sends one request to 127.0.0.1 and waits for the answer. False if none came whole in time. */
bool client_call(struct client *client, const struct client_request *request,
                 struct client_answer *answer);

/* client_call for the commonest two; the post sends Content-Type: application/json. */
bool client_get(struct client *client, const char *path, struct client_answer *answer);
bool client_post(struct client *client, const char *path, const char *json,
                 struct client_answer *answer);

/* The first header of that name in any case, or NULL. */
const char *client_header(const struct client_answer *answer, const char *name);

/* Prints what this thread's last client_call got, the body cut. */
void client_print_last(FILE *out);

/* A plain connection to 127.0.0.1, or -1. */
int client_raw_open(int port);

/* Sends it all; false if the peer would not take it. */
bool client_raw_send(int fd, const char *bytes, size_t len);

/* Reads until the peer closes, timeout_ms passed without a byte, or size is full; ends out with
 * NUL. *closed (may be NULL) tells whether the peer closed or reset. Returns how many bytes came.
 */
size_t client_raw_read(int fd, char *out, size_t size, int timeout_ms, bool *closed);

/* Takes the first answer in text apart, in place: the answer borrows from it. The body is as long
 * as Content-Length says, else (or if bodiless) empty. Returns where the next answer starts, or
 * NULL if the text holds no whole answer; then status is 0. */
char *client_raw_answer(char *text, bool bodiless, struct client_answer *answer);

#endif
