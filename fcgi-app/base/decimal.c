#include "base/decimal.h"

#include <limits.h>

enum { DECIMAL_DIGITS = 15, DECIMAL_PLACES = 2, DECIMAL_EXPONENT_MAX = INT_MAX / 16 };

static bool decimal_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The exponent behind "e" or "E", or the nearest that is kept. */
static long decimal_exponent(const char *at, const char *end)
{
    bool negative = at < end && *at == '-';
    long exponent = 0;
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    for (; at < end; at++) {
        if (exponent < DECIMAL_EXPONENT_MAX)
            exponent = exponent * 10 + (*at - '0');
    }
    return negative ? -exponent : exponent;
}

bool decimal_is_told_by_double(const char *text, size_t len)
{
    const char *end = text + len;
    long digits = 0;     /* from the first that is no zero to the last that is none */
    long zeros = 0;      /* behind that last one */
    long places = 0;     /* behind the point */
    bool behind = false; /* the point was seen */
    bool nothing = true; /* no digit but zeros was seen */
    for (; text < end && *text != 'e' && *text != 'E'; text++) {
        behind = behind || *text == '.';
        if (!decimal_is_digit(*text))
            continue;
        places += behind;
        if (*text == '0') {
            zeros += !nothing;
            continue;
        }
        digits += zeros + 1;
        zeros = 0;
        nothing = false;
    }
    if (nothing)
        return true;
    /* How many places behind the point the last digit stands; negative: before it. */
    places -= zeros;
    if (text < end)
        places -= decimal_exponent(text + 1, end);
    return places <= 0 || (places <= DECIMAL_PLACES && digits <= DECIMAL_DIGITS);
}
