/* money: amounts in whole cents, exact throughout. */
#ifndef DOMAIN_MONEY_H
#define DOMAIN_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The highest unit price, 99 999 999.99: a whole order of the largest size stays within 63 bits. */
#define MONEY_PRICE_MAX INT64_C(9999999999)

enum { MONEY_TEXT_SIZE = 24 };

/* Reads "9.99", "9.9" or "9" (no sign, no leading zeros, at most two decimals) as
 * 0..MONEY_PRICE_MAX cents. False, and *cents untouched, for anything else. */
bool money_parse(const char *text, size_t len, int64_t *cents);

/* Takes a number that came as a double: false unless it is the double nearest to some amount with
 * at most two decimals within 0..MONEY_PRICE_MAX cents, so nothing is ever rounded away. */
bool money_from_double(double value, int64_t *cents);

/* Writes cents (not negative) with exactly two decimals, "9.90". */
void money_format(int64_t cents, char out[MONEY_TEXT_SIZE]);

#endif
