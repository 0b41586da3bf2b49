#include "base/id.h"

#include <string.h>

#include "base/random.h"

/* What generated ids hold: UUIDs, and those of AWS's load balancers ("Root=1-67891233-abcd"). */
#define ID_REQUEST_CHARS                                                                           \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"                               \
    "._:+/=-"

enum { ID_REQUEST_MAX = 128 };

enum { ID_BYTES = 16, US_PER_MS = 1000, ID_FRACTIONS = 4096 };

static void id_format(const unsigned char bytes[ID_BYTES], char out[ID_TEXT_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    char *to = out;
    for (int i = 0; i < ID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = hex[bytes[i] >> 4];
        *to++ = hex[bytes[i] & 15];
    }
    *to = '\0';
}

void id_make(int64_t now_us, char out[ID_TEXT_SIZE])
{
    unsigned char b[ID_BYTES];
    uint64_t ms = (uint64_t)now_us / US_PER_MS;
    unsigned fraction = (unsigned)((uint64_t)now_us % US_PER_MS * ID_FRACTIONS / US_PER_MS);

    for (int i = 0; i < 6; i++)
        b[i] = (unsigned char)(ms >> (40 - 8 * i));
    b[6] = (unsigned char)(0x70 | fraction >> 8);
    b[7] = (unsigned char)fraction;
    random_take(b + 8);
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
    id_format(b, out);
}

bool id_is_valid(const char *text)
{
    if (strlen(text) != ID_TEXT_SIZE - 1)
        return false;
    for (int i = 0; i < ID_TEXT_SIZE - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
            return false;
    }
    return true;
}

bool id_is_request_id(const char *text)
{
    size_t n = strspn(text, ID_REQUEST_CHARS);
    return n >= 1 && n <= ID_REQUEST_MAX && text[n] == '\0';
}
