#include "config/consumers_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"

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

static bool consumers_file_add(struct consumers *consumers, const char *path, char *bytes,
                               struct consumers_fault *fault)
{
    size_t len;
    switch (file_read(path, bytes, CONSUMERS_FILE_MAX + 1, &len,
                      clock_monotonic_us() + CONSUMERS_FILE_WAIT_US)) {
    case FILE_UNOPENED:
        return consumers_file_fail(fault, "cannot be opened: %s; create it, or unset the variable",
                                   strerror(errno));
    case FILE_IRREGULAR:
        return consumers_file_fail(fault, "is no regular file; name one that holds a line for each "
                                          "endpoint");
    case FILE_UNREAD:
        return consumers_file_fail(fault, "cannot be read: %s", strerror(errno));
    case FILE_LATE:
        return consumers_file_fail(fault, "was not read within %d s; see whether its mount hangs",
                                   CONSUMERS_FILE_WAIT_US / 1000000);
    case FILE_OK:
        break;
    }
    if (len > CONSUMERS_FILE_MAX)
        return consumers_file_fail(fault, "is over %d bytes; remove comments or endpoints",
                                   CONSUMERS_FILE_MAX);
    return consumers_add_lines(consumers, bytes, len, fault);
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
    char *bytes = malloc(CONSUMERS_FILE_MAX + 1);
    bool ok = bytes ? consumers_file_add(consumers, path, bytes, fault)
                    : consumers_file_fail(fault, "cannot be read: no memory");
    free(bytes);
    return ok;
}
