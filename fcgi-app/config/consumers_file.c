#include "config/consumers_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((format(printf, 2, 3))) static bool consumers_file_fail(struct consumers_fault *fault,
                                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault->line = 0;
    vsnprintf(fault->why, sizeof fault->why, format, args);
    va_end(args);
    return false;
}

/* Reads until the end or size bytes; how many there were, or -1. */
static ssize_t consumers_file_read(int fd, char *bytes, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t n = read(fd, bytes + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

static bool consumers_file_add(struct consumers *consumers, int fd, struct consumers_fault *fault)
{
    struct stat st;
    bool ok = false;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return consumers_file_fail(fault, "is no regular file; name one that holds a line for each "
                                          "endpoint");
    char *bytes = malloc(CONSUMERS_FILE_MAX + 1);
    ssize_t len = bytes ? consumers_file_read(fd, bytes, CONSUMERS_FILE_MAX + 1) : -1;
    if (len < 0)
        consumers_file_fail(fault, "cannot be read: %s", strerror(errno));
    else if (len > CONSUMERS_FILE_MAX)
        consumers_file_fail(fault, "is over %d bytes; remove comments or endpoints",
                            CONSUMERS_FILE_MAX);
    else
        ok = consumers_add_lines(consumers, bytes, (size_t)len, fault);
    free(bytes);
    return ok;
}

bool consumers_file_load(struct consumers *consumers, const char *text, const char *path,
                         struct consumers_fault *fault, bool *of_file)
{
    consumers->count = 0;
    *of_file = false;
    if (!consumers_add_text(consumers, text, fault))
        return false;
    if (!*path)
        return true;
    *of_file = true;
    /* Without O_NONBLOCK a named pipe would hold the open itself. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return consumers_file_fail(fault, "cannot be opened: %s; create it, or unset the variable",
                                   strerror(errno));
    bool ok = consumers_file_add(consumers, fd, fault);
    close(fd);
    return ok;
}
