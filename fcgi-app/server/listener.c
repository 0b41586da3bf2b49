#include "server/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/socket.h"

/* A worker that was just forked holds its killed master's lock until it first runs. On a busy
 * machine that takes a while, so the lock is waited for, one second in all: decisions/0002. */
enum { LISTENER_LOCK_TRIES = 20, LISTENER_LOCK_WAIT_US = 50000 };

#define LISTENER_LOCK_SUFFIX ".lock"
#define LISTENER_CLOSED      ((struct listener){.fd = -1, .lock_fd = -1, .probe_fd = -1})

_Static_assert(LISTENER_FITS_BESIDE(LISTENER_PROBE_SUFFIX), "no path is cut off");

static bool listener_fail(const char *call, const char *path)
{
    log_write(
        LOG_ERROR,
        "cannot make the socket; mend what the error names, or set POSTERN_SOCKET to another path",
        LOG_FIELDS(LOG_TEXT("call", call), LOG_TEXT("path", path),
                   LOG_TEXT("error", strerror(errno))));
    return false;
}

static bool listener_is_inherited(void)
{
    int listening = 0;
    socklen_t size = sizeof listening;
    return getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

static void listener_lock_path(const char *path, char *out, size_t size)
{
    snprintf(out, size, "%s" LISTENER_LOCK_SUFFIX, path);
}

static void listener_refuse(int fd, const char *path)
{
    char owner[16] = "";
    ssize_t n = pread(fd, owner, sizeof owner - 1, 0);
    owner[n > 0 ? n : 0] = '\0';
    owner[strcspn(owner, "\n")] = '\0';
    log_write(
        LOG_ERROR,
        "another postern serves on this socket; stop it or set POSTERN_SOCKET to another path",
        LOG_FIELDS(LOG_TEXT("path", path), LOG_TEXT("pid", owner)));
}

/* Whether the locked file is still the one at the path. Its last owner removes it on leaving. */
static bool listener_lock_is_current(int fd, const char *lock)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && stat(lock, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

static bool listener_lock(struct listener *listener, const char *path)
{
    char lock[sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof LISTENER_LOCK_SUFFIX];
    listener_lock_path(path, lock, sizeof lock);
    for (int i = 0; i < LISTENER_LOCK_TRIES; i++) {
        int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return listener_fail("open", lock);
        bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (locked && listener_lock_is_current(fd, lock)) {
            listener->lock_fd = fd;
            /* The pid is for the message to a second server; the lock does not depend on it. */
            if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
                listener_fail("write", lock);
            return true;
        }
        if (i + 1 == LISTENER_LOCK_TRIES)
            listener_refuse(fd, path);
        else
            clock_sleep_us(LISTENER_LOCK_WAIT_US);
        close(fd);
    }
    return false;
}

/* Removes the socket that a killed server left. Any other file there is not ours to remove. */
static bool listener_clear(const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? true : listener_fail("lstat", path);
    if (!S_ISSOCK(st.st_mode)) {
        errno = EEXIST;
        return listener_fail("a file that is no socket is in the way", path);
    }
    return unlink(path) == 0 ? true : listener_fail("unlink", path);
}

static bool listener_give_to_group(const char *path, const char *group)
{
    if (!*group)
        return true;
    errno = 0;
    const struct group *entry = getgrnam(group);
    if (!entry) {
        errno = errno ? errno : ENOENT;
        return listener_fail("getgrnam: POSTERN_SOCKET_GROUP names no group", group);
    }
    return chown(path, (uid_t)-1, entry->gr_gid) == 0 ? true : listener_fail("chown", path);
}

/* Notes which file it is, so that nothing is removed that takes its place. */
static bool listener_bind(int *fd, struct placed *name, const char *path, const char *group,
                          int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);

    *fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return listener_fail("socket", path);
    mode_t mask = umask(0117);
    int bound = bind(*fd, (const struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (bound < 0)
        return listener_fail("bind", path);
    placed_note(name, path);
    return listener_give_to_group(path, group);
}

static bool listener_make_named(int *fd, struct placed *name, const char *path, const char *group,
                                int type)
{
    *fd = -1;
    return listener_clear(path) && listener_bind(fd, name, path, group, type);
}

int listener_open_beside(struct placed *name, const char *path, const char *group, int type,
                         int backlog)
{
    int fd;
    if (!listener_make_named(&fd, name, path, group, type) ||
        (listen(fd, backlog) < 0 && !listener_fail("listen", path)))
        socket_close(&fd);
    return fd;
}

static bool listener_make_probes(struct listener *listener, const char *path, const char *group)
{
    int n = snprintf(listener->probe_path, sizeof listener->probe_path, "%s" LISTENER_PROBE_SUFFIX,
                     path);
    if ((size_t)n >= sizeof listener->probe_path) {
        errno = ENAMETOOLONG;
        return listener_fail("bind", path);
    }
    return listener_make_named(&listener->probe_fd, &listener->probe_name, listener->probe_path,
                               group, SOCK_STREAM);
}

/* Over TCP the web server's address can be limited by this variable (FastCGI 1.0, section 3.2). It
 * must not be passed over in silence. */
#define LISTENER_ADDRESSES "FCGI_WEB_SERVER_ADDRS"

/* Connections inherit that an answer's end does not wait for an acknowledgement. */
static bool listener_inherit_tcp(void)
{
    const int on = 1;
    const char *addresses = getenv(LISTENER_ADDRESSES);
    if (addresses && *addresses) {
        log_write(LOG_ERROR,
                  LISTENER_ADDRESSES " is not heeded; let the web server connect by a unix socket, "
                                     "or unset it and limit who may connect otherwise",
                  NULL);
        return false;
    }
    return setsockopt(STDIN_FILENO, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 ||
           listener_fail("setsockopt", "fd 0");
}

/* The probes' socket is made beside the inherited one, if that has a name. Without it, probes come
 * with requests. Who inherits together takes turns: the newest has the name. */
static bool listener_inherit(struct listener *listener, const char *group)
{
    struct sockaddr_un name = {.sun_family = AF_UNSPEC};
    socklen_t size = sizeof name - 1;
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    if (flags < 0 || fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) < 0)
        return listener_fail("fcntl", "fd 0");
    listener->fd = STDIN_FILENO;
    if (getsockname(STDIN_FILENO, (struct sockaddr *)&name, &size) < 0)
        return listener_fail("getsockname", "fd 0");
    if (name.sun_family == AF_INET || name.sun_family == AF_INET6)
        return listener_inherit_tcp();
    if (name.sun_family == AF_UNIX && name.sun_path[0] &&
        !listener_make_probes(listener, name.sun_path, group))
        socket_close(&listener->probe_fd);
    return true;
}

static bool listener_make(struct listener *listener, const char *group)
{
    return listener_clear(listener->path) &&
           listener_bind(&listener->fd, &listener->name, listener->path, group, SOCK_STREAM) &&
           listener_make_probes(listener, listener->path, group);
}

bool listener_open(struct listener *listener, const struct config *config)
{
    *listener = LISTENER_CLOSED;
    if (listener_is_inherited())
        return listener_inherit(listener, config->socket_group);
    if (!listener_lock(listener, config->socket))
        return false;
    listener->path = config->socket;
    if (listener_make(listener, config->socket_group))
        return true;
    listener_close(listener);
    return false;
}

static bool listener_queue(int fd, const char *path, const struct config *config)
{
    return listen(fd, config->backlog) == 0 || listener_fail("listen", path);
}

bool listener_listen(const struct listener *listener, const struct config *config)
{
    return (!listener->path || listener_queue(listener->fd, listener->path, config)) &&
           (listener->probe_fd < 0 ||
            listener_queue(listener->probe_fd, listener->probe_path, config));
}

/* An inherited socket's name is known by that of its probes' socket alone. */
bool listener_beside(const struct listener *listener, const char *suffix, char *path, size_t size)
{
    size_t len = strlen(listener->probe_path), end = strlen(LISTENER_PROBE_SUFFIX);
    if (len <= end)
        return false;
    int n = snprintf(path, size, "%.*s%s", (int)(len - end), listener->probe_path, suffix);
    return (size_t)n < size;
}

void listener_keep(struct listener *listener, enum listener_kept kept)
{
    socket_close(&listener->lock_fd);
    if (kept != LISTENER_REQUESTS)
        socket_close(&listener->fd);
    if (kept != LISTENER_PROBES)
        socket_close(&listener->probe_fd);
}

void listener_hide(struct listener *listener)
{
    if (listener->path)
        placed_remove(&listener->name, listener->path);
}

void listener_hide_probes(struct listener *listener)
{
    placed_remove(&listener->probe_name, listener->probe_path);
}

void listener_close(struct listener *listener)
{
    char lock[sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof LISTENER_LOCK_SUFFIX];
    listener_hide(listener);
    listener_hide_probes(listener);
    socket_close(&listener->fd);
    socket_close(&listener->probe_fd);
    if (listener->lock_fd >= 0) {
        /* While the lock is still held: whoever waits for this file sees that it is gone. */
        listener_lock_path(listener->path, lock, sizeof lock);
        if (listener_lock_is_current(listener->lock_fd, lock))
            unlink(lock);
        close(listener->lock_fd);
    }
    *listener = LISTENER_CLOSED;
}
