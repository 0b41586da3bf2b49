#include "base/text.h"

#include <string.h>

bool text_number(const char *text, size_t len, int64_t min, int64_t max, int64_t *out)
{
    int64_t value = 0;
    if (len == 0 || (text[0] == '0' && len > 1))
        return false;
    for (size_t i = 0; i < len; i++) {
        int digit = text[i] - '0';
        if (digit < 0 || digit > 9 || value > (INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value < min || value > max)
        return false;
    *out = value;
    return true;
}

size_t text_decimal(int64_t number, char out[TEXT_DECIMAL_SIZE])
{
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    int count = 1;
    for (uint64_t rest = left; rest >= 10; rest /= 10)
        count++;
    *out = '-';
    char *end = text_digits(left, count, out + (number < 0));
    *end = '\0';
    return (size_t)(end - out);
}

void text_hex(uint64_t number, char out[TEXT_HEX_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    for (int i = TEXT_HEX_SIZE - 2; i >= 0; i--, number >>= 4)
        out[i] = hex[number & 15];
    out[TEXT_HEX_SIZE - 1] = '\0';
}

char *text_digits(uint64_t number, int count, char *out)
{
    for (int i = count - 1; i >= 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
    return out + count;
}

/* One row for each range of first bytes. low and high bound the second byte: there overlong forms,
 * surrogates and too large code points show (RFC 3629, section 4). */
static const struct {
    unsigned char first, last, low, high;
    size_t length;
} text_utf8_rows[] = {
    {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t text_utf8_length(const unsigned char *bytes, size_t len)
{
    if (len == 0)
        return 0;
    for (size_t i = 0; i < sizeof text_utf8_rows / sizeof text_utf8_rows[0]; i++) {
        if (bytes[0] < text_utf8_rows[i].first || bytes[0] > text_utf8_rows[i].last)
            continue;
        size_t n = text_utf8_rows[i].length;
        if (n > len)
            return 0;
        if (n > 1 && (bytes[1] < text_utf8_rows[i].low || bytes[1] > text_utf8_rows[i].high))
            return 0;
        for (size_t k = 2; k < n; k++) {
            if ((bytes[k] & 0xc0) != 0x80)
                return 0;
        }
        return n;
    }
    return 0;
}

bool text_is_utf8(const char *bytes, size_t len)
{
    const unsigned char *p = (const unsigned char *)bytes;
    while (len > 0) {
        size_t n = text_utf8_length(p, len);
        if (n == 0)
            return false;
        p += n;
        len -= n;
    }
    return true;
}

bool text_is_control(const char *bytes, size_t len)
{
    unsigned char first = (unsigned char)bytes[0];
    if (len == 1)
        return first < 0x20 || first == 0x7f;
    /* U+0080 to U+009F: a terminal takes U+009B for the start of a command, as it does ESC [. */
    return len == 2 && first == 0xc2 && (unsigned char)bytes[1] < 0xa0;
}

bool text_has_control(const char *bytes, size_t len)
{
    while (len > 0) {
        size_t n = text_utf8_length((const unsigned char *)bytes, len);
        if (text_is_control(bytes, n))
            return true;
        n = n ? n : 1;
        bytes += n;
        len -= n;
    }
    return false;
}

uint64_t text_hash(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = text_hash_on(hash, (unsigned char)*text);
    return hash;
}

uint64_t text_hash_on(uint64_t hash, uint64_t part)
{
    return (hash ^ part) * UINT64_C(0x100000001b3);
}

void text_show(const char *text, char *out, size_t size)
{
    size_t left = strlen(text), used = 0;
    while (left > 0) {
        size_t n = text_utf8_length((const unsigned char *)text, left);
        bool fit = n > 0 && !text_is_control(text, n);
        size_t shown = fit ? n : 1;
        if (used + shown >= size)
            break;
        memcpy(out + used, fit ? text : "?", shown);
        used += shown;
        n = n ? n : 1;
        text += n;
        left -= n;
    }
    out[used] = '\0';
}
