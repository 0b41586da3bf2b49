#include "trusted_block.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Whether the two addresses agree in their first bits. */
static bool trusted_block_holds(const unsigned char *block, const unsigned char *address, long bits)
{
    size_t whole = (size_t)bits / 8;
    unsigned rest = (unsigned)bits % 8;
    if (memcmp(block, address, whole) != 0)
        return false;
    return rest == 0 || (block[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool trusted_block_is_valid(const char *text)
{
    static const struct {
        int family;
        long bits_min, bits_max;
        unsigned char loopback[16];
    } rows[] = {
        {AF_INET, 8, 32, {127, 0, 0, 1}},
        {AF_INET6, 16, 128, {[15] = 1}},
    };
    char address[INET6_ADDRSTRLEN] = "";
    unsigned char bytes[16];
    size_t len = strcspn(text, "/");
    if (len >= sizeof address || text[len] != '/')
        return false;
    memcpy(address, text, len);
    const char *digits = text + len + 1;
    if (!*digits || strlen(digits) > 3 || digits[strspn(digits, "0123456789")])
        return false;
    long bits = strtol(digits, NULL, 10);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (inet_pton(rows[i].family, address, bytes) == 1)
            return bits >= rows[i].bits_min && bits <= rows[i].bits_max &&
                   !trusted_block_holds(bytes, rows[i].loopback, bits);
    return false;
}
