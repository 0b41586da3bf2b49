#include "store/postgres/row.h"

#include <stdio.h>
#include <stdlib.h>

int64_t postgres_row_number(const PGresult *result, int row, int column)
{
    return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

void postgres_row_text(const PGresult *result, int row, int column, char *out, size_t size)
{
    snprintf(out, size, "%s", PQgetvalue(result, row, column));
}

struct product postgres_row_product(const PGresult *result, int row, int first)
{
    return (struct product){
        .id = postgres_row_number(result, row, first),
        .price_cents = postgres_row_number(result, row, first + 1),
        .quantity = postgres_row_number(result, row, first + 2),
        .name = PQgetvalue(result, row, first + 3),
        .description = PQgetvalue(result, row, first + 4),
    };
}
