/* What only the PostgreSQL driver has: a server, its schema and its transactions. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "check.h"
#include "store/postgres/session.h"
#include "suite.h"
#include "unit/store/postgres/database.h"
#include "unit/store/store_fixture.h"

enum { ORDERS_TRIED = 40, PINGS_TRIED = 60, BUSY_MS = 2000, WAIT_US = 15000000 };

static struct store_outcome outcome;

static enum store_result place_one(struct store *store)
{
    return fixture_place(store, "c", NULL, clock_now_us(), fixture_request(1, 1), &outcome);
}

/* Runs SQL on a connection of its own, which stays open. */
static PGconn *aside(const char *text)
{
    PGconn *conn = PQconnectdb(fixture_url);
    PGresult *result = PQexec(conn, text);
    CHECK_TRUE(PQresultStatus(result) == PGRES_COMMAND_OK ||
                   PQresultStatus(result) == PGRES_TUPLES_OK,
               "%s", PQerrorMessage(conn));
    PQclear(result);
    return conn;
}

static void test_url(void)
{
    static const struct {
        int line;
        const char *url, *shown; /* NULL: refused */
    } rows[] = {
        {__LINE__, "postgresql://ada:s3cret@db.example:5432/shop",
         "postgresql://db.example:5432/shop"},
        {__LINE__, "postgres://ada:s3cret@db.example/shop", "postgresql://db.example/shop"},
        {__LINE__, "postgresql://a,b:1/shop?password=s3cret&target_session_attrs=read-write",
         "postgresql://a,b:,1/shop"},
        {__LINE__, "postgresql:///shop?host=/run/postgresql&sslmode=verify-full",
         "postgresql:///run/postgresql/shop"},
        {__LINE__, "postgresql://ada:s3cr@t@db.example/shop", NULL},
        {__LINE__, "postgresql://ada:s3cr/t@db.example/shop", NULL},
        {__LINE__, "postgresql://db.example/shop?s3cret=1", NULL},
        {__LINE__, "postgresql:shop", NULL},
        {__LINE__, "postgresql://db.example/shop?sslmode=verify_full&password=s3cret", NULL},
        {__LINE__, "postgresql://a,b:1,c/shop?target_session_attrs=primary-only", NULL},
        {__LINE__, "postgresqls://db.example/shop", NULL},
        {__LINE__, "host=db user=u password=s3cret", NULL},
        {__LINE__, "postgresql://host=db user=u password=s3cret", NULL},
        {__LINE__, "postgresql://password=s3cret", NULL},
        {__LINE__, "postgresql://u:12/34s3cret@h/db", NULL},
        {__LINE__, "postgresql://u:12/s3cret?sslmode=s3cret@h/db", NULL},
        {__LINE__, "postgresql://h/s3cret%40db", NULL},
        {__LINE__, "postgresql://h/db&password=s3cret", NULL},
        {__LINE__, "postgresql://h/db password=s3cret", NULL},
        {__LINE__, "postgresql://h/s3cret%0Adb", NULL},
        {__LINE__, "postgresql://u:s3cr%t@h/db", NULL},
        {__LINE__, "postgresql://u:s3cr%40t@h/db?user=a%40b", "postgresql://h/db"},
    };
    char shown[FIXTURE_URL_SIZE], error[512];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(!!store_takes(rows[i].url, error, sizeof error), !!rows[i].shown);
        if (!rows[i].shown)
            CHECK_LACKS(error, "s3cr");
        store_show(rows[i].url, shown, sizeof shown);
        if (rows[i].shown)
            CHECK_TEXT(shown, rows[i].shown);
        else
            CHECK_LACKS(shown, "s3cr");
    }
}

/* What is refused is said without what may be a password, and what to do is said too. */
static void test_url_error(void)
{
    char error[512];
    CHECK_FALSE(store_takes("postgresql://u:a%t@h/db", error, sizeof error));
    CHECK_CONTAINS(error, "postgresql:…: ");
    CHECK_CONTAINS(error, "@ as %40");
    CHECK_CONTAINS(error, "DATABASE_PASSWORD_FILE");
    CHECK_CONTAINS(error, "postgresql://USER@HOST/DATABASE");
}

static void test_schema_version(void)
{
    static const struct {
        int line;
        const char *sql;
        enum store_result result, migrated;
    } rows[] = {
        {__LINE__, "SELECT 1", STORE_OK, STORE_OK},
        {__LINE__, "INSERT INTO schema_version VALUES (1000, 1000, 'x')", STORE_NEW_SCHEMA,
         STORE_NEW_SCHEMA},
        {__LINE__, "INSERT INTO schema_version VALUES (1000, 1, 'x')", STORE_OK, STORE_OK},
        {__LINE__, "INSERT INTO schema_version VALUES (1000, 999, 'x'), (1001, 1, 'y')",
         STORE_NEW_SCHEMA, STORE_NEW_SCHEMA},
        /* The tables are there already. */
        {__LINE__, "DELETE FROM schema_version", STORE_OLD_SCHEMA, STORE_FAULT},
        {__LINE__, "DROP TABLE schema_version", STORE_OLD_SCHEMA, STORE_FAULT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        int from, to;
        fixture_begin();
        database_sql(rows[i].sql);
        /* Both the connection that is open and a new one. */
        CHECK_INT(store_ping(fixture), rows[i].result);
        CHECK_INT(place_one(fixture), rows[i].result);
        CHECK_INT(store_migrate(fixture, &from, &to), rows[i].migrated);
        CHECK_INT(store_ping(fixture), rows[i].result);
        fixture_end();
    }
}

/* A handle that was refused for the schema is let in once another one has migrated. */
static void test_migrated_elsewhere(void)
{
    int from, to;
    fixture_begin_empty();
    struct store *other = fixture_open();
    CHECK_INT(place_one(fixture), STORE_OLD_SCHEMA);
    CHECK_INT(store_migrate(other, &from, &to), STORE_OK);
    CHECK_INT(place_one(fixture), STORE_UNKNOWN_PRODUCT);
    store_close(other);
    fixture_end();
}

static void test_settings(void)
{
    static const struct {
        int line;
        const char *name, *value;
    } rows[] = {
        {__LINE__, "application_name", "postern"},
        {__LINE__, "client_encoding", "UTF8"},
        {__LINE__, "default_transaction_isolation", "read committed"},
        {__LINE__, "idle_in_transaction_session_timeout", "1min"},
        {__LINE__, "lock_timeout", "10001ms"},
        {__LINE__, "search_path", "public, pg_temp"},
        {__LINE__, "statement_timeout", "12001ms"},
        {__LINE__, "synchronous_commit", "on"},
    };
    char text[160];
    fixture_begin();
    snprintf(text, sizeof text,
             "ALTER DATABASE %s SET synchronous_commit = off;"
             "ALTER DATABASE %s SET default_transaction_isolation = 'serializable'",
             database_name(), database_name());
    database_sql(text);
    struct store *store = fixture_open();
    CHECK_INT(store_ping(store), STORE_OK);
    PGconn *conn = ((struct postgres *)store)->conn;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        snprintf(text, sizeof text, "SHOW %s", rows[i].name);
        PGresult *result = PQexec(conn, text);
        CHECK_TEXT(PQgetvalue(result, 0, 0), rows[i].value);
        PQclear(result);
    }
    unsigned silence_ms = 0;
    socklen_t size = sizeof silence_ms;
    getsockopt(PQsocket(conn), IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, &size);
    CHECK_INT(silence_ms, FIXTURE_TIMEOUT_MS);
    /* Or libpq would wait by itself, without a deadline, for a server that takes nothing more. */
    CHECK_TRUE(PQisnonblocking(conn));
    store_close(store);
    fixture_end();
}

/* Of the locks with two numbers those of sessions are below zero, and migrate_lock's is not. */
static void test_number_of_the_lock(void)
{
    enum { SUCCESSION = 5 };
    fixture_begin();
    struct store *store = store_open(&(struct store_options){
        .url = fixture_url, .timeout_ms = FIXTURE_TIMEOUT_MS, .succession = SUCCESSION});
    CHECK_INT(store_ping(store), STORE_OK);
    CHECK_INT(((struct postgres *)store)->session, INT64_MIN + SUCCESSION);
    store_close(store);
    fixture_end();
}

static void test_busy(void)
{
    static const char lock[] = "BEGIN; SELECT FROM products WHERE id = 1 FOR UPDATE";
    fixture_begin();
    struct store *store = fixture_open_url(fixture_url, BUSY_MS);
    CHECK_TRUE(fixture_recovers(store));
    PGconn *holder = aside(lock);
    int64_t start = clock_monotonic_us();
    CHECK_INT(place_one(store), STORE_BUSY);
    int64_t waited = clock_monotonic_us() - start;
    /* A lock is waited for during half of the time, and a machine may be slow to say so. */
    CHECK_COMPARE(waited, >=, BUSY_MS * 500);
    CHECK_COMPARE(waited, <, WAIT_US);
    /* Who only reads, or wants something else, does not wait. */
    CHECK_INT(fixture_stock(1), 10);
    CHECK_INT(fixture_place(store, "c", NULL, FIXTURE_NOW_US, fixture_request(2, 1), &outcome),
              STORE_OK);
    PQfinish(holder);
    CHECK_INT(place_one(store), STORE_OK);
    CHECK_INT(fixture_stock(1), 9);
    store_close(store);
    fixture_end();
}

static void test_key_in_flight(void)
{
    fixture_begin();
    PGconn *other = aside("BEGIN; SELECT place_order('c', 'k', 'first', 60000000,"
                          " '{1}', '{2}', '', '')");
    CHECK_INT(store_ping(fixture), STORE_OK);
    /* The key's lock has one number; a session's has two, the first of which no other one has. */
    CHECK_TEXT(database_value("SELECT string_agg(concat_ws(' ', a.application_name, l.objsubid, "
                              "l.classid::BIGINT > 2147483647), ', ' ORDER BY l.objsubid DESC)"
                              " FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)"
                              " WHERE l.locktype = 'advisory' AND a.application_name = 'postern'"),
               "postern 2 t");
    CHECK_TEXT(database_value("SELECT string_agg(l.objsubid::TEXT, ' ') FROM pg_locks AS l"
                              " JOIN pg_stat_activity AS a USING (pid)"
                              " WHERE l.locktype = 'advisory' AND a.application_name <> 'postern'"),
               "1");
    /* Nobody waits for it, though it holds the product too. */
    CHECK_INT(fixture_place(fixture, "c", "k", FIXTURE_NOW_US, fixture_request(1, 2), &outcome),
              STORE_KEY_IN_FLIGHT);
    CHECK_INT(fixture_place(fixture, "d", "k", FIXTURE_NOW_US, fixture_request(2, 1), &outcome),
              STORE_OK);
    PQclear(PQexec(other, "COMMIT"));
    PQfinish(other);
    CHECK_INT(fixture_place(fixture, "c", "k", FIXTURE_NOW_US, fixture_request(1, 2), &outcome),
              STORE_REPLAYED);
    CHECK_TEXT(outcome.order.id, "first");
    CHECK_INT(fixture_place(fixture, "c", "k", FIXTURE_NOW_US, fixture_request(1, 3), &outcome),
              STORE_KEY_REUSED);
    CHECK_INT(fixture_stock(1), 8);
    fixture_end();
}

static void test_keys_are_purged(void)
{
    char key[8];
    fixture_begin();
    for (int i = 0; i < 5; i++) {
        snprintf(key, sizeof key, "k%d", i);
        CHECK_INT(
            fixture_place(fixture, "c", key, FIXTURE_NOW_US + i, fixture_request(1, 1), &outcome),
            STORE_OK);
    }
    /* The first three have expired, one after the other. */
    database_sql(
        "UPDATE idempotency_keys SET expires_us = server_now_us() - 3 + right(key, 1)::BIGINT"
        " WHERE key < 'k3'");
    CHECK_INT(fixture_place(fixture, "c", "late", FIXTURE_NOW_US, fixture_request(1, 1), &outcome),
              STORE_OK);
    CHECK_TEXT(database_value("SELECT string_agg(key, ' ' ORDER BY key) FROM idempotency_keys"),
               "k2 k3 k4 late");
    fixture_end();
}

/* The server fails the first so many attempts to store an order. */
static void fail_orders(const char *state, int times)
{
    char text[500];
    snprintf(text, sizeof text,
             "CREATE SEQUENCE attempts;"
             "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             " IF nextval('attempts') <= %d THEN RAISE 'injected' USING ERRCODE = '%s'; END IF;"
             " RETURN NEW; END $$;"
             "CREATE TRIGGER fail AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION fail()",
             times, state);
    database_sql(text);
}

static void test_server_errors(void)
{
    static const struct {
        int line;
        const char *state;
        int times;
        enum store_result result;
        const char *attempts;
    } rows[] = {
        {__LINE__, "40001", 3, STORE_OK, "4"},
        {__LINE__, "40P01", 3, STORE_OK, "4"},
        {__LINE__, "40001", 1000, STORE_BUSY, "11"},
        {__LINE__, "25006", 1, STORE_OK, "2"},
        {__LINE__, "25006", 1000, STORE_UNREACHABLE, "2"},
        {__LINE__, "26000", 1, STORE_OK, "2"},
        {__LINE__, "57P01", 1, STORE_OK, "2"},
        /* The connection is lost twice within one call: nothing changed, and nobody is busy. */
        {__LINE__, "57P01", 1000, STORE_UNREACHABLE, "2"},
        {__LINE__, "57014", 1, STORE_BUSY, "1"},
        {__LINE__, "55P03", 1, STORE_BUSY, "1"},
        {__LINE__, "53100", 1, STORE_UNREACHABLE, "1"},
        {__LINE__, "23514", 1, STORE_FAULT, "1"},
        {__LINE__, "XX000", 1, STORE_FAULT, "1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        fixture_begin();
        fail_orders(rows[i].state, rows[i].times);
        CHECK_INT(place_one(fixture), rows[i].result);
        CHECK_TEXT(database_value("SELECT last_value FROM attempts"), rows[i].attempts);
        CHECK_INT(fixture_stock(1), rows[i].result == STORE_OK ? 9 : 10);
        fixture_end();
    }
}

static int next_slowly(void *context, struct product *product)
{
    int64_t *id = context;
    /* Downwards. */
    *product = (struct product){2000 - *id, 1, 1, "P\\N", "a\tb\\\nc\r\\."};
    if (++*id % 20 == 0)
        clock_sleep_us(6000);
    return *id <= 2000;
}

static bool see_slowly(void *context, const struct product *product)
{
    int *seen = context;
    CHECK_TEXT(product->name, "P\\N");
    CHECK_TEXT(product->description, "a\tb\\\nc\r\\.");
    CHECK_INT(product->quantity, 1);
    if (*seen % 20 == 0)
        clock_sleep_us(30000);
    ++*seen;
    return true;
}

/* What a short deadline may make of any call on a busy machine. */
static bool is_late(enum store_result result)
{
    return result == STORE_BUSY || result == STORE_UNREACHABLE;
}

/* An import may outlast the deadline, a list may not. */
static void test_deadline(void)
{
    int64_t id = 0;
    int seen = 0;
    fixture_begin();
    struct store *store = fixture_open_url(fixture_url, 1000);
    CHECK_TRUE(fixture_recovers(store)); /* a busy machine may need several times to connect */
    CHECK_INT(fixture_import_into(store, false, next_slowly, &id), STORE_OK);
    CHECK_INT(fixture_stock(2000), 1);
    CHECK_INT(store_product_list(store, 0, 0, see_slowly, &seen), STORE_BUSY);
    CHECK_COMPARE(seen, >, 0);
    CHECK_COMPARE(seen, <, 2000);
    /* So little time may be too little for an order, if the machine is busy. */
    enum store_result result = STORE_BUSY;
    for (int i = 0; i < ORDERS_TRIED && is_late(result); i++)
        result = place_one(store);
    CHECK_INT(result, STORE_OK);
    store_close(store);
    fixture_end();
}

/* A table that is locked when the connection is made, as by VACUUM FULL: the statements before it
 * are prepared and stay so, and must not be in the way of the next attempt. */
static void test_busy_connect(void)
{
    fixture_begin();
    PGconn *other = aside("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
    struct store *store = fixture_open_url(fixture_url, 1000);
    int busy = 0;
    for (int i = 0; i < PINGS_TRIED && busy < 4; i++) {
        enum store_result result = store_ping(store);
        CHECK_TRUE(is_late(result), "%d", result);
        busy += result == STORE_BUSY;
    }
    CHECK_INT(busy, 4);
    PQfinish(other);
    CHECK_TRUE(fixture_recovers(store));
    store_close(store);
    fixture_end();
}

static bool see_two(void *context, const struct product *product)
{
    (void)product;
    return ++*(int *)context < 2;
}

/* Stopping early is no matter for a short list, nor for one that is still being sent. */
static void test_stop_early(void)
{
    static const int counts[] = {3, 30000};
    static struct product products[30000];
    for (int i = 0; i < 30000; i++)
        products[i] = (struct product){i + 1, 1, 1, "Product", "Description of the product"};
    fixture_begin();
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        int seen = 0;
        CHECK_INT(fixture_import(products, (size_t)counts[i]), STORE_OK);
        CHECK_INT(store_product_list(fixture, 0, 0, see_two, &seen), STORE_STOPPED);
        CHECK_INT(seen, 2);
        CHECK_INT(place_one(fixture), STORE_OK);
    }
    fixture_end();
}

enum { MIX_PROCESSES = 6, MIX_ORDERS = 60, MIX_PRODUCTS = 20 };

/* Imports the products downwards, or orders some of them up and down. */
static int import_or_order(struct store *store, int number)
{
    static struct product products[MIX_PRODUCTS];
    struct fixture_products given = {products, MIX_PRODUCTS, 0, 0};
    for (int i = 0; i < MIX_PRODUCTS; i++)
        products[i] = (struct product){MIX_PRODUCTS - i, 1, 1000000, "P", ""};
    for (int n = 0; n < MIX_ORDERS; n++) {
        struct order_request *request = fixture_request(1 + n % MIX_PRODUCTS, 1);
        for (int i = 1; i < 6; i++)
            order_request_add(request, 1 + (n * 7 + number * 5 + i * 3) % MIX_PRODUCTS, 1, 0);
        given.given = 0;
        enum store_result result =
            number == 0 ? fixture_import_into(store, false, fixture_next, &given)
                        : fixture_place(store, "c", NULL, clock_now_us(), request, &outcome);
        if (result != STORE_OK || ((struct postgres *)store)->retries > 0)
            return 255;
    }
    return 1;
}

/* None of them ever meets a deadlock. */
static void test_locks_have_an_order(void)
{
    static const struct product zero = {1, 1, 1, "P", ""};
    fixture_begin();
    for (int64_t id = 1; id <= MIX_PRODUCTS; id++) {
        struct product product = zero;
        product.id = id;
        product.quantity = 1000000;
        CHECK_INT(fixture_import(&product, 1), STORE_OK);
    }
    CHECK_INT(fixture_race(MIX_PROCESSES, import_or_order), MIX_PROCESSES);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"url", test_url},
    {"error of a url", test_url_error},
    {"schema version", test_schema_version},
    {"migrated elsewhere", test_migrated_elsewhere},
    {"settings", test_settings},
    {"number of the lock", test_number_of_the_lock},
    {"busy", test_busy},
    {"key in flight", test_key_in_flight},
    {"keys are purged", test_keys_are_purged},
    {"server errors", test_server_errors},
    {"deadline", test_deadline},
    {"busy connect", test_busy_connect},
    {"stop early", test_stop_early},
    {"locks have an order", test_locks_have_an_order},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    fixture_driver = &fixture_drivers[FIXTURE_POSTGRES];
    return suite_run("unit/store/postgres/server", NULL, NULL, tests);
}
