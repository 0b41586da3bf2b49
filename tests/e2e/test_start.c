/* The start while another process holds the store: nobody can connect before the server can answer,
 * and one that does not come to serve leaves nothing behind. */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"

enum { WAIT_MS = 15000, PAUSE_MS = 200 };

static sqlite3 *holder;

static int setup(void)
{
    /* It gives the store up only when the test has looked, on a busy machine too. */
    static const char *const env[] = {"POSTERN_STORE_TIMEOUT_MS=6000", NULL};
    return fixture_start(&(struct pair_options){.env = env});
}

static bool is_there(const char *suffix)
{
    char path[PAIR_PATH_SIZE + 32];
    struct stat st;
    snprintf(path, sizeof path, "%s%s", pair.socket, suffix);
    return lstat(path, &st) == 0;
}

static bool hold_store(void)
{
    char path[PAIR_PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/postern.db", pair.dir);
    return sqlite3_open(path, &holder) == SQLITE_OK &&
           sqlite3_busy_timeout(holder, WAIT_MS) == SQLITE_OK &&
           sqlite3_exec(holder, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE", NULL, NULL,
                        NULL) == SQLITE_OK;
}

static void release_store(void)
{
    sqlite3_close(holder);
    holder = NULL;
}

/* Returns when the server has its socket and waits for the store. */
static bool start_app_without_store(void)
{
    pair_stop_app(&pair, SIGTERM);
    if (!hold_store() || !pair_write(&pair, "postern.log", "") || !pair_start_app(&pair))
        return false;
    for (int64_t until = load_now_ms() + WAIT_MS; !is_there("") && load_now_ms() < until;)
        load_sleep_ms(5);
    load_sleep_ms(PAUSE_MS);
    return is_there("");
}

static void check_nobody_connects(void)
{
    int fd = fastcgi_connect(&pair);
    CHECK_COMPARE(fd, <, 0, "connected before the store was ready");
    if (fd >= 0)
        close(fd);
    client_get(client, "/products/1", &answer);
    CHECK_TRUE(answer_is_problem(&answer, 503, "service-unavailable", ANSWER_LIGHTTPD));
}

static void test_store_comes(void)
{
    REQUIRE_TRUE(start_app_without_store());
    check_nobody_connects();
    release_store();
    CHECK_TRUE(pair_wait_ready(&pair));
}

static void test_store_does_not_come(void)
{
    REQUIRE_TRUE(start_app_without_store());
    check_nobody_connects();
    int status = pair_stop_app(&pair, 0);
    CHECK_INT(process_exit(status), 1);
    CHECK_FALSE(is_there(""));
    CHECK_FALSE(is_there(".lock"));
    release_store();
}

/* Each signal that starts a drain later; the store comes back, but nobody is served any more. */
static void test_told_to_stop(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGQUIT};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        CHECK_OF("signal %d", signals[i]);
        REQUIRE_TRUE(start_app_without_store());
        kill(pair.app, signals[i]);
        load_sleep_ms(PAUSE_MS);
        release_store();
        int status = pair_stop_app(&pair, 0);
        CHECK_INT(process_exit(status), 0);
        CHECK_FALSE(is_there(""));
        CHECK_FALSE(is_there(".lock"));
        CHECK_NO_LOG(&pair, "postern.log", "\"serving\"");
    }
}

int main(void)
{
    static CU_TestInfo tests[] = {{"told to stop", test_told_to_stop},
                                  {"the store does not come", test_store_does_not_come},
                                  {"the store comes", test_store_comes},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/start", setup, fixture_end, tests);
}
