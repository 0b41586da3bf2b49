#include "server/pairs.h"

#include <string.h>

enum { PAIRS_LONG = 0x80 };

/* A length has one byte, or four if its top bit is set. */
static bool pairs_length(const char *bytes, size_t len, size_t *at, size_t *length)
{
    const unsigned char *p = (const unsigned char *)bytes + *at;
    size_t left = len - *at;
    if (left < 1 || ((p[0] & PAIRS_LONG) && left < 4))
        return false;
    if (p[0] & PAIRS_LONG) {
        *length =
            (size_t)(p[0] & ~PAIRS_LONG) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        *at += 4;
    } else {
        *length = p[0];
        *at += 1;
    }
    return true;
}

bool pairs_read(const char *bytes, size_t len, size_t *at, struct pairs_one *pair)
{
    if (!pairs_length(bytes, len, at, &pair->name_len) ||
        !pairs_length(bytes, len, at, &pair->value_len) || pair->name_len > len - *at ||
        pair->value_len > len - *at - pair->name_len)
        return false;
    pair->name = bytes + *at;
    pair->value = pair->name + pair->name_len;
    *at += pair->name_len + pair->value_len;
    return true;
}

void pairs_put(struct buffer *out, const char *name, const char *value)
{
    buffer_char(out, (char)strlen(name));
    buffer_char(out, (char)strlen(value));
    buffer_text(out, name);
    buffer_text(out, value);
}
