#include "server/published.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PUBLISHED_FRESH_SUFFIX ".new"

enum {
    PUBLISHED_PATH_SIZE = CONFIG_SOCKET_MAX + sizeof PUBLISHED_SUFFIX PUBLISHED_FRESH_SUFFIX,
    PUBLISHED_MODE = 0640
};

static bool published_fail(const char *call, const char *path)
{
    log_write(LOG_ERROR, "cannot publish the consumers for the web server",
              LOG_FIELDS(LOG_TEXT("call", call), LOG_TEXT("path", path),
                         LOG_TEXT("error", strerror(errno))));
    return false;
}

static void published_path(const struct listener *listener, const char *end,
                           char out[PUBLISHED_PATH_SIZE])
{
    snprintf(out, PUBLISHED_PATH_SIZE, "%s" PUBLISHED_SUFFIX "%s", listener->path, end);
}

/* Writes into the open file, and closes it. */
static bool published_fill(int fd, gid_t group, const struct consumers *consumers)
{
    char line[CONSUMERS_LINE_SIZE];
    FILE *out = fdopen(fd, "w");
    if (!out) {
        close(fd);
        return false;
    }
    bool ok = fchown(fd, (uid_t)-1, group) == 0 && fchmod(fd, PUBLISHED_MODE) == 0 &&
              fputs(consumers_head(), out) >= 0;
    for (size_t i = 0; i < consumers->count && ok; i++) {
        size_t len = consumers_format(&consumers->lines[i], line);
        ok = fwrite(line, 1, len, out) == len;
    }
    return fclose(out) == 0 && ok;
}

bool published_write(struct listener *listener, const struct consumers *consumers)
{
    char fresh[PUBLISHED_PATH_SIZE], path[PUBLISHED_PATH_SIZE];
    struct stat socket;
    if (!listener->path)
        return true;
    published_path(listener, PUBLISHED_FRESH_SUFFIX, fresh);
    published_path(listener, "", path);
    if (lstat(listener->path, &socket) != 0)
        return published_fail("lstat", listener->path);
    /* One that a killed server left. */
    unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return published_fail("open", fresh);
    bool ok = published_fill(fd, socket.st_gid, consumers);
    if (ok && rename(fresh, path) == 0) {
        placed_note(&listener->published, path);
        return true;
    }
    published_fail(ok ? "rename" : "write", fresh);
    unlink(fresh);
    return false;
}

void published_remove(const struct listener *listener)
{
    char path[PUBLISHED_PATH_SIZE];
    if (!listener->path)
        return;
    published_path(listener, "", path);
    placed_remove(&listener->published, path);
}
