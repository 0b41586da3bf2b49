/* What only the SQLite driver has: a file, that may be missing, moved, foreign or broken. */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "check.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/schema.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome;

static const char *file_path(void)
{
    return strchr(fixture_url, ':') + 1;
}

/* Runs SQL on a connection of its own, which stays open. */
static sqlite3 *aside(const char *sql)
{
    sqlite3 *db = NULL;
    if (sqlite3_open(file_path(), &db) != SQLITE_OK)
        abort();
    CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static int query_integer(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int value = -1;
    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        value = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

static enum store_result place_one(struct store *store)
{
    return fixture_place(store, "c", NULL, clock_now_us(), fixture_request(1, 1), &outcome);
}

static void write_at(off_t offset, const char *text, size_t times)
{
    int fd = open(file_path(), O_WRONLY | O_CREAT, 0600);
    for (size_t i = 0; i < times; i++)
        CHECK_INT(pwrite(fd, text, strlen(text), offset + (off_t)(i * strlen(text))),
                  (ssize_t)strlen(text));
    close(fd);
}

static void test_url(void)
{
    char url[FIXTURE_URL_SIZE + 2];
    struct store *store;
    fixture_begin();
    snprintf(url, sizeof url, "sqlite://%s", file_path());
    store = fixture_open_url(url, FIXTURE_TIMEOUT_MS);
    REQUIRE_NOT_NULL(store);
    CHECK_INT(store_ping(store), STORE_OK);
    store_close(store);
    CHECK_NULL(fixture_open_url("sqlite://var/postern.db", FIXTURE_TIMEOUT_MS));
    store = fixture_open_url("sqlite::memory:", FIXTURE_TIMEOUT_MS);
    CHECK_INT(store_ping(store), STORE_UNREACHABLE);
    store_close(store);
    fixture_end();
}

/* None of these may make a file of that name; the driver's are told from those that only start so.
 */
static void test_url_form(void)
{
    static const struct {
        int line;
        const char *url, *error; /* NULL: it is taken */
    } url_rows[] = {
        {__LINE__, "sqlite:shop.db", NULL},
        {__LINE__, "sqlite:/srv/a shop/\xc3\xbc%41.db", NULL},
        {__LINE__, "sqlite:shop.db?mode=ro", "no \"?\""},
        {__LINE__, "sqlite:shop.db?", "no \"?\""},
        {__LINE__, "sqlite:///srv/shop.db?cache=shared", "no \"?\""},
        {__LINE__, "sqlite:shop.db\r", "no control character"},
        {__LINE__, "sqlite:shop.db\n", "no control character"},
        {__LINE__, "sqlite:\tshop.db", "no control character"},
        {__LINE__, "sqlite:shop\x7f.db", "no control character"},
        {__LINE__, "sqlite:", "not of its scheme's form"},
        {__LINE__, "sqlite://host/shop.db", "not of its scheme's form"},
        {__LINE__, "sqlite", "no store of this scheme"},
        {__LINE__, "sqlite3:shop.db", "no store of this scheme"},
        {__LINE__, "sqlite/x:shop.db", "no store of this scheme"},
        {__LINE__, "postgresqls://u@h/d", "no store of this scheme"},
        {__LINE__, "", "no store of this scheme"},
    };
    for (size_t i = 0; i < sizeof url_rows / sizeof url_rows[0]; i++) {
        CHECK_ROW(url_rows[i].line);
        char error[256] = "";
        CHECK_INT(store_takes(url_rows[i].url, error, sizeof error), !url_rows[i].error);
        if (url_rows[i].error)
            CHECK_CONTAINS(error, url_rows[i].error);
    }
}

/* The first open of all meets a lock: nothing of it may be used that is configured by half. */
static void test_locked_at_first(void)
{
    fixture_begin();
    store_close(fixture);
    fixture = fixture_open_url(fixture_url, 50);
    sqlite3 *lock = aside("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; DELETE FROM orders;"
                          "COMMIT");
    CHECK_INT(store_ping(fixture), STORE_BUSY);
    CHECK_INT(place_one(fixture), STORE_BUSY);
    CHECK_NULL(((struct sqlite *)fixture)->db);
    sqlite3_close(lock);
    CHECK_INT(store_ping(fixture), STORE_OK);
    sqlite3 *db = ((struct sqlite *)fixture)->db;
    CHECK_INT(query_integer(db, "PRAGMA synchronous"), 2);
    CHECK_INT(query_integer(db, "PRAGMA cache_size"), -1024);
    CHECK_INT(query_integer(db, "PRAGMA journal_size_limit"), 67108864);
    fixture_end();
}

static void test_missing(void)
{
    fixture_begin_empty();
    CHECK_INT(store_ping(fixture), STORE_UNREACHABLE);
    CHECK_INT(place_one(fixture), STORE_UNREACHABLE);
    CHECK_INT(fixture_import(fixture_demo, 3), STORE_UNREACHABLE);
    CHECK_INT(access(file_path(), F_OK), -1);
    fixture_end();
}

static void test_foreign(void)
{
    static const struct {
        int line;
        const char *sql; /* NULL for a text file */
    } rows[] = {
        {__LINE__, "CREATE TABLE other (x)"},
        {__LINE__, "PRAGMA application_id = 7"},
        {__LINE__, "PRAGMA user_version = 1"},
        {__LINE__, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        int from, to;
        struct stat before, after;
        fixture_begin_empty();
        if (rows[i].sql)
            sqlite3_close(aside(rows[i].sql));
        else
            write_at(0, "This is no database. ", 1000);
        stat(file_path(), &before);
        CHECK_INT(store_ping(fixture), STORE_FAULT);
        CHECK_INT(store_migrate(fixture, &from, &to), STORE_FAULT);
        CHECK_INT(place_one(fixture), STORE_FAULT);
        stat(file_path(), &after);
        CHECK_INT(before.st_size, after.st_size);
        CHECK_INT(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
        CHECK_INT(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
        fixture_end();
    }
}

static void test_schema_version(void)
{
    static const struct {
        int line;
        int by;
        enum store_result result, migrated;
    } rows[] = {
        {__LINE__, 0, STORE_OK, STORE_OK},
        {__LINE__, 1, STORE_NEW_SCHEMA, STORE_NEW_SCHEMA},
        {__LINE__, -1, STORE_OLD_SCHEMA, STORE_FAULT}, /* the tables are there already */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        int from, to;
        char sql[64];
        fixture_begin();
        snprintf(sql, sizeof sql, "PRAGMA user_version = %d", sqlite_schema_version() + rows[i].by);
        sqlite3_close(aside(sql));
        /* Both the connection that is open and a new one. */
        CHECK_INT(store_ping(fixture), rows[i].result);
        CHECK_INT(place_one(fixture), rows[i].result);
        CHECK_INT(store_migrate(fixture, &from, &to), rows[i].migrated);
        CHECK_INT(store_ping(fixture), rows[i].result);
        fixture_end();
    }
}

static void test_settings(void)
{
    fixture_begin();
    sqlite3 *db = ((struct sqlite *)fixture)->db;
    CHECK_INT(query_integer(db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    CHECK_INT(query_integer(db, "PRAGMA synchronous"), 2);
    CHECK_INT(query_integer(db, "PRAGMA foreign_keys"), 1);
    CHECK_INT(query_integer(db, "PRAGMA trusted_schema"), 0);
    CHECK_INT(query_integer(db, "PRAGMA cache_size"), -1024);
    CHECK_INT(query_integer(db, "PRAGMA application_id"), SQLITE_APPLICATION_ID);
    CHECK_INT(query_integer(db, "PRAGMA user_version"), sqlite_schema_version());
    fixture_end();
}

static bool see_nothing(void *context, const struct product *product)
{
    (void)context;
    return product != NULL;
}

/* What a busy machine needs for an order at most, and for saying that there was no time for one. */
enum { BUSY_MS = 1000, LATE_US = 15000000 };

static void test_busy(void)
{
    fixture_begin();
    struct store *store = fixture_open_url(fixture_url, BUSY_MS);
    sqlite3 *lock = aside("BEGIN IMMEDIATE");
    int64_t start = clock_monotonic_us();
    CHECK_INT(place_one(store), STORE_BUSY);
    int64_t waited = clock_monotonic_us() - start;
    CHECK_COMPARE(waited, >=, BUSY_MS * 1000);
    CHECK_COMPARE(waited, <, LATE_US);
    /* Who only reads does not wait. */
    CHECK_INT(store_product_get(store, 1, see_nothing, NULL), STORE_OK);
    CHECK_INT(store_ping(store), STORE_OK);
    sqlite3_exec(lock, "ROLLBACK", NULL, NULL, NULL);
    CHECK_INT(place_one(store), STORE_OK);
    CHECK_INT(fixture_stock(1), 9);
    sqlite3_close(lock);
    store_close(store);
    fixture_end();
}

static int next_slowly(void *context, struct product *product)
{
    int64_t *id = context;
    *product = (struct product){++*id, 1, 1, "P", ""};
    if (*id % 20 == 0)
        clock_sleep_us(1000);
    return *id <= 4000;
}

static bool see_slowly(void *context, const struct product *product)
{
    int *seen = context;
    if (product->id % 20 == 0)
        clock_sleep_us(10000);
    ++*seen;
    return true;
}

/* An import may outlast the deadline, a list may not. */
static void test_deadline(void)
{
    int64_t id = 0;
    int seen = 0;
    fixture_begin();
    struct store *store = fixture_open_url(fixture_url, BUSY_MS);
    CHECK_INT(fixture_import_into(store, false, next_slowly, &id), STORE_OK);
    CHECK_INT(fixture_stock(4000), 1);
    CHECK_INT(store_product_list(store, 0, 0, see_slowly, &seen), STORE_BUSY);
    CHECK_COMPARE(seen, >, 0);
    CHECK_COMPARE(seen, <, 4000);
    CHECK_INT(place_one(store), STORE_OK);
    store_close(store);
    fixture_end();
}

static void test_corrupted(void)
{
    int seen = 0;
    fixture_begin();
    store_close(fixture); /* moves everything from the log into the file */
    write_at(4096, "garbage!", 512);
    fixture = fixture_open();
    CHECK_INT(store_product_list(fixture, 0, 0, see_slowly, &seen), STORE_FAULT);
    CHECK_INT(place_one(fixture), STORE_FAULT);
    write_at(0, "garbage!", 512);
    CHECK_INT(store_ping(fixture), STORE_FAULT);
    fixture_end();
}

/* Places orders until it is killed, and prints each id once it is acknowledged. */
static void place_for_ever(int out)
{
    struct store *store = fixture_open();
    while (place_one(store) == STORE_OK) {
        if (write(out, outcome.order.id, ID_TEXT_SIZE) != ID_TEXT_SIZE)
            _exit(1);
    }
    _exit(1);
}

static void check_order(const char *id)
{
    static struct order order;
    CHECK_INT(store_order_get(fixture, "c", id, &order), STORE_OK);
}

static void test_killed(void)
{
    static const struct product many = {1, 1, PRODUCT_QUANTITY_MAX, "Many", ""};
    int out[2], acknowledged = 0;
    int64_t sold = 0;
    char id[ID_TEXT_SIZE];
    fixture_begin();
    CHECK_INT(fixture_import(&many, 1), STORE_OK);
    store_close(fixture); /* the last handle's death leaves the log as it is */
    if (pipe(out) < 0)
        abort();
    pid_t child = fork();
    if (child == 0)
        place_for_ever(out[1]);
    close(out[1]);
    fixture = fixture_open();
    while (read(out[0], id, sizeof id) == sizeof id) {
        if (++acknowledged == 50)
            kill(child, SIGKILL);
        check_order(id);
    }
    close(out[0]);
    waitpid(child, NULL, 0);
    CHECK_COMPARE(acknowledged, >=, 50);
    CHECK_INT(store_order_list(fixture, &(struct store_order_filter){.consumer = "c"},
                               fixture_add_sold, &sold),
              STORE_OK);
    /* At most the one that was under way was stored and not acknowledged. */
    CHECK_COMPARE(sold, >=, acknowledged);
    CHECK_COMPARE(sold, <=, acknowledged + 1);
    CHECK_INT(fixture_stock(1) + sold, PRODUCT_QUANTITY_MAX);
    fixture_end();
}

/* Several writers at once must not keep the log from starting over. */
enum { LOG_PROCESSES = 4, LOG_ORDERS = 800, LOG_BYTES_MAX = 24 << 20 };

static int place_many(struct store *store, int number)
{
    (void)number;
    for (int i = 0; i < LOG_ORDERS; i++) {
        if (place_one(store) != STORE_OK)
            return 255;
    }
    return 1;
}

static void test_log_starts_over(void)
{
    static const struct product many = {1, 1, PRODUCT_QUANTITY_MAX, "Many", ""};
    char log[FIXTURE_URL_SIZE + 8];
    struct stat st = {0};
    fixture_begin();
    CHECK_INT(fixture_import(&many, 1), STORE_OK);
    CHECK_INT(fixture_race(LOG_PROCESSES, place_many), LOG_PROCESSES);
    snprintf(log, sizeof log, "%s-wal", file_path());
    CHECK_INT(stat(log, &st), 0);
    CHECK_COMPARE(st.st_size, <, LOG_BYTES_MAX);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"url", test_url},
    {"form of the url", test_url_form},
    {"locked at first", test_locked_at_first},
    {"missing", test_missing},
    {"foreign", test_foreign},
    {"schema version", test_schema_version},
    {"settings", test_settings},
    {"busy", test_busy},
    {"deadline", test_deadline},
    {"corrupted", test_corrupted},
    {"killed", test_killed},
    {"log starts over", test_log_starts_over},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return suite_run("unit/store/sqlite/file", NULL, NULL, tests);
}
