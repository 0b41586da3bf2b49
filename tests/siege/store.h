/* store: the SQLite store that is besieged. */
#ifndef TESTS_SIEGE_STORE_H
#define TESTS_SIEGE_STORE_H

#include <stdbool.h>
#include <stddef.h>

enum { STORE_PRODUCTS = 400000, STORE_ORDERS = 1000000 };

/* Fills the file at path, which has the schema and no rows: so many products, with plenty of stock,
 * and so many orders of the consumer. False after saying why. */
bool store_fill(const char *path, const char *consumer);

#endif
