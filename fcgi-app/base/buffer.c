#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { BUFFER_FIRST = 512 };

void buffer_init(struct buffer *b, size_t max)
{
    *b = (struct buffer){.max = max};
}

void buffer_free(struct buffer *b)
{
    free(b->data);
    buffer_init(b, b->max);
}

void buffer_reset(struct buffer *b, size_t keep)
{
    if (b->cap > keep)
        buffer_free(b);
    b->len = 0;
    b->overflown = false;
    if (b->data)
        b->data[0] = '\0';
}

static bool buffer_grow(struct buffer *b, size_t need)
{
    size_t cap = b->cap ? b->cap : BUFFER_FIRST;
    while (cap < need)
        cap *= 2;
    /* Never more than the maximum and its NUL: the doubling may overshoot. */
    if (cap > b->max + 1)
        cap = b->max + 1;
    char *data = realloc(b->data, cap);
    if (!data)
        return false;
    b->data = data;
    b->cap = cap;
    return true;
}

char *buffer_reserve(struct buffer *b, size_t n)
{
    if (b->overflown)
        return NULL;
    if (n > b->max - b->len || (b->len + n + 1 > b->cap && !buffer_grow(b, b->len + n + 1))) {
        b->overflown = true;
        return NULL;
    }
    return b->data + b->len;
}

bool buffer_append(struct buffer *b, const char *bytes, size_t n)
{
    char *to = buffer_reserve(b, n);
    if (!to)
        return false;
    if (n)
        memcpy(to, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
    return true;
}

bool buffer_text(struct buffer *b, const char *text)
{
    return buffer_append(b, text, strlen(text));
}

bool buffer_char(struct buffer *b, char c)
{
    return buffer_append(b, &c, 1);
}

bool buffer_number(struct buffer *b, int64_t number)
{
    char digits[TEXT_DECIMAL_SIZE];
    return buffer_append(b, digits, text_decimal(number, digits));
}

bool buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list args;
    size_t room = b->overflown ? 0 : b->cap - b->len;
    va_start(args, format);
    int n = vsnprintf(room ? b->data + b->len : NULL, room, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < room) {
        b->len += (size_t)n;
        return true;
    }
    if (room)
        b->data[b->len] = '\0';
    char *to = n < 0 ? NULL : buffer_reserve(b, (size_t)n);
    if (!to)
        return false;
    va_start(args, format);
    vsnprintf(to, (size_t)n + 1, format, args);
    va_end(args);
    b->len += (size_t)n;
    return true;
}
