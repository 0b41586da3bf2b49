/* The PostgreSQL driver with two hosts, a primary and a standby that streams from it in step, and
 * what is left when the primary dies. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "check.h"
#include "store/postgres/session.h"
#include "suite.h"
#include "unit/store/postgres/proxy.h"
#include "unit/store/store_fixture.h"

enum { PROCESSES = 4, SHORT_MS = 2500, WAIT_MS = 40000, MANY = 1000000 };

static struct postgres_server primary, standby;
static struct store_outcome outcome;

/* Both hosts, of which only one takes orders. */
static void make_url(char url[FIXTURE_URL_SIZE], int first_port, int second_port,
                     const char *parameters)
{
    snprintf(url, FIXTURE_URL_SIZE, "postgresql://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres%s",
             first_port, second_port, parameters);
}

static bool becomes(const struct postgres_server *server, const char *sql, const char *value)
{
    char out[64] = "";
    for (int ms = 0; ms < WAIT_MS && strcmp(out, value) != 0; ms += 20) {
        if (!postgres_server_sql(server, "postgres", sql, out, sizeof out))
            return false;
        clock_sleep_us(20000);
    }
    return strcmp(out, value) == 0;
}

static bool streams(void)
{
    return becomes(&primary, "SELECT sync_state FROM pg_stat_replication", "sync");
}

/* The standby has all that was committed on its disk at once, and in its tables a moment later. */
static bool has_replayed(void)
{
    char lsn[64], sql[160];
    if (!postgres_server_sql(&primary, "postgres", "SELECT pg_current_wal_flush_lsn()", lsn,
                             sizeof lsn))
        return false;
    snprintf(sql, sizeof sql, "SELECT pg_last_wal_replay_lsn() >= '%s'", lsn);
    return becomes(&standby, sql, "t");
}

static void remove_servers(void)
{
    postgres_server_remove(&standby);
    postgres_server_remove(&primary);
}

/* From here on nothing is committed that the standby does not have. */
static int setup(void)
{
    static const struct product products[] = {{1, 999, 10, "Few", ""}, {2, 1, MANY, "Many", ""}};
    int from, to;
    /* The standby takes the setting over; it notices a promotion the sooner. */
    if (!postgres_server_make(&primary) ||
        !postgres_server_configure(&primary, "wal_retrieve_retry_interval = 100ms\n") ||
        !postgres_server_follow(&standby, &primary) ||
        !postgres_server_sql(&primary, "postgres",
                             "ALTER SYSTEM SET synchronous_standby_names = '*'", NULL, 0) ||
        !postgres_server_sql(&primary, "postgres", "SELECT pg_reload_conf()", NULL, 0) ||
        !streams())
        return 1;
    atexit(remove_servers);
    make_url(fixture_url, primary.port, standby.port, "");
    fixture = fixture_open();
    return store_migrate(fixture, &from, &to) == STORE_OK &&
                   fixture_import(products, 2) == STORE_OK && has_replayed()
               ? 0
               : 1;
}

static int teardown(void)
{
    store_close(fixture);
    return 0;
}

static enum store_result place(struct store *store, const char *key, int64_t quantity)
{
    return fixture_place(store, "c", key, clock_now_us(), fixture_request(1, quantity), &outcome);
}

static int64_t ordered(const char *consumer)
{
    int64_t sum = 0;
    enum store_result result = store_order_list(
        fixture, &(struct store_order_filter){.consumer = consumer}, fixture_add_sold, &sum);
    return result == STORE_OK ? sum : -1;
}

/* A standby is passed over, wherever it stands: when connecting, or by who takes any host as soon
 * as there is an order, or readiness is asked for. */
static void test_standby_first(void)
{
    static const struct {
        int line;
        const char *parameters;
        int host;
    } rows[] = {
        {__LINE__, "", 1},
        {__LINE__, "?target_session_attrs=read-write", 1},
        {__LINE__, "?target_session_attrs=any", 0},
    };
    int64_t stock = fixture_stock(1), quantity;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char url[FIXTURE_URL_SIZE];
        make_url(url, standby.port, primary.port, rows[i].parameters);
        struct store *store = fixture_open_url(url, WAIT_MS);
        CHECK_INT(store_product_get(store, 1, fixture_see_quantity, &quantity), STORE_OK);
        CHECK_INT(((struct postgres *)store)->host, rows[i].host);
        CHECK_INT(place(store, NULL, 1), STORE_OK);
        CHECK_INT(((struct postgres *)store)->host, 1);
        CHECK_INT(fixture_stock(1), --stock);
        store_close(store);
        store = fixture_open_url(url, WAIT_MS);
        CHECK_INT(store_ping(store), STORE_OK);
        CHECK_INT(((struct postgres *)store)->host, 1);
        store_close(store);
    }
}

/* The order reaches the primary late, and the standby, which can be reached, has neither it nor the
 * lock of its session: from that nothing follows. */
static void test_standby_cannot_tell(void)
{
    char url[FIXTURE_URL_SIZE];
    int64_t stock = fixture_stock(1);
    make_url(url, proxy_start(primary.port), standby.port, "?target_session_attrs=any");
    struct store *store = fixture_open_url(url, SHORT_MS);
    CHECK_TRUE(fixture_recovers(store));
    CHECK_INT(((struct postgres *)store)->host, 0);
    proxy_fail(PROXY_CUT_LATE, PROXY_REFUSE);
    CHECK_INT(place(store, NULL, 1), STORE_UNKNOWN);
    CHECK_INT(fixture_stock(1), stock - 1);
    store_close(store);
    proxy_stop();
}

/* While the standby is away an order is on one disk alone, and is not acknowledged: neither by
 * finding it there when its commit took too long, nor to who asks again with its key, nor to who
 * makes a change again that a predecessor may have made. */
static void test_standby_away(void)
{
    char id[ID_TEXT_SIZE] = "";
    const struct store_placement again = {.consumer = "c", .id = id, .again = true};
    struct store *store = fixture_open_url(fixture_url, SHORT_MS);
    CHECK_TRUE(fixture_recovers(store));
    CHECK_INT(place(store, NULL, 1), STORE_OK);
    postgres_server_stop(&standby, SIGINT);
    CHECK_INT(place(store, "away", 2), STORE_UNKNOWN);
    CHECK_INT(place(store, "away", 2), STORE_UNKNOWN);
    REQUIRE_TRUE(postgres_server_sql(&primary, "postgres",
                                     "SELECT order_id FROM idempotency_keys WHERE key = 'away'", id,
                                     sizeof id));
    CHECK_INT(fixture_order_place(store, fixture_request(1, 2), &again, &outcome), STORE_UNKNOWN);
    REQUIRE_TRUE(postgres_server_start(&standby));
    REQUIRE_TRUE(streams());
    CHECK_TRUE(fixture_recovers(store));
    CHECK_INT(fixture_order_place(store, fixture_request(1, 2), &again, &outcome), STORE_OK);
    CHECK_TEXT(outcome.order.id, id);
    CHECK_INT(place(store, "away", 2), STORE_REPLAYED);
    CHECK_TEXT(outcome.order.id, id);
    CHECK_INT(fixture_stock(1) + ordered("c"), 10);
    store_close(store);
}

static int order_through_fail_over(struct store *store, int number)
{
    int placed = 0;
    if (number == 0) {
        clock_sleep_us(300000);
        kill(primary.pid, SIGQUIT);
        return postgres_server_sql(&standby, "postgres", "SELECT pg_promote()", NULL, 0) ? 0 : 255;
    }
    int64_t until = clock_monotonic_us() + (int64_t)WAIT_MS * 1000;
    for (int after = 0; after < 5; clock_sleep_us(20000)) {
        enum store_result result =
            fixture_place(store, "load", NULL, clock_now_us(), fixture_request(2, 1), &outcome);
        placed += result == STORE_OK;
        after += result == STORE_OK && ((struct postgres *)store)->host == 1;
        if ((result != STORE_OK && result != STORE_UNREACHABLE && result != STORE_UNKNOWN) ||
            clock_monotonic_us() > until)
            return 255;
    }
    return placed;
}

/* The primary dies under load and does not return. Every handle finds the standby that took over,
 * with every order that was acknowledged, and goes on there. */
static void test_fail_over(void)
{
    char id[ID_TEXT_SIZE];
    CHECK_INT(place(fixture, "before", 2), STORE_OK);
    memcpy(id, outcome.order.id, sizeof id);
    int placed = fixture_race(PROCESSES, order_through_fail_over);
    postgres_server_stop(&primary, SIGQUIT);
    REQUIRE_TRUE(becomes(&standby, "SELECT pg_is_in_recovery()", "f"));
    CHECK_TRUE(fixture_recovers(fixture));
    CHECK_INT(((struct postgres *)fixture)->host, 1);

    int64_t stored = ordered("load");
    /* Of each process's last order on the primary the fate may be unknown to it. */
    CHECK_COMPARE(placed, >, 0, "%d of %lld", placed, (long long)stored);
    CHECK_COMPARE(stored, >=, placed, "%d of %lld", placed, (long long)stored);
    CHECK_COMPARE(stored, <, placed + PROCESSES, "%d of %lld", placed, (long long)stored);
    CHECK_INT(fixture_stock(2), MANY - stored);

    CHECK_INT(place(fixture, "before", 2), STORE_REPLAYED);
    CHECK_TEXT(outcome.order.id, id);
    CHECK_INT(place(fixture, "after", 1), STORE_OK);
    CHECK_INT(fixture_stock(1) + ordered("c"), 10);
}

/* A standby that is the only host is read from all the same; it is not ready. */
static void test_standby_alone(void)
{
    char url[FIXTURE_URL_SIZE];
    int64_t quantity = -1;
    postgres_server_url(&standby, "postgres", url);
    struct store *store = fixture_open_url(url, WAIT_MS);
    CHECK_INT(store_product_get(store, 1, fixture_see_quantity, &quantity), STORE_OK);
    CHECK_COMPARE(quantity, >=, 0);
    CHECK_INT(store_ping(store), STORE_UNREACHABLE);
    CHECK_CONTAINS(((struct postgres *)store)->error.text, "read only");
    store_close(store);
}

static CU_TestInfo tests[] = {
    {"standby alone", test_standby_alone},
    {"standby first", test_standby_first},
    {"standby cannot tell", test_standby_cannot_tell},
    {"standby away", test_standby_away},
    {"fail-over", test_fail_over},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    fixture_driver = &fixture_drivers[FIXTURE_POSTGRES];
    return suite_run("unit/store/postgres/failover", setup, teardown, tests);
}
