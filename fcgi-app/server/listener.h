/* listener: the socket that requests arrive on. */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include <stdbool.h>

#include "config/config.h"

struct listener {
    int fd;           /* bound, non-blocking, close-on-exec */
    int lock_fd;      /* holds the lock, or -1 if the socket was inherited */
    const char *path; /* borrowed from the configuration; NULL if inherited */
};

/* Takes over a listening socket inherited on fd 0, as the FastCGI specification (section 2.2) has
 * it, or else makes the unix socket of the configuration: under a lock file beside it, so that a
 * second server on the same path is refused, after a second in which the lock may still come free,
 * before it touches anything, and with mode 0660. Nobody can connect to that one before
 * listener_listen. False on failure, which is logged. */
bool listener_open(struct listener *listener, const struct config *config);

/* Lets connections queue; to be called when the server is about to accept them, as until then a web
 * server that is refused answers by itself. An inherited socket listens already. False on failure,
 * which is logged. */
bool listener_listen(const struct listener *listener, const struct config *config);

/* In a worker, after the fork: lets go of the lock, which is the master's alone, so that a new
 * master need not wait for the workers of one that was killed. */
void listener_keep_socket_only(struct listener *listener);

/* Removes the socket's name, unless inherited: nobody can connect any more, and what is queued can
 * still be accepted. */
void listener_hide(struct listener *listener);

/* Removes socket and lock file, unless inherited, and closes both. */
void listener_close(struct listener *listener);

#endif
