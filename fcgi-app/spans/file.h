/* file: the file that spans are written to. */
#ifndef SPANS_FILE_H
#define SPANS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spans_file {
    const char *path; /* borrowed */
    int fd;           /* -1: not open */
    int64_t tried_us; /* monotonic: when it was last opened, or could not be; 0: never */
    bool torn;        /* it ends with a part of a line */
    bool told;        /* its trouble was logged */
};

/* Not open yet: the first write opens it. */
void spans_file_init(struct spans_file *file, const char *path);

/* Writes whole lines; what the file does not take is dropped. It is opened, or made, if it is not
 * open; one that could not be is tried again each second. Trouble is logged once, until a write
 * succeeds. Counts the lines that were written and dropped. */
void spans_file_write(struct spans_file *file, const char *lines, size_t len);

/* Closes it; the next write opens what is there under its name then. */
void spans_file_close(struct spans_file *file);

#endif
