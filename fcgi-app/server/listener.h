/* listener: the sockets that requests and health checks arrive on. */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

#include "base/placed.h"
#include "config/config.h"

/* Whether the name of a socket beside that of requests, which ends with the suffix, always fits. */
#define LISTENER_FITS_BESIDE(suffix)                                                               \
    (CONFIG_SOCKET_MAX + sizeof(suffix) <= sizeof(((struct sockaddr_un *)0)->sun_path))

/* The probes' socket is beside the other, under its name and this. */
#define LISTENER_PROBE_SUFFIX ".probe"

struct listener {
    int fd;                   /* bound, non-blocking, close-on-exec */
    int lock_fd;              /* holds the lock, or -1 if the socket was inherited */
    const char *path;         /* borrowed from the configuration; NULL if inherited */
    struct placed name;       /* what was made at the path */
    int probe_fd;             /* as fd, for health checks; -1 if there is none */
    struct placed probe_name; /* what was made at its path */
    struct placed published;  /* what published.h has put beside it */
    char probe_path[CONFIG_SOCKET_MAX + sizeof LISTENER_PROBE_SUFFIX];
};

/* Which of the sockets a child keeps. */
enum listener_kept { LISTENER_NOTHING, LISTENER_REQUESTS, LISTENER_PROBES };

/* Takes over a listening socket that was inherited on fd 0 (FastCGI specification, section 2.2). If
 * there is none, makes the unix socket of the configuration and that for probes, with mode 0660. A
 * lock file beside it refuses a second server before that touches anything; the lock is waited for,
 * one second. Nobody can connect before listener_listen. Beside an inherited socket
 * only that for probes is made; where it cannot be, probes come with requests. False on failure,
 * which is logged. See decisions/0002. */
bool listener_open(struct listener *listener, const struct config *config);

/* Lets connections queue. Until then the web server is refused, and answers by itself, so call it
 * when requests are about to be accepted: decisions/0003. An inherited socket listens already.
 * False on failure, which is logged. */
bool listener_listen(const struct listener *listener, const struct config *config);

/* The path of a socket beside that of requests: its name and the suffix. False if that has no name,
 * or the path does not fit. */
bool listener_beside(const struct listener *listener, const char *suffix, char *path, size_t size);

/* Makes a unix socket of that type (SOCK_STREAM or SOCK_SEQPACKET) at such a path, in place of one
 * that a killed server left, with mode 0660 and the group ("": the process's own). It listens, does
 * not block, and is the caller's to close; *name notes which file it is, whatever is returned. -1
 * on failure, which is logged. */
int listener_open_beside(struct placed *name, const char *path, const char *group, int type,
                         int backlog);

/* In a child, after the fork: lets go of what it does not serve, and of the lock, which is the
 * master's alone. A new master then need not wait for the children of one that was killed. */
void listener_keep(struct listener *listener, enum listener_kept kept);

/* Removes the socket's name, unless it was inherited, or something else has taken its place. Nobody
 * can connect any more; what is queued can still be accepted. listener_hide_probes does so for the
 * socket of probes. */
void listener_hide(struct listener *listener);
void listener_hide_probes(struct listener *listener);

/* Removes sockets and lock file, unless inherited, and closes them. */
void listener_close(struct listener *listener);

#endif
