/* ledger: reads the pair's SQLite database beside the application, to see what is really there. */
#ifndef TESTS_E2E_LEDGER_H
#define TESTS_E2E_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "e2e/pair.h"

/* The single whole number that a query returns, or INT64_MIN. */
int64_t ledger_number(const struct pair *pair, const char *sql);

/* Tells whether the books are right: no order lacks its lines, every line's amount is its quantity
 * times its price, every total the sum of its lines, every key has its order, and of each product
 * what was sold and what is left make up what there was, which is stock for each. Says on standard
 * error what is wrong. */
bool ledger_balances(const struct pair *pair, int64_t stock);

#endif
