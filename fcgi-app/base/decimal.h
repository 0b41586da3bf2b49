/* decimal: what the digits of a number say, before a double rounds them. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

/* Tells whether a JSON number (RFC 8259, section 6) is whole, or has at most two decimals and at
 * most fifteen significant digits. Fifteen are what a double always keeps (C11, DBL_DIG), so of
 * these numbers no two of up to two decimals have the same double, below 2^53. Zeros in front of
 * the first digit and behind the last do not count, and the exponent does: 1.500e1 is whole. */
bool decimal_is_told_by_double(const char *text, size_t len);

#endif
