/* stub: this process in the application's place, behind lighttpd: it takes requests and answers
 * them when the test says so. */
#ifndef TESTS_E2E_STUB_H
#define TESTS_E2E_STUB_H

#include <stdbool.h>

#include "e2e/pair.h"

/* Stops the application and listens on its socket; -1 if it cannot. */
int stub_open(struct pair *pair);

/* Takes the next request that comes within timeout_ms, or -1. It is not read. */
int stub_accept(int listener, int timeout_ms);

/* Reads the request, and answers it with status 200 and a body of so many bytes. False if the web
 * server has left, which it may while the answer is written. */
bool stub_answer(int fd, unsigned body_len);

/* Whether the web server has let go of the request; waits for that up to timeout_ms. */
bool stub_is_left(int fd, int timeout_ms);

/* Ends it, and starts the application again. */
bool stub_close(struct pair *pair, int listener);

#endif
