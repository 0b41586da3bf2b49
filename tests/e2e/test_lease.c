/* Through lighttpd with its module: nothing published is served for longer than its lease after the
 * application stands still, after its publisher does, after the store is cut off by what stands
 * before it, and from the beginning of a drain on. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "check.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "e2e/taker.h"
#include "unit/store/postgres/proxy.h"

#define PRODUCT   "/products/1"
#define PUBLISHER "postern-publish"

enum {
    WAIT_MS = 20000,
    TICK_MS = 5,
    CALL_MS = 150,         /* for what nobody answers */
    AFTER_US = 200 * 1000, /* for which reads go on after a lease */
    ROUNDS = 5,            /* a busy machine may let a lease pass without a read */
    CHILDREN_MAX = PROCESS_WORKERS_MAX
};

static const char catalogue[] = CATALOGUE_NUTS("100");
static struct taker taker;
static pid_t stopped[CHILDREN_MAX];
static size_t stopped_count;

/* The database is there, and is reached through the proxy from then on. */
static int setup(void)
{
    static const char *const env[] = {"POSTERN_STORE_TIMEOUT_MS=300", "POSTERN_QUIET_MS=50", NULL};
    struct pair_options options = {.module = true,
                                   .catalogue = catalogue,
                                   .env = env,
                                   .lighttpd =
                                       "include env.WEBSERVER_CONF + \"/published.conf\"\n"};
    char url[POSTGRES_SERVER_URL_SIZE];
    if (!postgres_server_make(&fixture_server))
        return 1;
    struct postgres_server seen = fixture_server;
    seen.port = proxy_start(fixture_server.port);
    postgres_server_url(&seen, "postgres", url);
    options.database = url;
    return fixture_start(&options);
}

static int teardown(void)
{
    taker_close(&taker);
    fixture_end();
    proxy_stop();
    return 0;
}

/* The product's stock as it is read now; -1 if that is not answered with 200. */
static int64_t read_stock(void)
{
    const struct client_request request = {.method = "GET", .path = PRODUCT, .timeout_ms = CALL_MS};
    if (!client_call(client, &request, &answer) || answer.status != 200)
        return -1;
    const char *at = strstr(answer.body, "\"quantity\":");
    return at ? strtoll(at + strlen("\"quantity\":"), NULL, 10) : -1;
}

static void publish(void)
{
    REQUIRE_TRUE(fixture_wait_status(PRODUCT, 200, WAIT_MS));
    REQUIRE_TRUE(taker_take(&taker, &pair));
    REQUIRE_TRUE(taker_wait_published(&taker, client, 1, &answer));
    /* lighttpd takes the memory with a request. */
    for (int i = 0; i < 10; i++)
        client_get(client, PRODUCT, &answer);
}

static void stop(pid_t pid)
{
    int64_t until = load_now_ms() + WAIT_MS;
    stopped[stopped_count++] = pid;
    kill(pid, SIGSTOP);
    while (!process_is_stopped(pid) && load_now_ms() < until)
        load_sleep_ms(TICK_MS);
    REQUIRE_TRUE(process_is_stopped(pid));
}

static void stop_publisher(void)
{
    pid_t pid = 0;
    REQUIRE_INT(pair_children(&pair, PUBLISHER, &pid, 1), 1);
    stop(pid);
}

static void go_on(void)
{
    while (stopped_count > 0)
        kill(stopped[--stopped_count], SIGCONT);
}

/* The master first, so that it starts nobody in the place of one that does not answer. */
static void stop_all(void)
{
    static const char *const names[] = {PUBLISHER, "postern-worker", "postern-writer",
                                        "postern-prober"};
    stop(pair.app);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        pid_t pids[CHILDREN_MAX];
        size_t n = pair_children(&pair, names[i], pids, 8);
        for (size_t j = 0; j < n; j++)
            stop(pids[j]);
    }
}

/* What is sent to the store comes nowhere, and neither side is told. */
static void hold_store(void)
{
    proxy_fail(PROXY_HOLD, PROXY_HOLD);
}

/* Who sends something to the store is cut off. */
static void cut_store(void)
{
    proxy_fail(PROXY_CUT_BEFORE, PROXY_CUT_BEFORE);
}

static void mend_store(void)
{
    proxy_fail(PROXY_PASS, PROXY_PASS);
}

/* While the application cannot answer, each 200 is of a published answer. */
static void check_fault(void (*begin)(void), void (*end)(void))
{
    bool served = false;
    for (int round = 0; round < ROUNDS && !served; round++) {
        publish();
        begin();
        int64_t since_us = clock_monotonic_us(), us;
        while ((us = clock_monotonic_us() - since_us) < LAYOUT_LEASE_US + AFTER_US) {
            bool shown = read_stock() >= 0;
            CHECK_FALSE(shown && us >= LAYOUT_LEASE_US, "after %" PRId64 " us", us);
            served = served || shown;
        }
        end();
    }
    CHECK_TRUE(served, "nothing was published before the lease was over");
    publish();
}

static void test_store_silent(void)
{
    check_fault(hold_store, mend_store);
}

static void test_store_refuses(void)
{
    check_fault(cut_store, mend_store);
}

static void test_stopped(void)
{
    check_fault(stop_all, go_on);
}

/* By somebody beside the application; returns the stock after it. */
static int64_t change_stock(int64_t before)
{
    CHECK_TRUE(postgres_server_sql(&fixture_server, "postgres",
                                   "UPDATE products SET quantity = quantity + 1 WHERE id = 1", NULL,
                                   0));
    return before + 1;
}

/* The application answers what is true; what is published is what was. */
static void test_publisher_stuck(void)
{
    bool served = false;
    for (int round = 0; round < ROUNDS && !served; round++) {
        publish();
        int64_t old = read_stock(), us;
        stop_publisher();
        int64_t since_us = clock_monotonic_us(), new = change_stock(old);
        while ((us = clock_monotonic_us() - since_us) < LAYOUT_LEASE_US + AFTER_US) {
            int64_t shown = read_stock();
            if (us >= LAYOUT_LEASE_US && shown >= 0)
                CHECK_INT(shown, new);
            served = served || shown == old;
        }
        go_on();
    }
    CHECK_TRUE(served);
}

static int count_drains(void)
{
    int count = 0;
    char *log = pair_read(&pair, "postern.log");
    for (const char *at = log; at && (at = strstr(at, "\"message\":\"draining\"")); at++)
        count++;
    free(log);
    return count;
}

/* However long the lease still is. */
static void test_draining(void)
{
    bool served = false;
    for (int round = 0; round < ROUNDS && !served; round++) {
        int drains = count_drains();
        publish();
        int64_t old = read_stock();
        stop_publisher();
        int64_t new = change_stock(old);
        served = read_stock() == old;
        kill(pair.app, SIGTERM);
        for (int64_t until = load_now_ms() + WAIT_MS; count_drains() == drains;) {
            REQUIRE_COMPARE(load_now_ms(), <, until);
            load_sleep_ms(1);
        }
        served = served && taker.handover.layout->lease_us > clock_monotonic_us();
        int64_t shown = read_stock();
        CHECK_TRUE(shown == new || shown == -1, "%" PRId64 " is shown", shown);
        go_on();
        pair_stop_app(&pair, SIGTERM);
        REQUIRE_TRUE(pair_start_app(&pair) && pair_wait_ready(&pair));
    }
    CHECK_TRUE(served, "no drain began within a lease");
}

int main(void)
{
    CU_TestInfo tests[] = {{"the store is silent", test_store_silent},
                           {"the store refuses", test_store_refuses},
                           {"the application is stopped", test_stopped},
                           {"the publisher is stuck", test_publisher_stuck},
                           {"draining", test_draining},
                           CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/lease", setup, teardown, tests);
}
