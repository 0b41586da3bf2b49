#include "server/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

/* A worker that was just forked holds its killed master's lock until it first runs. On a busy
 * machine that takes a while, so the lock is waited for, one second in all: decisions/0002. */
enum { LISTENER_LOCK_TRIES = 20, LISTENER_LOCK_WAIT_US = 50000 };

#define LISTENER_LOCK_SUFFIX ".lock"

static bool listener_fail(const char *call, const char *path)
{
    log_write(LOG_ERROR, "cannot make the socket",
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

static bool listener_inherit(struct listener *listener)
{
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    if (flags < 0 || fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) < 0)
        return listener_fail("fcntl", "fd 0");
    listener->fd = STDIN_FILENO;
    return true;
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

static bool listener_bind(struct listener *listener, const struct config *config)
{
    const char *path = config->socket;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);

    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return listener_fail("socket", path);
    mode_t mask = umask(0117);
    int bound = bind(listener->fd, (const struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (bound < 0)
        return listener_fail("bind", path);
    return listener_give_to_group(path, config->socket_group);
}

bool listener_open(struct listener *listener, const struct config *config)
{
    *listener = (struct listener){.fd = -1, .lock_fd = -1};
    if (listener_is_inherited())
        return listener_inherit(listener);
    if (!listener_lock(listener, config->socket))
        return false;
    listener->path = config->socket;
    if (listener_clear(listener->path) && listener_bind(listener, config))
        return true;
    listener_close(listener);
    return false;
}

bool listener_listen(const struct listener *listener, const struct config *config)
{
    return !listener->path || listen(listener->fd, config->backlog) == 0 ||
           listener_fail("listen", listener->path);
}

void listener_keep_socket_only(struct listener *listener)
{
    if (listener->lock_fd >= 0)
        close(listener->lock_fd);
    listener->lock_fd = -1;
}

void listener_hide(struct listener *listener)
{
    struct stat st;
    if (listener->path && listener->fd >= 0 && lstat(listener->path, &st) == 0 &&
        S_ISSOCK(st.st_mode))
        unlink(listener->path);
}

void listener_close(struct listener *listener)
{
    char lock[sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof LISTENER_LOCK_SUFFIX];
    listener_hide(listener);
    if (listener->fd >= 0)
        close(listener->fd);
    if (listener->lock_fd >= 0) {
        /* While the lock is still held: whoever waits for this file sees that it is gone. */
        listener_lock_path(listener->path, lock, sizeof lock);
        unlink(lock);
        close(listener->lock_fd);
    }
    *listener = (struct listener){.fd = -1, .lock_fd = -1};
}
