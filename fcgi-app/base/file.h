/* file: reads a small file that an operator named, before a deadline. Its mount may hang, and then
 * neither open nor read returns: so a child process does both. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

enum file_result {
    FILE_OK,
    FILE_UNOPENED,  /* errno says why */
    FILE_IRREGULAR, /* a pipe, a device or a folder: to read such could wait without end */
    FILE_UNREAD,    /* errno says why */
    FILE_LATE       /* not done before the deadline */
};

/* Reads up to size bytes from the file's start; *len is how many there were, if it is FILE_OK. The
 * deadline is on clock_monotonic_us' clock. The caller must have no other thread, and no child of
 * its own is waited for. */
enum file_result file_read(const char *path, char *bytes, size_t size, size_t *len,
                           int64_t deadline_us);

#endif
