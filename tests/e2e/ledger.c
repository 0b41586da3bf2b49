#include "e2e/ledger.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>

enum { LEDGER_BUSY_MS = 5000 };

int64_t ledger_number(const struct pair *pair, const char *sql)
{
    char path[PAIR_PATH_SIZE + 16];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t number = INT64_MIN;
    snprintf(path, sizeof path, "%s/postern.db", pair->dir);
    /* Writable, because only then can it read a log that a killed process left. */
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_busy_timeout(db, LEDGER_BUSY_MS) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        number = sqlite3_column_int64(stmt, 0);
    else
        fprintf(stderr, "ledger: %s: %s\n", sql, sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return number;
}

/* Each counts what is wrong. */
static const char *const ledger_faults[] = {
    "SELECT count(*) FROM orders WHERE id NOT IN (SELECT order_id FROM order_lines)",
    "SELECT count(*) FROM order_lines WHERE order_id NOT IN (SELECT id FROM orders)",
    "SELECT count(*) FROM order_lines WHERE amount_cents <> quantity * unit_price_cents",
    ("SELECT count(*) FROM orders AS o WHERE total_cents <>"
     " (SELECT sum(amount_cents) FROM order_lines AS l WHERE l.order_id = o.id)"),
    "SELECT count(*) FROM idempotency_keys WHERE order_id NOT IN (SELECT id FROM orders)",
    "SELECT count(*) - count(DISTINCT order_id) FROM idempotency_keys",
    "SELECT count(*) FROM products WHERE quantity < 0",
    "SELECT integrity_check <> 'ok' FROM pragma_integrity_check",
};

bool ledger_balances(const struct pair *pair, int64_t stock)
{
    char sql[256];
    bool ok = true;
    for (size_t i = 0; i < sizeof ledger_faults / sizeof ledger_faults[0]; i++) {
        int64_t wrong = ledger_number(pair, ledger_faults[i]);
        if (wrong != 0)
            fprintf(stderr, "ledger: %" PRId64 ": %s\n", wrong, ledger_faults[i]);
        ok = ok && wrong == 0;
    }
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM products AS p WHERE p.quantity + (SELECT"
             " coalesce(sum(l.quantity), 0) FROM order_lines AS l WHERE l.product_id = p.id)"
             " <> %" PRId64,
             stock);
    int64_t wrong = ledger_number(pair, sql);
    if (wrong != 0)
        fprintf(stderr, "ledger: %" PRId64 " products: sold and left are not %" PRId64 "\n", wrong,
                stock);
    return ok && wrong == 0;
}
