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

/* Takes over a listening socket that was inherited on fd 0 (FastCGI specification, section 2.2). If
 * there is none, makes the unix socket of the configuration, with mode 0660. A lock file beside it
 * refuses a second server before that touches anything; the lock is waited for, one second. Nobody
 * can connect before listener_listen. False on failure, which is logged. See decisions/0002. */
bool listener_open(struct listener *listener, const struct config *config);

/* Lets connections queue. Until then the web server is refused, and answers by itself, so call it
 * when requests are about to be accepted: decisions/0003. An inherited socket listens already.
 * False on failure, which is logged. */
bool listener_listen(const struct listener *listener, const struct config *config);

/* In a worker, after the fork: lets go of the lock, which is the master's alone. A new master then
 * need not wait for the workers of one that was killed. */
void listener_keep_socket_only(struct listener *listener);

/* Removes the socket's name, unless it was inherited. Nobody can connect any more; what is queued
 * can still be accepted. */
void listener_hide(struct listener *listener);

/* Removes socket and lock file, unless inherited, and closes both. */
void listener_close(struct listener *listener);

#endif
