#include "line_reader.h"

#include <string.h>
#include <unistd.h>

ssize_t line_reader_read(struct line_reader *reader, int from, line_reader_take take, void *context)
{
    ssize_t n = read(from, reader->in + reader->len, sizeof reader->in - reader->len);
    if (n <= 0)
        return n;
    size_t at = 0, len = reader->len + (size_t)n;
    for (const char *end; (end = memchr(reader->in + at, '\n', len - at));) {
        size_t line = (size_t)(end - reader->in) - at;
        take(context, reader->in + at, line);
        at += line + 1;
    }
    if (at == 0 && len == sizeof reader->in) {
        take(context, reader->in, len);
        at = len;
    }
    memmove(reader->in, reader->in + at, len - at);
    reader->len = len - at;
    return n;
}

void line_reader_end(struct line_reader *reader, line_reader_take take, void *context)
{
    if (reader->len)
        take(context, reader->in, reader->len);
    reader->len = 0;
}
