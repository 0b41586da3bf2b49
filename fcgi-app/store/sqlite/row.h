/* row: reads the columns of a statement's current row. */
#ifndef STORE_SQLITE_ROW_H
#define STORE_SQLITE_ROW_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "domain/product.h"

/* Copies a text column; false if out of memory. */
bool sqlite_row_text(sqlite3_stmt *stmt, int column, char *out, size_t size);

/* Reads the product in a row of product_get, product_list or product_find; its texts are borrowed
 * until the next step. False if out of memory. */
bool sqlite_row_product(sqlite3_stmt *stmt, struct product *product);

/* Whether the product in a row of product_find is retired. */
bool sqlite_row_retired(sqlite3_stmt *stmt);

#endif
