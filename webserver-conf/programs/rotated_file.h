/* rotated_file: a log of so many files of so many bytes: FILE, and the older ones FILE.1, FILE.2
 * and on. Lines stay whole in one file. A device and a named pipe never grow. */
#ifndef PROGRAMS_ROTATED_FILE_H
#define PROGRAMS_ROTATED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROTATED_FILE_COUNT_MIN = 2, ROTATED_FILE_COUNT_MAX = 100, ROTATED_FILE_PATH_MAX = 4096 };

/* The first three are the caller's to set; the path is borrowed, at most ROTATED_FILE_PATH_MAX
 * bytes. */
struct rotated_file {
    const char *path;
    int64_t bytes;     /* a file grows no larger, unless its only line is */
    int count;         /* of files, with FILE itself */
    int fd;            /* of FILE */
    const char *doing; /* what could not be done last: "open", "rotate" or "write" */
};

/* Opens FILE, or makes it, for what comes behind that which is there. False with errno and doing
 * set. */
bool rotated_file_open(struct rotated_file *file);

/* The same while it is open, for when somebody else has moved FILE away; on failure the one that
 * was open stays so. */
bool rotated_file_reopen(struct rotated_file *file);

/* Writes whole lines, of which done bytes are written already, and waits for the disk. Returns how
 * many are written then; if not all, errno and doing are set, and the rest can be tried again. */
size_t rotated_file_write(struct rotated_file *file, const char *lines, size_t len, size_t done);

/* Where the line starts that was begun when done bytes of the lines were written. */
size_t rotated_file_line_start(const char *lines, size_t done);

void rotated_file_close(struct rotated_file *file);

#endif
