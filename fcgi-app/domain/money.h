/* money: amounts in whole cents. Nothing is ever rounded. */
#ifndef DOMAIN_MONEY_H
#define DOMAIN_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The highest unit price, 99 999 999.99. With it even the largest order's total fits in 63 bits. */
#define MONEY_PRICE_MAX INT64_C(9999999999)

enum { MONEY_TEXT_SIZE = 24 };

/* Reads "9.99", "9.9" or "9", without sign or leading zeros, as 0..MONEY_PRICE_MAX cents. False,
 * and *cents untouched, for anything else. */
bool money_parse(const char *text, size_t len, int64_t *cents);

/* Converts a double to cents. It must be the double nearest to an amount of at most two decimals,
 * within 0..MONEY_PRICE_MAX cents. False, and *cents untouched, for any other. */
bool money_from_double(double value, int64_t *cents);

/* Writes cents (not negative) with exactly two decimals, "9.90". */
void money_format(int64_t cents, char out[MONEY_TEXT_SIZE]);

#endif
