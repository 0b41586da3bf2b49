/* The PostgreSQL driver when its server, or the way there, is lost. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "check.h"
#include "store/postgres/session.h"
#include "suite.h"
#include "unit/store/postgres/database.h"
#include "unit/store/postgres/proxy.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome;

static enum store_result place_one(struct store *store)
{
    return fixture_place(store, "c", "key", clock_now_us(), fixture_request(1, 1), &outcome);
}

static enum store_result place_without_key(struct store *store)
{
    return fixture_place(store, "c", NULL, clock_now_us(), fixture_request(1, 1), &outcome);
}

/* How many of product 1 were sold; -1 if that is not what is missing from the stock. */
static int64_t sold(void)
{
    int64_t sum = 0;
    CHECK_INT(store_order_list(fixture, &(struct store_order_filter){.consumer = "c"},
                               fixture_add_sold, &sum),
              STORE_OK);
    return fixture_stock(1) + sum == 10 ? sum : -1;
}

static void test_restart(void)
{
    static const int signals[] = {SIGINT, SIGQUIT};
    fixture_begin();
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        CHECK_INT(place_without_key(fixture), STORE_OK);
        postgres_server_stop(&fixture_server, signals[i]);
        int64_t start = clock_monotonic_us();
        for (int n = 0; n < 50; n++) {
            CHECK_INT(place_without_key(fixture), STORE_UNREACHABLE);
            CHECK_INT(store_ping(fixture), STORE_UNREACHABLE);
        }
        /* At once each: all together take less time than one has. */
        CHECK_COMPARE(clock_monotonic_us() - start, <, (int64_t)FIXTURE_TIMEOUT_MS * 1000);
        REQUIRE_TRUE(postgres_server_start(&fixture_server));
        CHECK_TRUE(fixture_recovers(fixture));
    }
    CHECK_INT(sold(), 2);
    fixture_end();
}

/* A restart between two calls goes unnoticed, whichever call comes first. */
static void test_restart_between_calls(void)
{
    static const int signals[] = {SIGINT, SIGQUIT};
    fixture_begin();
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(store_ping(fixture), STORE_OK);
        postgres_server_stop(&fixture_server, signals[i % 2]);
        REQUIRE_TRUE(postgres_server_start(&fixture_server));
        if (i < 2)
            CHECK_INT(place_without_key(fixture), STORE_OK);
        CHECK_COMPARE(fixture_stock(1), >=, 0);
    }
    CHECK_INT(sold(), 2);
    fixture_end();
}

static int order_through_restarts(struct store *store, int number)
{
    static char id[ID_TEXT_SIZE];
    int placed = 0;
    if (number == 0) {
        /* When one of its processes dies, the server ends all others and recovers. */
        if (store_ping(store) != STORE_OK)
            return 255;
        clock_sleep_us(300000);
        kill(PQbackendPID(((struct postgres *)store)->conn), SIGKILL);
        return 0;
    }
    int64_t until = clock_monotonic_us() + 1500000;
    while (clock_monotonic_us() < until && placed < 80) {
        clock_sleep_us(5000);
        id_make(clock_now_us(), id);
        struct store_placement placement = {.consumer = "c", .id = id, .now_us = FIXTURE_NOW_US};
        enum store_result result =
            fixture_order_place(store, fixture_request(2, 1), &placement, &outcome);
        placed += result == STORE_OK;
        if (result != STORE_OK && result != STORE_UNREACHABLE && result != STORE_UNKNOWN)
            return 255;
    }
    return placed;
}

/* Every order that was acknowledged is there after a crash, and no other one changed the stock. */
static void test_crash_under_load(void)
{
    static const struct product many = {2, 1, 1000000, "Many", ""};
    int64_t stored = 0;
    fixture_begin();
    CHECK_INT(fixture_import(&many, 1), STORE_OK);
    int placed = fixture_race(4, order_through_restarts);
    CHECK_TRUE(fixture_recovers(fixture));
    CHECK_INT(store_order_list(fixture, &(struct store_order_filter){.consumer = "c"},
                               fixture_add_sold, &stored),
              STORE_OK);
    /* Of each process's last order before the crash the fate may be unknown to it. */
    CHECK_COMPARE(placed, >, 0, "%d of %lld", placed, (long long)stored);
    CHECK_COMPARE(stored, >=, placed, "%d of %lld", placed, (long long)stored);
    CHECK_COMPARE(stored, <=, placed + 3, "%d of %lld", placed, (long long)stored);
    CHECK_INT(fixture_stock(2), 1000000 - stored);
    fixture_end();
}

/* What was sent, or its answer, is lost with the connection. Nothing is done twice, and what the
 * call returns is true. */
static void test_unknown_outcome(void)
{
    static const struct {
        int line;
        enum proxy_mode now, then;
        enum store_result result;
        int64_t sold;
    } rows[] = {
        {__LINE__, PROXY_CUT_BEFORE, PROXY_PASS, STORE_OK, 1},
        {__LINE__, PROXY_CUT_AFTER, PROXY_PASS, STORE_OK, 1},
        {__LINE__, PROXY_CUT_LATE, PROXY_PASS, STORE_OK, 1},
        {__LINE__, PROXY_SWALLOW, PROXY_PASS, STORE_OK, 1},
        {__LINE__, PROXY_HOLD, PROXY_PASS, STORE_OK, 1},
        /* Nobody can know. */
        {__LINE__, PROXY_CUT_BEFORE, PROXY_REFUSE, STORE_UNKNOWN, 0},
        {__LINE__, PROXY_CUT_AFTER, PROXY_REFUSE, STORE_UNKNOWN, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        fixture_begin();
        int port = proxy_start(fixture_server.port);
        /* It passes whole where the server is refused. A quarter of it is left for another try
         * where nothing answered. So much is enough on a busy machine. */
        bool silent = rows[i].now == PROXY_SWALLOW || rows[i].now == PROXY_HOLD;
        bool refused = rows[i].then == PROXY_REFUSE;
        struct store *store = database_open_at(port, silent ? 8000 : refused ? 2500 : 15000);
        CHECK_TRUE(fixture_recovers(store));
        proxy_fail(rows[i].now, rows[i].then);
        CHECK_INT(place_one(store), rows[i].result);
        /* Long enough for what is late. */
        clock_sleep_us(rows[i].now == PROXY_CUT_LATE ? 2 * PROXY_LATE_US : 50000);
        CHECK_INT(sold(), rows[i].sold);
        proxy_fail(PROXY_PASS, PROXY_PASS);
        CHECK_TRUE(fixture_recovers(store));
        /* The key brings back what was placed, or places it now. */
        CHECK_INT(place_one(store), rows[i].sold ? STORE_REPLAYED : STORE_OK);
        CHECK_INT(sold(), 1);
        store_close(store);
        proxy_stop();
        fixture_end();
    }
}

/* Reads are done again without a word. */
static void test_lost_read(void)
{
    static const enum proxy_mode modes[] = {PROXY_CUT_BEFORE, PROXY_CUT_AFTER};
    fixture_begin();
    CHECK_INT(place_one(fixture), STORE_OK);
    struct store *store = database_open_at(proxy_start(fixture_server.port), FIXTURE_TIMEOUT_MS);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        int64_t quantity = 0, sum = 0;
        CHECK_INT(store_ping(store), STORE_OK);
        proxy_fail(modes[i], PROXY_PASS);
        CHECK_INT(store_product_get(store, 1, fixture_see_quantity, &quantity), STORE_OK);
        CHECK_INT(quantity, 9);
        proxy_fail(modes[i], PROXY_PASS);
        CHECK_INT(store_order_list(store, &(struct store_order_filter){.consumer = "c"},
                                   fixture_add_sold, &sum),
                  STORE_OK);
        CHECK_INT(sum, 1);
    }
    store_close(store);
    proxy_stop();
    fixture_end();
}

static enum store_result import_one(struct store *store, int64_t quantity)
{
    const struct product one = {4, 1, quantity, "One", ""};
    return fixture_import_into(store, false, fixture_next,
                               &(struct fixture_products){.products = &one, .count = 1});
}

/* An import fails, and then the connection, before it is undone: the first of the two is told. */
static void test_lost_rollback(void)
{
    fixture_begin();
    database_sql("ALTER TABLE products ADD CHECK (quantity < 50)");
    struct store *store = database_open_at(proxy_start(fixture_server.port), FIXTURE_TIMEOUT_MS);
    const struct postgres *p = (const struct postgres *)store;
    CHECK_TRUE(fixture_recovers(store));
    proxy_fail(PROXY_NO_UNDOING, PROXY_PASS);
    CHECK_INT(import_one(store, 50), STORE_FAULT);
    CHECK_TEXT(p->error.state, "23514");
    CHECK_NULL(p->conn);
    CHECK_INT(import_one(store, 49), STORE_OK);
    CHECK_INT(fixture_stock(4), 49);
    store_close(store);
    proxy_stop();
    fixture_end();
}

/* Long enough for a busy machine to connect and to place an order; and how much later than that it
 * may come to say that nobody answered, where a call without a deadline would wait for ever. */
enum { SILENCE_MS = 3000, LATE_MS = 10000, END_MS = 20000 };

/* Places an order, and waits for little more than the deadline. */
static enum store_result place_in_time(struct store *store)
{
    int64_t start = clock_monotonic_us();
    enum store_result result = place_without_key(store);
    int64_t waited_ms = (clock_monotonic_us() - start) / 1000;
    CHECK_COMPARE(waited_ms, <, SILENCE_MS + LATE_MS);
    return result;
}

/* Lets a process go on that is to end, and waits for it. */
static void await_end(pid_t pid)
{
    kill(pid, SIGCONT);
    for (int ms = 0; ms < END_MS && kill(pid, 0) == 0; ms += 10)
        clock_sleep_us(10000);
    CHECK_INT(kill(pid, 0), -1);
}

/* The server's process for this connection stops in its tracks; others take its place. */
static void test_silent_backend(void)
{
    fixture_begin();
    struct store *store = fixture_open_url(fixture_url, SILENCE_MS);
    CHECK_TRUE(fixture_recovers(store));
    pid_t backend = PQbackendPID(((struct postgres *)store)->conn);
    kill(backend, SIGSTOP);
    CHECK_INT(place_in_time(store), STORE_UNKNOWN);
    CHECK_TRUE(fixture_recovers(store));
    CHECK_INT(place_in_time(store), STORE_OK);
    await_end(backend);
    CHECK_TRUE(fixture_recovers(store));
    CHECK_INT(place_in_time(store), STORE_OK);
    /* It has the first order still, or it is told to end before it comes to that. */
    int64_t orders = sold();
    CHECK_COMPARE(orders, >=, 2);
    CHECK_COMPARE(orders, <=, 3);
    store_close(store);
    fixture_end();
}

/* So does the one that takes connections. */
static void test_silent_server(void)
{
    fixture_begin();
    struct store *store = fixture_open_url(fixture_url, SILENCE_MS);
    CHECK_TRUE(fixture_recovers(store));
    pid_t backend = PQbackendPID(((struct postgres *)store)->conn);
    kill(backend, SIGSTOP);
    kill(fixture_server.pid, SIGSTOP);
    CHECK_INT(place_in_time(store), STORE_UNKNOWN);
    for (int i = 0; i < 2; i++)
        CHECK_INT(place_in_time(store), STORE_UNREACHABLE);
    kill(fixture_server.pid, SIGCONT);
    await_end(backend);
    CHECK_TRUE(fixture_recovers(store));
    CHECK_INT(place_in_time(store), STORE_OK);
    int64_t orders = sold();
    CHECK_COMPARE(orders, >=, 1);
    CHECK_COMPARE(orders, <=, 2);
    store_close(store);
    fixture_end();
}

/* Neither a host that refuses nor one that is silent hides the next one. */
static void test_several_hosts(void)
{
    char url[FIXTURE_URL_SIZE], port[16];
    fixture_begin();
    int silent_port, silent = proxy_listen(&silent_port);
    snprintf(url, sizeof url,
             "postgres://postgres@127.0.0.1:1,127.0.0.1:%d,127.0.0.1:%d/%s"
             "?target_session_attrs=read-write",
             silent_port, fixture_server.port, database_name());
    /* Long enough for a busy machine: the silent host takes its share of the deadline first. */
    struct store *store = fixture_open_url(url, 6000);
    CHECK_INT(place_without_key(store), STORE_OK);
    CHECK_INT(((struct postgres *)store)->host, 2);
    store_close(store);
    /* A host without a port has the usual one, not another's. */
    snprintf(port, sizeof port, "%d", fixture_server.port);
    setenv("PGPORT", port, 1);
    snprintf(url, sizeof url, "postgres://postgres@127.0.0.1,127.0.0.1:1/%s", database_name());
    store = fixture_open_url(url, 6000);
    CHECK_INT(place_without_key(store), STORE_OK);
    store_close(store);
    unsetenv("PGPORT");
    close(silent);
    fixture_end();
}

/* Runs calls against a server that is away, and returns what was logged. */
static const char *log_of_calls(const char *url, int calls)
{
    static char text[8192];
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    CHECK_COMPARE(dup2(fileno(file), STDERR_FILENO), >=, 0);
    struct store *store = fixture_open_url(url, 500);
    for (int i = 0; i < calls; i++)
        CHECK_INT(store_ping(store), STORE_UNREACHABLE);
    store_close(store);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void test_log(void)
{
    const char *log = log_of_calls("postgresql://ada:s3cret@127.0.0.1:1/shop", 20);
    CHECK_CONTAINS(log, "postgresql://127.0.0.1:1/shop");
    CHECK_CONTAINS(log, "Connection refused");
    CHECK_LACKS(log, "s3cret");
    CHECK_TEXT(strchr(log, '\n'), "\n");
}

/* Writes the file that test_causes' calls read the password from, or removes it. */
static void set_file(const char *path, bool there)
{
    FILE *file = there ? fopen(path, "we") : NULL;
    if (file)
        fclose(file);
    else
        unlink(path);
}

/* Two causes in turn are a line each, whenever it changes, though the server never spoke. */
static void test_causes(void)
{
    static const bool there[] = {false, false, true, true, false};
    static char text[8192];
    char path[] = "/tmp/postern-causes-XXXXXX";
    const struct store_options options = {
        .url = "postgresql://u@127.0.0.1:1/shop", .timeout_ms = 20000, .password_file = path};
    FILE *log = tmpfile();
    int fd = mkstemp(path), saved = dup(STDERR_FILENO);
    close(fd);
    CHECK_COMPARE(dup2(fileno(log), STDERR_FILENO), >=, 0);
    struct store *store = store_open(&options);
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++) {
        set_file(path, there[i]);
        clock_sleep_us(160000); /* or it would not try */
        CHECK_INT(store_ping(store), STORE_UNREACHABLE);
    }
    store_close(store);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(log);
    text[fread(text, 1, sizeof text - 1, log)] = '\0';
    fclose(log);
    unlink(path);
    static const char *const causes[] = {"DATABASE_PASSWORD_FILE: No such file",
                                         "Connection refused",
                                         "DATABASE_PASSWORD_FILE: No such file"};
    char *line = text;
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        char *end = strchr(line, '\n');
        REQUIRE_TRUE(end);
        *end = '\0';
        CHECK_CONTAINS(line, causes[i]);
        line = end + 1;
    }
    CHECK_TEXT(line, "");
}

static CU_TestInfo tests[] = {
    {"causes", test_causes},
    {"restart", test_restart},
    {"restart between calls", test_restart_between_calls},
    {"crash under load", test_crash_under_load},
    {"unknown outcome", test_unknown_outcome},
    {"lost read", test_lost_read},
    {"lost rollback", test_lost_rollback},
    {"silent backend", test_silent_backend},
    {"silent server", test_silent_server},
    {"several hosts", test_several_hosts},
    {"log", test_log},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    fixture_driver = &fixture_drivers[FIXTURE_POSTGRES];
    return suite_run("unit/store/postgres/loss", NULL, NULL, tests);
}
