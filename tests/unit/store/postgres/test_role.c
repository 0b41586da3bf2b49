/* The PostgreSQL driver as a role of the application's own, and the ways to its password. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "file_reads.h"
#include "store/postgres/session.h"
#include "suite.h"
#include "unit/store/postgres/database.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome;

static enum store_result place_one(struct store *store)
{
    return fixture_place(store, "c", NULL, clock_now_us(), fixture_request(1, 1), &outcome);
}

/* A role that is no superuser, with everything it needs. */
static void make_role(const char *name, const char *options)
{
    char text[400];
    snprintf(text, sizeof text,
             "CREATE ROLE %s LOGIN %s; GRANT ALL ON SCHEMA public TO %s;"
             "GRANT ALL ON ALL TABLES IN SCHEMA public TO %s",
             name, options, name, name);
    database_sql(text);
}

static void test_too_many_connections(void)
{
    char url[FIXTURE_URL_SIZE];
    fixture_begin();
    make_role("narrow", "CONNECTION LIMIT 1");
    database_url("narrow", fixture_server.port, url);
    struct store *first = fixture_open_url(url, FIXTURE_TIMEOUT_MS),
                 *second = fixture_open_url(url, FIXTURE_TIMEOUT_MS);
    CHECK_INT(place_one(first), STORE_OK);
    CHECK_INT(place_one(second), STORE_UNREACHABLE);
    store_close(first);
    CHECK_TRUE(fixture_recovers(second));
    CHECK_INT(place_one(second), STORE_OK);
    store_close(second);
    database_sql("DROP OWNED BY narrow; DROP ROLE narrow");
    fixture_end();
}

/* Nothing needs more rights than a role of the application's own has. */
static void test_plain_role(void)
{
    char url[FIXTURE_URL_SIZE];
    fixture_begin();
    make_role("plain", "");
    database_url("plain", fixture_server.port, url);
    struct store *store = fixture_open_url(url, FIXTURE_TIMEOUT_MS);
    CHECK_INT(fixture_place(store, "c", "k", FIXTURE_NOW_US, fixture_request(1, 1), &outcome),
              STORE_OK);
    CHECK_INT(fixture_place(store, "c", "k", FIXTURE_NOW_US, fixture_request(1, 1), &outcome),
              STORE_REPLAYED);
    CHECK_INT(store_order_get(store, "c", outcome.order.id, &outcome.order), STORE_OK);
    store_close(store);
    database_sql("DROP OWNED BY plain; DROP ROLE plain");
    fixture_end();
}

/* A role with no more rights than orders need. */
static struct store *open_narrow(void)
{
    char url[FIXTURE_URL_SIZE];
    database_sql(
        "CREATE ROLE narrow LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO narrow;"
        "GRANT UPDATE ON products TO narrow; GRANT INSERT ON orders, order_lines TO narrow;"
        "GRANT UPDATE ON orders TO narrow;"
        "GRANT INSERT, UPDATE, DELETE ON idempotency_keys TO narrow");
    database_url("narrow", fixture_server.port, url);
    return fixture_open_url(url, FIXTURE_TIMEOUT_MS);
}

static void close_narrow(struct store *store)
{
    store_close(store);
    database_sql("DROP OWNED BY narrow; DROP ROLE narrow");
}

enum asked { ASK_NEW, ASK_REPLAY, ASK_CANCEL };

/* Asks for what needs the privilege: a new order, the first one's replay or its cancellation. */
static enum store_result ask(struct store *store, enum asked what)
{
    static char first[ID_TEXT_SIZE];
    if (what == ASK_CANCEL) {
        const struct store_placement p = {.consumer = "c", .id = first, .now_us = FIXTURE_NOW_US};
        return fixture_order_cancel(store, &p, &outcome);
    }
    enum store_result result = fixture_place(store, "c", what == ASK_REPLAY ? "first" : "new",
                                             FIXTURE_NOW_US, fixture_request(1, 1), &outcome);
    if (result == STORE_OK || result == STORE_REPLAYED)
        snprintf(first, sizeof first, "%s", outcome.order.id);
    return result;
}

/* Whatever an order needs, readiness misses it, and says what to grant. */
static void test_missing_privilege(void)
{
    static const struct {
        int line;
        const char *privilege;
        enum asked what;
    } rows[] = {
        {__LINE__, "SELECT ON products", ASK_NEW},
        {__LINE__, "UPDATE ON products", ASK_NEW},
        {__LINE__, "SELECT ON orders", ASK_REPLAY},
        {__LINE__, "INSERT ON orders", ASK_NEW},
        {__LINE__, "UPDATE ON orders", ASK_CANCEL},
        {__LINE__, "SELECT ON order_lines", ASK_REPLAY},
        {__LINE__, "INSERT ON order_lines", ASK_NEW},
        {__LINE__, "SELECT ON idempotency_keys", ASK_NEW},
        {__LINE__, "INSERT ON idempotency_keys", ASK_NEW},
        {__LINE__, "UPDATE ON idempotency_keys", ASK_NEW},
        {__LINE__, "DELETE ON idempotency_keys", ASK_NEW},
    };
    char text[160];
    fixture_begin();
    struct store *store = open_narrow();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(store_ping(store), STORE_OK);
        CHECK_INT(ask(store, ASK_REPLAY), i == 0 ? STORE_OK : STORE_REPLAYED);
        /* The next order clears it away. */
        database_sql("INSERT INTO idempotency_keys SELECT 'c', 'expired', min(id), 0 FROM orders"
                     " ON CONFLICT DO NOTHING");
        snprintf(text, sizeof text, "REVOKE %s FROM narrow", rows[i].privilege);
        database_sql(text);
        CHECK_INT(ask(store, rows[i].what), STORE_UNSUITABLE);
        CHECK_CONTAINS(database_said(store), "permission denied for table");
        CHECK_CONTAINS(database_said(store),
                       "missing privilege; run: GRANT SELECT, INSERT, UPDATE");
        CHECK_CONTAINS(database_said(store), "TO \"narrow\"");
        CHECK_INT(store_ping(store), STORE_UNSUITABLE);
        int verb = (int)strcspn(rows[i].privilege, " ");
        snprintf(text, sizeof text, "GRANT %.*s ON public.%s TO narrow", verb, rows[i].privilege,
                 rows[i].privilege + verb + strlen(" ON "));
        CHECK_CONTAINS(database_said(store), text);
        database_sql(text);
    }
    close_narrow(store);
    fixture_end();
}

/* Products are read all the same, and orders are placed once it is over. */
static void test_read_only(void)
{
    int64_t quantity = -1;
    fixture_begin();
    struct store *store = open_narrow();
    database_sql("ALTER ROLE narrow SET default_transaction_read_only = on");
    CHECK_INT(store_product_get(store, 1, fixture_see_quantity, &quantity), STORE_OK);
    CHECK_INT(quantity, 10);
    CHECK_INT(place_one(store), STORE_UNREACHABLE);
    CHECK_INT(store_ping(store), STORE_UNREACHABLE);
    CHECK_CONTAINS(database_said(store), "default_transaction_read_only");
    database_sql("ALTER ROLE narrow RESET default_transaction_read_only");
    CHECK_TRUE(fixture_recovers(store));
    CHECK_INT(place_one(store), STORE_OK);
    close_narrow(store);
    fixture_end();
}

/* Who may create nothing learns that there is nothing to do, or else what to grant. */
static void test_migrate_narrow(void)
{
    int from = -1, to = -1;
    fixture_begin();
    struct store *store = open_narrow();
    CHECK_INT(store_migrate(store, &from, &to), STORE_OK);
    CHECK_INT(from, to);
    close_narrow(store);
    fixture_end();
    fixture_begin_empty();
    database_sql("CREATE ROLE narrow LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    char url[FIXTURE_URL_SIZE];
    database_url("narrow", fixture_server.port, url);
    store = fixture_open_url(url, FIXTURE_TIMEOUT_MS);
    CHECK_INT(store_migrate(store, &from, &to), STORE_UNSUITABLE);
    CHECK_CONTAINS(database_said(store), "missing privilege");
    CHECK_CONTAINS(database_said(store), "GRANT USAGE, CREATE ON SCHEMA \"public\" TO \"narrow\"");
    close_narrow(store);
    fixture_end();
}

/* Any encoding but UTF8 is refused, before anything is made. */
static void test_encoding(void)
{
    static const char *const encodings[] = {"LATIN1", "SQL_ASCII"};
    char text[160], url[FIXTURE_URL_SIZE];
    int from, to;
    fixture_begin_empty();
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        CHECK_OF("%s", encodings[i]);
        snprintf(text, sizeof text,
                 "CREATE DATABASE other ENCODING '%s' TEMPLATE template0 LOCALE 'C'", encodings[i]);
        database_sql(text);
        postgres_server_url(&fixture_server, "other", url);
        struct store *store = fixture_open_url(url, FIXTURE_TIMEOUT_MS);
        CHECK_INT(store_migrate(store, &from, &to), STORE_UNSUITABLE);
        CHECK_CONTAINS(database_said(store), encodings[i]);
        CHECK_CONTAINS(database_said(store), "UTF8");
        CHECK_INT(store_ping(store), STORE_UNSUITABLE);
        store_close(store);
        database_sql("DROP DATABASE other WITH (FORCE)");
    }
    fixture_end();
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK_INT(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void set_password(const char *password)
{
    char text[80];
    snprintf(text, sizeof text, "ALTER ROLE app PASSWORD '%s'", password);
    database_sql(text);
}

static void cut_off(const char *role)
{
    char text[120];
    snprintf(text, sizeof text,
             "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '%s'",
             role);
    database_sql(text);
}

/* Whether the server lets the store in with this in the environment. */
static bool lets_in(const char *url, const char *variable, const char *value)
{
    setenv(variable, value, 1);
    struct store *store = fixture_open_url(url, FIXTURE_TIMEOUT_MS);
    bool in = store_ping(store) == STORE_OK;
    store_close(store);
    unsetenv(variable);
    return in;
}

static void test_password(void)
{
    char url[FIXTURE_URL_SIZE], file[96], rules[96];
    fixture_begin();
    make_role("app", "PASSWORD 'one'");
    snprintf(rules, sizeof rules, "%s/data/pg_hba.conf", fixture_server.folder);
    write_file(rules, "host all postgres 127.0.0.1/32 trust\n"
                      "host all all 127.0.0.1/32 scram-sha-256\n");
    database_sql("SELECT pg_reload_conf()");
    snprintf(file, sizeof file, "%s/password", fixture_server.folder);
    database_url("app", fixture_server.port, url);
    struct store *store =
        store_open(&(struct store_options){.url = url, .timeout_ms = 15000, .password_file = file});
    CHECK_INT(store_ping(store), STORE_UNREACHABLE); /* no such file */
    write_file(file, "one\n");
    CHECK_TRUE(fixture_recovers(store));
    /* The password changes under it; then the connection is lost. */
    set_password("two");
    CHECK_INT(place_one(store), STORE_OK);
    cut_off("app");
    CHECK_INT(place_one(store), STORE_UNREACHABLE);
    write_file(file, "two");
    CHECK_TRUE(fixture_recovers(store));
    CHECK_INT(place_one(store), STORE_OK);
    store_close(store);
    CHECK_FALSE(lets_in(url, "PGPASSWORD", "one"));
    CHECK_TRUE(lets_in(url, "PGPASSWORD", "two"));
    write_file(file, "*:*:*:app:two\n");
    CHECK_TRUE(lets_in(url, "PGPASSFILE", file));
    write_file(rules, "host all all 127.0.0.1/32 trust\n");
    database_sql("SELECT pg_reload_conf(); DROP OWNED BY app; DROP ROLE app");
    fixture_end();
}

/* The password's file lies on a mount that hangs: a call ends within its time. */
static void test_password_hangs(void)
{
    char url[FIXTURE_URL_SIZE], file[96];
    fixture_begin();
    make_role("app", "PASSWORD 'one'");
    snprintf(file, sizeof file, "%s/password", fixture_server.folder);
    write_file(file, "one\n");
    database_url("app", fixture_server.port, url);
    struct store *store =
        store_open(&(struct store_options){.url = url, .timeout_ms = 1500, .password_file = file});
    file_reads_do(FILE_READS_HANG);
    int64_t start = clock_monotonic_us();
    CHECK_INT(store_ping(store), STORE_UNREACHABLE);
    CHECK_COMPARE(clock_monotonic_us() - start, <, 60000000);
    CHECK_CONTAINS(database_said(store), "its mount may hang");
    file_reads_do(FILE_READS_WELL);
    CHECK_TRUE(fixture_recovers(store));
    store_close(store);
    database_sql("DROP OWNED BY app; DROP ROLE app");
    fixture_end();
}

static int open_files(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

/* A host that lets one in and then refuses what each connection begins with: it is left, and its
 * connection with it. */
static void test_refused_set_up(void)
{
    char url[FIXTURE_URL_SIZE];
    fixture_begin();
    make_role("barred", "");
    database_sql("REVOKE EXECUTE ON FUNCTION pg_advisory_lock(INTEGER, INTEGER) FROM PUBLIC");
    snprintf(url, sizeof url, "postgresql://barred@127.0.0.1:%d,127.0.0.1:%d/%s",
             fixture_server.port, fixture_server.port, database_name());
    struct store *store = fixture_open_url(url, FIXTURE_TIMEOUT_MS);
    CHECK_INT(store_ping(store), STORE_UNSUITABLE);
    int before = open_files();
    for (int i = 0; i < 3; i++) {
        clock_sleep_us(200000); /* or it would not try */
        CHECK_INT(store_ping(store), STORE_UNSUITABLE);
    }
    CHECK_INT(open_files(), before);
    store_close(store);
    database_sql("DROP OWNED BY barred; DROP ROLE barred");
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"too many connections", test_too_many_connections},
    {"plain role", test_plain_role},
    {"missing privilege", test_missing_privilege},
    {"read only", test_read_only},
    {"migrate narrow", test_migrate_narrow},
    {"encoding", test_encoding},
    {"refused set-up", test_refused_set_up},
    {"password", test_password},
    {"password on a mount that hangs", test_password_hangs},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    fixture_driver = &fixture_drivers[FIXTURE_POSTGRES];
    return suite_run("unit/store/postgres/role", NULL, NULL, tests);
}
