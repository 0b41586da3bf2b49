#include "store/sqlite/row.h"

#include <stdio.h>

bool sqlite_row_text(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    if (text)
        snprintf(out, size, "%s", (const char *)text);
    return text != NULL;
}

bool sqlite_row_product(sqlite3_stmt *stmt, struct product *product)
{
    product->id = sqlite3_column_int64(stmt, 0);
    product->price_cents = sqlite3_column_int64(stmt, 1);
    product->quantity = sqlite3_column_int64(stmt, 2);
    product->name = (const char *)sqlite3_column_text(stmt, 3);
    product->description = (const char *)sqlite3_column_text(stmt, 4);
    return product->name && product->description;
}

bool sqlite_row_retired(sqlite3_stmt *stmt)
{
    return sqlite3_column_int(stmt, 5) != 0;
}
