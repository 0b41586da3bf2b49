#include "domain/money.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

enum { CENTS = 100 };

bool money_parse(const char *text, size_t len, int64_t *cents)
{
    const char *dot = memchr(text, '.', len);
    size_t whole_len = dot ? (size_t)(dot - text) : len;
    int64_t whole, fraction = 0;

    if (!text_number(text, whole_len, 0, MONEY_PRICE_MAX / CENTS, &whole))
        return false;
    if (dot) {
        size_t decimals = len - whole_len - 1;
        if (decimals < 1 || decimals > 2)
            return false;
        for (size_t i = 1; i <= 2; i++) {
            int digit = i <= decimals ? dot[i] : '0';
            if (digit < '0' || digit > '9')
                return false;
            fraction = fraction * 10 + (digit - '0');
        }
    }
    *cents = whole * CENTS + fraction;
    return true;
}

bool money_from_double(double value, int64_t *cents)
{
    /* Not written as value < 0 || value > ..., which would let NaN through. */
    if (!(value >= 0 && value <= (double)MONEY_PRICE_MAX / CENTS))
        return false;
    double rounded = round(value * CENTS);
    /* The division is rounded correctly. So it gives the same double as reading the two decimals
     * would, and no other number passes. */
    if (rounded / CENTS != value)
        return false;
    *cents = (int64_t)rounded;
    return true;
}

void money_format(int64_t cents, char out[MONEY_TEXT_SIZE])
{
    char *end = out + text_decimal(cents / CENTS, out);
    *end++ = '.';
    *text_digits((uint64_t)(cents % CENTS), 2, end) = '\0';
}
