/* line_reader: what comes through a descriptor, line by line. */
#ifndef PROGRAMS_LINE_READER_H
#define PROGRAMS_LINE_READER_H

#include <stddef.h>
#include <sys/types.h>

/* A longer line goes on in pieces of this size, each of which counts as a line. */
enum { LINE_READER_MAX = 128 * 1024 };

/* The start of a line whose end has not come. Zero is a good start. */
struct line_reader {
    size_t len;
    char in[LINE_READER_MAX];
};

/* Gets a line without its newline, which may be empty and may hold any byte but a newline. */
typedef void (*line_reader_take)(void *context, const char *line, size_t len);

/* Reads once, and gives every line that is whole. Returns what read(2) does. */
ssize_t line_reader_read(struct line_reader *reader, int from, line_reader_take take,
                         void *context);

/* Gives what has no newline after all, if there is something. */
void line_reader_end(struct line_reader *reader, line_reader_take take, void *context);

#endif
