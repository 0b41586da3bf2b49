/* row: reads the columns of a result's rows. */
#ifndef STORE_POSTGRES_ROW_H
#define STORE_POSTGRES_ROW_H

#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/product.h"

/* The number in a column of a row. */
int64_t postgres_row_number(const PGresult *result, int row, int column);

/* The product in five columns of a row, from the first one on: id, price, quantity, name,
 * description. It borrows from the result. */
struct product postgres_row_product(const PGresult *result, int row, int first);

/* Copies a column that has a text. */
void postgres_row_text(const PGresult *result, int row, int column, char *out, size_t size);

#endif
