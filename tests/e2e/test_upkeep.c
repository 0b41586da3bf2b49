/* The log of a SQLite store stays short: the watcher sees to it, also one that took the place of
 * another; or the writer, if the watcher stands still. */
#include <signal.h>
#include <stdio.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "sqlite_log.h"

/* ANEW and ALONE: see store/sqlite/checkpoint.h. */
enum { ANEW = 12000, ALONE = 16000, FEW = 400, MORE = 1000 };
enum { WAIT_MS = 30000, TRY_MS = 5000, LOOK_MS = 20 };

static struct sqlite_log side;

static int setup(void)
{
    char path[PAIR_PATH_SIZE + 16], catalogue[256];
    catalogue_write(catalogue, sizeof catalogue, 1, 1000);
    int failed = fixture_start(&(struct pair_options){.workers = 2, .catalogue = catalogue});
    if (failed)
        return failed;
    snprintf(path, sizeof path, "%s/postern.db", pair.dir);
    sqlite_log_open(&side, path);
    return 0;
}

static int teardown(void)
{
    sqlite_log_close(&side);
    return fixture_end();
}

static pid_t watcher(void)
{
    pid_t pid = 0;
    REQUIRE_INT(pair_children(&pair, "postern-watcher", &pid, 1), 1);
    return pid;
}

/* Has it stand still where it holds nothing of the store, for whose end others would wait. */
static void stop(pid_t pid)
{
    int64_t until_ms = load_now_ms() + WAIT_MS;
    bool free = false;
    do {
        kill(pid, SIGCONT);
        load_sleep_ms(LOOK_MS);
        kill(pid, SIGSTOP);
        while (!process_is_stopped(pid) && load_now_ms() < until_ms)
            load_sleep_ms(1);
        free = sqlite_log_is_free(&side);
    } while (!free && load_now_ms() < until_ms);
    REQUIRE_TRUE(free);
}

static void order(void)
{
    client_post(client, "/orders", "{\"items\":[{\"product_id\":1,\"quantity\":1}]}", &answer);
    CHECK_INT(answer.status, 201);
}

/* Whether the log begins anew before it is so long that the writer sees to it. Somebody may be in
 * the way at the moment; then it is tried again when more has been written. */
static bool begins_anew(void)
{
    for (int pages = ANEW; pages < ALONE; pages += MORE) {
        int64_t until_ms = load_now_ms() + TRY_MS;
        while (load_now_ms() < until_ms) {
            if (sqlite_log_pages(&side) < FEW)
                return true;
            load_sleep_ms(LOOK_MS);
        }
        sqlite_log_lengthen(&side, pages);
        order();
    }
    return false;
}

static void test_watcher(void)
{
    sqlite_log_lengthen(&side, ANEW);
    order();
    CHECK_TRUE(begins_anew());
}

/* What was asked of the one before, the next one does. */
static void test_next_watcher(void)
{
    pid_t old = watcher();
    stop(old);
    sqlite_log_lengthen(&side, ANEW);
    order();
    CHECK_COMPARE(sqlite_log_pages(&side), >=, ANEW);
    kill(old, SIGKILL);
    CHECK_TRUE(process_wait_end(old, WAIT_MS));
    CHECK_TRUE(begins_anew());
    CHECK_TRUE(fixture_wait_status("/readyz", 200, WAIT_MS));
}

/* The log has a bound all the same, and orders are placed. */
static void test_no_watcher(void)
{
    pid_t pid = watcher();
    stop(pid);
    sqlite_log_lengthen(&side, ALONE);
    order();
    CHECK_COMPARE(sqlite_log_pages(&side), <, FEW);
    order();
    kill(pid, SIGCONT);
    CHECK_TRUE(fixture_wait_status("/readyz", 200, WAIT_MS));
}

int main(void)
{
    static CU_TestInfo tests[] = {{"watcher", test_watcher},
                                  {"the next watcher", test_next_watcher},
                                  {"no watcher", test_no_watcher},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/upkeep", setup, teardown, tests);
}
