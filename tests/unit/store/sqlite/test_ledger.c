/* A SQLite store of version 1, which has no ledger, is given one that accounts for what was sold.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "check.h"
#include "gen/sqlite_schema.h"
#include "store/sqlite/schema.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

/* As the program for version 1 left it: of 10, 3 are sold in two orders; of 5, none. */
static void begin_version_1(void)
{
    char stamp[96];
    fixture_begin_empty();
    snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = 1",
             SQLITE_APPLICATION_ID);
    CHECK_TRUE(fixture_driver->sql(fixture_url, sqlite_schema[0].sql));
    CHECK_TRUE(fixture_driver->sql(fixture_url, stamp));
    CHECK_TRUE(fixture_driver->sql(
        fixture_url,
        "INSERT INTO products VALUES (1, 999, 7, 'One', ''), (2, 1999, 5, 'Two', '');"
        "INSERT INTO orders VALUES ('a', 'c', 1, 1998, '', ''), ('b', 'c', 2, 999, '', '');"
        "INSERT INTO order_lines VALUES ('a', 0, 1, 2, 999, 1998, 'One'),"
        " ('b', 0, 1, 1, 999, 999, 'One')"));
}

static bool see_stock(void *context, const struct store_stock *stock)
{
    struct store_stock *seen = context;
    seen[stock->product_id - 1] = *stock;
    return true;
}

static void test_version_1(void)
{
    int from = -1, to = -1;
    struct store_stock seen[2] = {0};
    struct order order;
    begin_version_1();
    CHECK_INT(store_migrate(fixture, &from, &to), STORE_OK);
    CHECK_INT(from, 1);
    CHECK_INT(to, sqlite_schema_version());
    CHECK_INT(store_stock_list(fixture, 0, see_stock, seen), STORE_OK);
    CHECK_INT(seen[0].quantity, 7);
    CHECK_INT(seen[0].adjusted, 10);
    CHECK_INT(seen[0].sold, 3);
    CHECK_INT(seen[1].adjusted, 5);
    CHECK_INT(store_order_get(fixture, "c", "a", &order), STORE_OK);
    CHECK_INT(order.cancelled_us, 0);
    CHECK_INT(order.total_cents, 1998);
    fixture_end();
}

enum { LINES_MEMORY_MAX = 4 * 1024 * 1024 };

/* The lines of many orders are not all kept in memory: these 200000 would take 6 MB there. */
static void test_many_lines(void)
{
    struct store_stock seen[3] = {0};
    fixture_begin();
    CHECK_TRUE(fixture_driver->sql(
        fixture_url,
        "INSERT INTO orders (id, consumer, created_us, total_cents, email, reference)"
        " VALUES ('a', 'c', 1, 0, '', '');"
        "INSERT INTO order_lines WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 199999) SELECT 'a', i, 1 + i % 3, 1, 0, 0, '' FROM n"));
    CHECK_INT(store_ping(fixture), STORE_OK);
    sqlite3_memory_highwater(1);
    CHECK_INT(store_stock_list(fixture, 0, see_stock, seen), STORE_OK);
    CHECK_COMPARE(sqlite3_memory_highwater(0), <, LINES_MEMORY_MAX);
    CHECK_INT(seen[2].sold, 66666);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"version 1", test_version_1},
    {"many lines", test_many_lines},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return suite_run("unit/store/sqlite/ledger", NULL, NULL, tests);
}
