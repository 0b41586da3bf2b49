#include "callers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALLERS_FILE_MAX = (CONSUMERS_MAX + 1) * CONSUMERS_LINE_SIZE };

static bool callers_fail(struct consumers_fault *fault, const char *why)
{
    *fault = (struct consumers_fault){.line = 0};
    snprintf(fault->why, sizeof fault->why, "%s", why);
    return false;
}

static bool callers_is_seen(const struct callers *callers, const struct stat *st)
{
    const struct stat *seen = &callers->seen;
    return seen->st_ino == st->st_ino && seen->st_dev == st->st_dev &&
           seen->st_size == st->st_size && seen->st_mtim.tv_sec == st->st_mtim.tv_sec &&
           seen->st_mtim.tv_nsec == st->st_mtim.tv_nsec;
}

static bool callers_read_bytes(int fd, char *bytes, size_t len)
{
    for (ssize_t n; len > 0; bytes += n, len -= (size_t)n) {
        n = read(fd, bytes, len);
        if (n <= 0)
            return false;
    }
    return true;
}

static bool callers_parse(int fd, size_t len, struct consumers *to, struct consumers_fault *fault)
{
    char *bytes = malloc(len + 1);
    bool ok = bytes && callers_read_bytes(fd, bytes, len);
    if (!ok)
        callers_fail(fault, "it cannot be read");
    ok = ok && consumers_add_published(to, bytes, len, fault);
    free(bytes);
    return ok;
}

/* Reads the open file, and puts what it says in the place of what was. */
static bool callers_replace(struct callers *callers, int fd, struct consumers_fault *fault)
{
    struct consumers *fresh = calloc(1, sizeof *fresh);
    bool ok = fresh != NULL || callers_fail(fault, "there is no memory");
    if (ok && !S_ISREG(callers->seen.st_mode))
        ok = callers_fail(fault, "it is no regular file");
    if (ok && callers->seen.st_size > CALLERS_FILE_MAX)
        ok = callers_fail(fault, "it is too large");
    ok = ok && callers_parse(fd, (size_t)callers->seen.st_size, fresh, fault);
    if (ok) {
        free(callers->consumers);
        callers->consumers = fresh;
    } else {
        free(fresh);
    }
    return ok;
}

enum callers_look callers_look(struct callers *callers, struct consumers_fault *fault)
{
    struct stat st;
    if (!callers->path || stat(callers->path, &st) != 0 || callers_is_seen(callers, &st))
        return CALLERS_SAME;
    /* Without blocking, for it might be a pipe. */
    int fd = open(callers->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool ok = fd >= 0 && fstat(fd, &callers->seen) == 0;
    if (!ok) {
        callers->seen = st;
        callers_fail(fault, strerror(errno));
    }
    ok = ok && callers_replace(callers, fd, fault);
    if (fd >= 0)
        close(fd);
    return ok ? CALLERS_NEW : CALLERS_WRONG;
}

const struct consumers_line *callers_find(const struct callers *callers, const char *endpoint)
{
    return callers->consumers ? consumers_find(callers->consumers, endpoint) : NULL;
}

const char *callers_name(const struct callers *callers, const char *endpoint)
{
    const struct consumers_line *line = callers_find(callers, endpoint);
    bool own = line && strcmp(line->endpoint, endpoint) == 0 &&
               strcmp(line->name, CONSUMERS_NAMELESS) != 0;
    return own ? line->name : endpoint;
}

void callers_free(struct callers *callers)
{
    free(callers->consumers);
    callers->consumers = NULL;
}
