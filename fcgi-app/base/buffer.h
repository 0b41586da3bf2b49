/* buffer: bytes that grow up to a maximum, which is given at the start. Once an append does not
 * fit, the buffer is marked overflown, and every later append fails too. So a caller may append
 * freely and check once, at the end. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    char *data;     /* owned; NULL until the first append; a NUL follows the last byte */
    size_t len;     /* bytes in use, without that NUL */
    size_t cap;     /* bytes allocated */
    size_t max;     /* len never exceeds this */
    bool overflown; /* an append was refused: over the maximum, or out of memory */
};

/* Makes an empty buffer that never holds more than max bytes; allocates nothing yet. */
void buffer_init(struct buffer *b, size_t max);

/* Releases the memory; the buffer is empty and usable again, with the same maximum. */
void buffer_free(struct buffer *b);

/* Empties the buffer and clears the overflow. Keeps the memory, unless more than keep bytes are
 * allocated: one large answer must not stay in a long-lived process. */
void buffer_reset(struct buffer *b, size_t keep);

/* Each appends and returns false, changing nothing, if the result would exceed the maximum. */
bool buffer_append(struct buffer *b, const char *bytes, size_t n);
bool buffer_text(struct buffer *b, const char *text);
bool buffer_char(struct buffer *b, char c);
bool buffer_number(struct buffer *b, int64_t number);
bool buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes room for n more bytes and returns where to write them, or NULL if they do not fit. The
 * caller adds what it wrote to len and sets the NUL behind it. */
char *buffer_reserve(struct buffer *b, size_t n);

#endif
