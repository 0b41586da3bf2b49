#include "config/denylist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DENYLIST_SHOWN = 72 }; /* bytes of a wrong id that its message shows */

__attribute__((format(printf, 3, 4))) static bool denylist_fail(struct denylist_fault *fault,
                                                                int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault->line = line;
    vsnprintf(fault->why, sizeof fault->why, format, args);
    va_end(args);
    return false;
}

static bool denylist_fail_id(struct denylist_fault *fault, int line, const char *id, size_t len)
{
    char shown[DENYLIST_SHOWN + 1];
    size_t n = 0;
    for (; n < len && n < DENYLIST_SHOWN; n++)
        shown[n] = (char)(id[n] >= ' ' && id[n] <= '~' ? id[n] : '?');
    shown[n] = '\0';
    return denylist_fail(fault, line,
                         "\"%s\"%s is no VPC endpoint's id, vpce- and lower-case hex digits; "
                         "correct or remove it",
                         shown, len > DENYLIST_SHOWN ? "..." : "");
}

static bool denylist_add(struct denylist *list, const char *id, size_t len, int line,
                         struct denylist_fault *fault)
{
    char copy[ENDPOINT_ID_SIZE] = "";
    size_t low = 0, high = list->count;
    if (!endpoint_is_id(id, len))
        return denylist_fail_id(fault, line, id, len);
    memcpy(copy, id, len);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(list->ids[middle], copy);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (list->count == DENYLIST_MAX)
        return denylist_fail(fault, line, "more than %d endpoints; remove those that are no more",
                             DENYLIST_MAX);
    memmove(list->ids[low + 1], list->ids[low], (list->count - low) * sizeof list->ids[0]);
    memcpy(list->ids[low], copy, sizeof copy);
    list->count++;
    return true;
}

static bool denylist_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void denylist_trim(const char **bytes, size_t *len)
{
    while (*len > 0 && denylist_is_space(**bytes))
        ++*bytes, --*len;
    while (*len > 0 && denylist_is_space((*bytes)[*len - 1]))
        --*len;
}

bool denylist_add_text(struct denylist *list, const char *text, struct denylist_fault *fault)
{
    for (;;) {
        size_t whole = strcspn(text, ","), len = whole;
        const char *id = text;
        denylist_trim(&id, &len);
        if (!denylist_add(list, id, len, 0, fault))
            return false;
        if (!text[whole])
            return true;
        text += whole + 1;
    }
}

bool denylist_add_lines(struct denylist *list, const char *bytes, size_t len,
                        struct denylist_fault *fault)
{
    const char *end = bytes + len;
    for (int line = 1; bytes < end; line++) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *next = newline ? newline + 1 : end;
        size_t left = (size_t)((newline ? newline : end) - bytes);
        const char *comment = memchr(bytes, '#', left);
        if (comment)
            left = (size_t)(comment - bytes);
        denylist_trim(&bytes, &left);
        if (left > 0 && !denylist_add(list, bytes, left, line, fault))
            return false;
        bytes = next;
    }
    return true;
}

/* Reads until the end or size bytes; how many there were, or -1. */
static ssize_t denylist_read(int fd, char *bytes, size_t size)
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

static bool denylist_add_open_file(struct denylist *list, int fd, struct denylist_fault *fault)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return denylist_fail(fault, 0, "is no regular file; name one that holds an id a line");
    char *bytes = malloc(DENYLIST_FILE_MAX + 1);
    ssize_t len = bytes ? denylist_read(fd, bytes, DENYLIST_FILE_MAX + 1) : -1;
    bool ok = false;
    if (len < 0)
        denylist_fail(fault, 0, "cannot be read: %s", strerror(errno));
    else if (len > DENYLIST_FILE_MAX)
        denylist_fail(fault, 0, "is over %d bytes; remove comments or endpoints",
                      DENYLIST_FILE_MAX);
    else
        ok = denylist_add_lines(list, bytes, (size_t)len, fault);
    free(bytes);
    return ok;
}

bool denylist_load(struct denylist *list, const char *text, const char *path,
                   struct denylist_fault *fault)
{
    list->count = 0;
    if (*text && !denylist_add_text(list, text, fault))
        return false;
    if (!*path)
        return true;
    /* Without O_NONBLOCK a named pipe would hold the open itself. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return denylist_fail(fault, 0, "cannot be opened: %s; create it, or unset the variable",
                             strerror(errno));
    bool ok = denylist_add_open_file(list, fd, fault);
    close(fd);
    return ok;
}
