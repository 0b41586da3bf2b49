#include "siege/store.h"

#include <sqlite3.h>
#include <stdio.h>

/* Parameters: how many rows, and whose they are. */
static const char *const store_rows[] = {
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
    " INSERT INTO products (id, price_cents, quantity, name, description)"
    " SELECT i, i % 10000 + 1, 1000000000, 'Product ' || i, 'Description for product ' || i FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
    " INSERT INTO orders (id, consumer, created_us, total_cents, email, reference)"
    " SELECT printf('%08x-0000-7000-8000-%012x', 26000000 + i / 100, i), ?2,"
    " 1700000000000000 + i, 999, '', '' FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
    " INSERT INTO order_lines"
    " (order_id, line, product_id, quantity, unit_price_cents, amount_cents, name)"
    " SELECT printf('%08x-0000-7000-8000-%012x', 26000000 + i / 100, i), 1, i % 1000 + 1, 1, 999,"
    " 999, 'Product' FROM n",
    /* The orders are of the first thousand products, as many of each. */
    "UPDATE products SET quantity = quantity - ?1 / 1000 WHERE id <= 1000",
};
static const int store_counts[] = {STORE_PRODUCTS, STORE_ORDERS, STORE_ORDERS, STORE_ORDERS};

static bool store_run(sqlite3 *db, const char *sql, int count, const char *consumer)
{
    sqlite3_stmt *statement = NULL;
    bool ok = sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK;
    if (ok && sqlite3_bind_parameter_count(statement) >= 1)
        ok = sqlite3_bind_int(statement, 1, count) == SQLITE_OK;
    if (ok && sqlite3_bind_parameter_count(statement) >= 2)
        ok = sqlite3_bind_text(statement, 2, consumer, -1, SQLITE_STATIC) == SQLITE_OK;
    int step = ok ? sqlite3_step(statement) : SQLITE_ERROR;
    sqlite3_finalize(statement);
    return step == SQLITE_DONE || step == SQLITE_ROW;
}

bool store_fill(const char *path, const char *consumer)
{
    sqlite3 *db = NULL;
    bool ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
              store_run(db, "PRAGMA journal_mode = OFF", 0, "") &&
              store_run(db, "PRAGMA synchronous = OFF", 0, "") && store_run(db, "BEGIN", 0, "");
    for (size_t i = 0; ok && i < sizeof store_rows / sizeof store_rows[0]; i++)
        ok = store_run(db, store_rows[i], store_counts[i], consumer);
    ok = ok && store_run(db, "COMMIT", 0, "");
    if (!ok)
        fprintf(stderr, "siege: %s cannot be filled: %s\n", path,
                db ? sqlite3_errmsg(db) : "no memory");
    sqlite3_close(db);
    return ok;
}
