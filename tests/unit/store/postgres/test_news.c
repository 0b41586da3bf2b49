/* What has changed (store_news), where PostgreSQL alone has several transactions at once, roles and
 * connections that end. */
#include <libpq-fe.h>
#include <stdio.h>

#include "base/clock.h"
#include "check.h"
#include "suite.h"
#include "unit/store/postgres/database.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome;
static struct store_cursor cursor;
static int64_t told; /* the ids, each a digit, in the order of their telling; 0 as 7 */

static bool hear(void *context, int64_t id)
{
    (void)context;
    told = told * 10 + (id ? id : 7);
    return true;
}

static int64_t look_from(struct store *store, struct store_cursor *at)
{
    told = 0;
    CHECK_INT(store_news(store, at, hear, NULL), STORE_OK);
    return told;
}

static int64_t look(void)
{
    return look_from(fixture, &cursor);
}

static void begin(void)
{
    fixture_begin();
    cursor = (struct store_cursor){0};
    CHECK_INT(look(), 0);
}

/* A transaction beside the store's, which has changed that product. */
static PGconn *open_change(int product)
{
    char sql[100];
    PGconn *conn = PQconnectdb(fixture_url);
    snprintf(sql, sizeof sql, "BEGIN; UPDATE products SET quantity = quantity - 1 WHERE id = %d",
             product);
    PQclear(PQexec(conn, sql));
    CHECK_INT(PQtransactionStatus(conn), PQTRANS_INTRANS);
    return conn;
}

static void close_change(PGconn *conn, const char *how)
{
    PGresult *result = PQexec(conn, how);
    CHECK_INT(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(conn);
}

static void sell(int64_t product)
{
    CHECK_INT(
        fixture_place(fixture, "c", NULL, clock_now_us(), fixture_request(product, 1), &outcome),
        STORE_OK);
}

/* Older than what was told meanwhile, and told nonetheless, once. */
static void test_late_commit(void)
{
    begin();
    PGconn *late = open_change(1);
    sell(2);
    CHECK_INT(look(), 2);
    close_change(late, "COMMIT");
    CHECK_INT(look(), 1);
    CHECK_INT(look(), 0);
    late = open_change(1);
    CHECK_INT(look(), 0);
    close_change(late, "ROLLBACK");
    CHECK_INT(look(), 0);
    fixture_end();
}

/* However long a transaction is open, each look tells what is new. */
static void test_long_open(void)
{
    begin();
    PGconn *longest = open_change(1), *other = open_change(3);
    for (int i = 0; i < 4; i++) {
        sell(2);
        CHECK_INT(look(), 2);
        CHECK_INT(look(), 0);
    }
    /* What was told is forgotten as far as the oldest one lets it. */
    CHECK_INT(store_news_purge(fixture, &cursor), STORE_OK);
    close_change(other, "COMMIT");
    CHECK_INT(look(), 3);
    close_change(longest, "COMMIT");
    CHECK_INT(look(), 1);
    CHECK_INT(look(), 0);
    fixture_end();
}

/* What the next connection reaches may know less than was told. */
static void test_new_connection(void)
{
    begin();
    database_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                 " WHERE datname = current_database() AND pid <> pg_backend_pid()");
    CHECK_INT(look(), 7);
    sell(2);
    CHECK_INT(look(), 2);
    fixture_end();
}

/* Entries and mark of a server whose transactions had come further neither count nor stay. */
static void test_restored(void)
{
    begin();
    database_sql("INSERT INTO product_changes VALUES ('4000000000000', 1);"
                 "UPDATE product_changes_kept SET since = '4000000000000'");
    CHECK_INT(look(), 0);
    sell(2);
    CHECK_INT(look(), 2);
    struct store_cursor old = cursor;
    sell(3);
    CHECK_INT(look(), 3);
    CHECK_INT(store_news_purge(fixture, &cursor), STORE_OK);
    CHECK_TEXT(database_value("SELECT count(*) FROM product_changes"), "0");
    CHECK_INT(look_from(fixture, &old), 7);
    sell(2);
    CHECK_INT(look(), 2);
    fixture_end();
}

/* The role of a program made for an earlier version, which nobody gave rights on the new tables;
 * and the function that such a program calls. */
static void test_earlier_role(void)
{
    char url[FIXTURE_URL_SIZE];
    begin();
    database_sql("CREATE ROLE earlier LOGIN;"
                 "GRANT SELECT, UPDATE ON products TO earlier; GRANT SELECT, INSERT, UPDATE ON"
                 " orders, order_lines, idempotency_keys TO earlier;"
                 "GRANT DELETE ON idempotency_keys TO earlier;"
                 "GRANT SELECT ON schema_version TO earlier");
    database_url("earlier", fixture_server.port, url);
    struct store *store = fixture_open_url(url, FIXTURE_TIMEOUT_MS);
    CHECK_INT(store_ping(store), STORE_OK);
    CHECK_INT(fixture_place(store, "c", "k", clock_now_us(), fixture_request(1, 1), &outcome),
              STORE_OK);
    CHECK_INT(look(), 1);
    struct store_cursor at = {0};
    CHECK_INT(look_from(store, &at), 0);
    CHECK_TEXT(database_value("SELECT outcome FROM place_order('c', NULL, 'x', 1, 2, '{3}', '{1}',"
                              " '', '')"),
               "placed");
    CHECK_INT(look_from(store, &at), 3);
    CHECK_INT(store_news_purge(store, &at), STORE_OK);
    store_close(store);
    database_sql("DROP OWNED BY earlier; DROP ROLE earlier");
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"a late commit", test_late_commit},       {"transactions that stay open", test_long_open},
    {"a new connection", test_new_connection}, {"restored from another server", test_restored},
    {"a role of before", test_earlier_role},   CU_TEST_INFO_NULL,
};

int main(void)
{
    fixture_driver = &fixture_drivers[FIXTURE_POSTGRES];
    return suite_run("unit/store/postgres/news", NULL, NULL, tests);
}
