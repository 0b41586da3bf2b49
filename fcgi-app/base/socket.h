/* socket: a client's way to a unix socket, and the ways to close one, or another descriptor. */
#ifndef BASE_SOCKET_H
#define BASE_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

/* Connects to a unix socket. timeout_ms bounds the wait for a place in its queue, and later each
 * recv and send. -1 and errno on failure. */
int socket_connect(const char *path, int timeout_ms);

/* The same for a socket of another type than SOCK_STREAM. With SOCK_NONBLOCK in the type nothing
 * waits, and timeout_ms is 0. */
int socket_connect_as(const char *path, int type, int timeout_ms);

/* Bounds each later recv and send by the time that is left until then (monotonic). False if none
 * is, or on failure. */
bool socket_set_deadline(int fd, int64_t until_us);

/* Closes it, unless it is below 0, and leaves errno alone. Returns -1. */
int socket_fail(int fd);

/* The same, and then *fd is -1. */
void socket_close(int *fd);

/* Closes a connection that may have been answered. What its client has sent beyond that is read
 * first, up to 256 KiB: else the close could reset it before the answer is read. Waits for nobody.
 */
void socket_close_answered(int fd);

#endif
