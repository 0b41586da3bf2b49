/* The writer, which alone places orders: it stands still, it is told to end, nobody replaces it, or
 * another program holds the store. Every answer is true. (What happens when it is killed under load
 * is in test_faults.) */
#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/ledger.h"
#include "e2e/load.h"
#include "e2e/process.h"

enum { WORKERS = 6, STOCK = 100000, WAIT_MS = 20000, LOAD_MS = 1500 };

/* The writer is taken for stuck after 4 seconds. */
/* Where the master dies under load, workers leave after the quiet time. */
static const char *const settings[] = {"POSTERN_STORE_TIMEOUT_MS=500", "POSTERN_REQUEST_SECONDS=10",
                                       "POSTERN_QUIET_MS=1000", NULL};

static const char order[] = "{\"items\":[{\"product_id\":1,\"quantity\":1}]}";

static char catalogue[1024];

static int setup(void)
{
    catalogue_write(catalogue, sizeof catalogue, 2, STOCK);
    return fixture_start(
        &(struct pair_options){.workers = WORKERS, .catalogue = catalogue, .env = settings});
}

static pid_t writer(void)
{
    pid_t pid = 0;
    REQUIRE_INT(pair_children(&pair, "postern-writer", &pid, 1), 1);
    return pid;
}

static int64_t placed(void)
{
    return ledger_number(&pair, "SELECT count(*) FROM orders");
}

/* Orders at once, a client each, and what each was told. */
struct tally {
    atomic_int created, busy, unknown, other;
    atomic_bool stop;
    bool once;
};

static void tally_note(struct tally *tally, const struct client_answer *got)
{
    if (got->status == 201)
        atomic_fetch_add(&tally->created, 1);
    else if (got->status == 503 && strstr(got->body, "urn:postern:problem:store-busy"))
        atomic_fetch_add(&tally->busy, 1);
    else if (got->status == 503 && strstr(got->body, "urn:postern:problem:outcome-unknown"))
        atomic_fetch_add(&tally->unknown, 1); /* of a disk or a machine that is slow */
    else if (atomic_fetch_add(&tally->other, 1) == 0)
        fprintf(stderr, "writer: %d %s%s\n", got->status, got->body, got->error);
}

static void buy(void *context, size_t thread)
{
    struct tally *tally = context;
    struct client *mine = client_open(pair.port);
    struct client_answer got;
    (void)thread;
    do {
        client_post(mine, "/orders", order, &got);
        tally_note(tally, &got);
    } while (!tally->once && !atomic_load(&tally->stop));
    client_close(mine);
}

static void read_and_buy(void *context, size_t thread)
{
    struct client *mine = client_open(pair.port);
    struct client_answer got;
    client_get(mine, "/products", &got);
    client_close(mine);
    buy(context, thread);
}

static void check_books(int64_t before, const struct tally *tally)
{
    int64_t now = placed() - before;
    CHECK_INT(tally->other, 0);
    CHECK_COMPARE(now, >=, tally->created);
    CHECK_COMPARE(now, <=, tally->created + tally->unknown);
    CHECK_TRUE(ledger_balances(&pair, STOCK));
}

/* One more order is placed, however slow the disk is just now, and then the books are right. */
static void check_goes_on(int64_t before, struct tally *tally)
{
    int created = tally->created;
    for (int64_t until = load_now_ms() + WAIT_MS;
         tally->created == created && load_now_ms() < until;) {
        client_post(client, "/orders", order, &answer);
        tally_note(tally, &answer);
    }
    CHECK_COMPARE(tally->created, >, created);
    check_books(before, tally);
}

/* Orders that no writer takes up are told so, reads go on, and the master ends what stands still.
 */
static void test_stands_still(void)
{
    static struct tally tally = {.once = true};
    int64_t before = placed();
    pid_t old = writer();
    CHECK_TRUE(process_stop(old));
    CHECK_TRUE(load_run(WORKERS, buy, &tally));
    CHECK_TRUE(fixture_wait_status("/products/1", 200, WAIT_MS));
    CHECK_COMPARE(tally.busy, >, 0);
    CHECK_TRUE(process_wait_end(old, WAIT_MS));
    CHECK_LOG(&pair, "postern.log", "writer is stuck", WAIT_MS);
    CHECK_TRUE(pair_wait_ready(&pair));
    check_goes_on(before, &tally);
}

/* An operator's TERM to it alone costs nobody an order. */
static void test_told_to_end(void)
{
    static struct tally tally;
    static struct load load;
    int64_t before = placed();
    CHECK_TRUE(load_start(&load, WORKERS, buy, &tally));
    for (int64_t until = load_now_ms() + LOAD_MS; load_now_ms() < until; load_sleep_ms(50)) {
        pid_t pid;
        if (pair_children(&pair, "postern-writer", &pid, 1) == 1)
            kill(pid, SIGTERM);
    }
    CHECK_TRUE(process_wait_log(&pair, "postern.log", "writer ended", WAIT_MS));
    for (int64_t until = load_now_ms() + WAIT_MS; tally.created == 0 && load_now_ms() < until;)
        load_sleep_ms(10);
    atomic_store(&tally.stop, true);
    load_join(&load);
    check_books(before, &tally);
    CHECK_COMPARE(tally.created, >, 0);
}

/* Another program holds the store for longer than an order may take: neither the one that the
 * writer has nor those behind it are placed later. */
static void test_store_is_held(void)
{
    static struct tally tally = {.once = true};
    char path[PAIR_PATH_SIZE + 16];
    sqlite3 *db = NULL;
    int64_t before = placed();
    snprintf(path, sizeof path, "%s/postern.db", pair.dir);
    REQUIRE_INT(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, WAIT_MS);
    REQUIRE_INT(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    CHECK_TRUE(load_run(WORKERS, buy, &tally));
    CHECK_INT(tally.busy + tally.unknown, WORKERS);
    CHECK_INT(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    check_goes_on(before, &tally);
}

/* Without a writer the pair is not ready, and no order is half there. */
static void test_nobody_replaces_it(void)
{
    static struct tally tally = {.once = true};
    int64_t before = placed();
    CHECK_TRUE(process_stop(pair.app));
    kill(writer(), SIGKILL);
    CHECK_TRUE(load_run(WORKERS, buy, &tally));
    CHECK_INT(tally.busy, WORKERS);
    CHECK_TRUE(fixture_wait_status("/readyz", 503, WAIT_MS));
    kill(pair.app, SIGCONT);
    CHECK_TRUE(fixture_wait_status("/readyz", 200, WAIT_MS));
    check_goes_on(before, &tally);
}

/* The master dies under load; what is under way is placed and answered, and all leave. */
static void test_drain_without_master(void)
{
    static struct tally tally;
    static struct load load;
    int64_t before = placed();
    pid_t pid = writer();
    CHECK_TRUE(load_start(&load, WORKERS, buy, &tally));
    load_sleep_ms(200);
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGKILL)), -SIGKILL);
    load_sleep_ms(200);
    atomic_store(&tally.stop, true);
    load_join(&load);
    CHECK_TRUE(process_wait_end(pid, WAIT_MS));
    check_books(before, &tally);
}

/* With the workers that there are by default, all of them used, the pair takes no more than this.
 */
static void test_memory(void)
{
    enum { DEFAULT_WORKERS = 24, CLIENTS = 48, MAX_KB = 24 * 1024 };
    static struct tally tally = {.once = true};
    static const char *const tasks[] = {"postern-writer", "postern-prober", "postern-watcher",
                                        "postern-metrics"};
    fixture_end();
    REQUIRE_INT(
        fixture_start(&(struct pair_options){.workers = DEFAULT_WORKERS, .catalogue = catalogue}),
        0);
    for (int i = 0; i < 5; i++)
        CHECK_TRUE(load_run(CLIENTS, read_and_buy, &tally));
    CHECK_INT(tally.other, 0);
    int64_t sum = process_memory_kb(pair.app) + process_memory_kb(pair.web) +
                  process_workers_memory_kb(&pair);
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        pid_t pid;
        REQUIRE_INT(pair_children(&pair, tasks[i], &pid, 1), 1);
        sum += process_memory_kb(pid);
    }
    printf("writer: the pair takes %" PRId64 " KiB\n", sum);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK_COMPARE(sum, <=, MAX_KB);
#endif
}

int main(void)
{
    static CU_TestInfo tests[] = {{"stands still", test_stands_still},
                                  {"told to end", test_told_to_end},
                                  {"store is held", test_store_is_held},
                                  {"nobody replaces it", test_nobody_replaces_it},
                                  {"drain without a master", test_drain_without_master},
                                  {"memory", test_memory},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/writer", setup, fixture_end, tests);
}
