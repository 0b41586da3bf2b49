/* Whose clock counts: the server's, whatever the clocks of those who ask it say. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "check.h"
#include "gen/postgres_schema.h"
#include "suite.h"
#include "unit/store/postgres/database.h"
#include "unit/store/store_fixture.h"

#define HOUR_US (INT64_C(3600) * 1000000)

static struct store_outcome outcome;

/* Places an order by a clock that is so far off. */
static enum store_result place(const char *key, int64_t off_us)
{
    return fixture_place(fixture, "c", key, clock_now_us() + off_us, fixture_request(1, 1),
                         &outcome);
}

/* The server stands on this machine, so its clock is this process's. */
static void test_time_of_orders(void)
{
    static const int64_t off_us[] = {0, HOUR_US, -HOUR_US, 1000 * HOUR_US};
    fixture_begin();
    for (size_t i = 0; i < sizeof off_us / sizeof off_us[0]; i++) {
        CHECK_OF("%" PRId64, off_us[i]);
        int64_t before = clock_now_us();
        CHECK_INT(place("k", off_us[i]), i == 0 ? STORE_OK : STORE_REPLAYED);
        CHECK_INT(place(NULL, off_us[i]), STORE_OK);
        CHECK_COMPARE(outcome.order.created_us, >=, before);
        CHECK_COMPARE(outcome.order.created_us, <=, clock_now_us());
    }
    fixture_end();
}

/* A fast clock neither expires nor clears away what others keep, and a slow one keeps no shorter.
 */
static void test_keys_of_others(void)
{
    fixture_begin();
    CHECK_INT(place("mine", 0), STORE_OK);
    CHECK_INT(place("slow", -30 * HOUR_US), STORE_OK);
    for (int i = 0; i < 3; i++) {
        char key[8];
        snprintf(key, sizeof key, "fast%d", i);
        CHECK_INT(place(key, 30 * HOUR_US), STORE_OK);
        CHECK_INT(place("mine", 30 * HOUR_US), STORE_REPLAYED);
    }
    CHECK_INT(place("mine", 0), STORE_REPLAYED);
    CHECK_INT(place("slow", 0), STORE_REPLAYED);
    /* And no longer, if that was by a fast clock. */
    fixture_age_keys(ORDER_KEY_LIFETIME_US);
    CHECK_INT(place("fast0", 0), STORE_OK);
    fixture_end();
}

static void test_rename(void)
{
    struct store_renamed renamed;
    struct store_rename rename = {"c", "d", true, clock_now_us() + 30 * HOUR_US};
    fixture_begin();
    CHECK_INT(place("k", 0), STORE_OK);
    CHECK_INT(store_consumer_rename(fixture, &rename, &renamed), STORE_OK);
    CHECK_INT(renamed.keys, 1);
    /* What has expired keeps no name, though a slow clock does not know yet. */
    database_sql(
        "DELETE FROM order_lines; UPDATE idempotency_keys SET expires_us = server_now_us();"
        "UPDATE orders SET consumer = 'nobody'");
    rename = (struct store_rename){"d", "e", true, clock_now_us() - 30 * HOUR_US};
    CHECK_INT(store_consumer_rename(fixture, &rename, &renamed), STORE_NOT_FOUND);
    fixture_end();
}

/* A store of version 1 with an order, as the program for that version left it. */
static void begin_version_1(void)
{
    char text[400];
    int64_t now = clock_now_us();
    fixture_begin_empty();
    database_sql(
        "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY, serves BIGINT NOT NULL,"
        " name TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now())");
    database_sql(postgres_schema[0].sql);
    snprintf(text, sizeof text, "INSERT INTO schema_version VALUES (1, 1, '%s')",
             postgres_schema[0].name);
    database_sql(text);
    database_sql("INSERT INTO products VALUES (1, 999, 10, 'Product 1', '')");
    snprintf(text, sizeof text,
             "SELECT place_order('c', 'before', 'before', %" PRId64 ", %" PRId64
             ", '{1}', '{1}', '', '')",
             now, now + HOUR_US);
    database_sql(text);
}

static bool see_stock(void *context, const struct store_stock *stock)
{
    *(struct store_stock *)context = *stock;
    return true;
}

/* What was sold before there was a ledger is in it, and what such a program imports since. */
static void check_ledger(void)
{
    struct store_stock stock = {.quantity = -1};
    database_sql(
        "INSERT INTO products VALUES (1, 999, 20, 'Product 1', '') ON CONFLICT (id) DO UPDATE SET"
        " price_cents = excluded.price_cents, quantity = excluded.quantity, name = excluded.name");
    CHECK_INT(store_stock_list(fixture, 1, see_stock, &stock), STORE_OK);
    CHECK_INT(stock.quantity, 20);
    CHECK_INT(stock.sold, 3);
    CHECK_INT(stock.adjusted, 23);
}

/* It is migrated while programs for version 1 go on, which say the time and when a key expires. */
static void test_version_1(void)
{
    int from, to;
    char text[400];
    int64_t fast = clock_now_us() + 30 * HOUR_US;
    begin_version_1();
    CHECK_INT(store_ping(fixture), STORE_OLD_SCHEMA);
    CHECK_INT(store_migrate(fixture, &from, &to), STORE_OK);
    CHECK_INT(from, 1);
    CHECK_INT(place("before", 0), STORE_REPLAYED);
    CHECK_TEXT(database_value("SELECT max(serves) FROM schema_version"), "1");

    snprintf(text, sizeof text,
             "SELECT outcome || ' ' || quantity || ' ' || (server_now_us() - created_us < 60000000)"
             " FROM place_order('c', 'k', 'old', %" PRId64 ", %" PRId64 ", '{1}', '{2}', '', '')",
             fast, fast + HOUR_US);
    CHECK_TEXT(database_value(text), "placed 2 true");
    CHECK_TEXT(database_value(text), "replayed 2 true");
    CHECK_TEXT(database_value("SELECT string_agg(key, ' ' ORDER BY key) FROM idempotency_keys"),
               "before k");
    CHECK_TEXT(
        database_value("SELECT expires_us <= server_now_us() + 3600000000 FROM idempotency_keys"
                       " WHERE key = 'k'"),
        "t");
    CHECK_INT(fixture_stock(1), 7);
    check_ledger();
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"time of orders", test_time_of_orders},
    {"keys of others", test_keys_of_others},
    {"rename", test_rename},
    {"version 1", test_version_1},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    fixture_driver = &fixture_drivers[FIXTURE_POSTGRES];
    return suite_run("unit/store/postgres/clock", NULL, NULL, tests);
}
