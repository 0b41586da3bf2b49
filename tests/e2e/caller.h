/* caller: connections of a caller behind the load balancer, as raw bytes, one request after the
 * other. See proxy.h. */
#ifndef TESTS_E2E_CALLER_H
#define TESTS_E2E_CALLER_H

#include <stdbool.h>
#include <stddef.h>

#define CALLER_GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

enum { CALLER_WAIT_MS = 15000 };

/* Sends the text on a connection; false if it is none, or takes it no more. */
bool caller_send(int fd, const char *text);

/* A connection of the endpoint that has sent this; or -1. */
int caller_ask(int port, const char *id, const char *text);

/* The status of the next answer on the connection, or 0. */
int caller_status(int fd);

/* Whether the server has closed it, however, maybe before it was used; waits for that, and takes
 * what comes before. */
bool caller_is_closed(int fd, int timeout_ms);

/* Closes those that are connections. */
void caller_close(const int *fds, size_t count);

#endif
