/* One worker that ends by itself: service goes on, also within a drain, and the drain's end does
 * not wait for who is gone. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e/answer.h"
#include "e2e/client.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "suite.h"

enum { WAIT_MS = 15000, SOON_MS = 200 };

static bool start(int workers, const char *const *env)
{
    return fixture_start(&(struct pair_options){.workers = workers, .env = env}) == 0 &&
           process_wait_workers(&pair, (size_t)workers, NULL, 0, WAIT_MS);
}

static void check_app_ends(int64_t within_ms)
{
    int64_t since = load_now_ms();
    int status = pair_stop_app(&pair, 0);
    int64_t took = load_now_ms() - since;
    SUITE_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status %d", status);
    SUITE_CHECK(took < within_ms, "the drain took %d ms more", (int)took);
}

/* Both are busy when the drain begins; one dies in the midst of it, the other's client leaves. */
static void test_busy_one_dies(void)
{
    static const char *const env[] = {"POSTERN_DRAIN_SECONDS=8", "POSTERN_QUIET_MS=50", NULL};
    pid_t workers[2];
    int fds[2];
    CU_ASSERT_TRUE_FATAL(start(2, env));
    CU_ASSERT_EQUAL(pair_workers(&pair, workers, 2), 2);
    for (int i = 0; i < 2; i++) {
        fds[i] = fastcgi_connect(&pair);
        CU_ASSERT(client_raw_send(fds[i], fastcgi_half_record, sizeof fastcgi_half_record));
    }
    load_sleep_ms(SOON_MS);
    kill(pair.app, SIGTERM);
    load_sleep_ms(SOON_MS);
    kill(workers[0], SIGKILL);
    for (int i = 0; i < 2; i++)
        close(fds[i]);
    check_app_ends(4000);
    fixture_end();
}

/* The load balancer still sends requests, and the last worker dies. */
static void test_last_one_dies(void)
{
    static const char *const env[] = {"POSTERN_DRAIN_SECONDS=10", "POSTERN_DRAIN_MIN_MS=2000",
                                      "POSTERN_QUIET_MS=50", NULL};
    pid_t worker;
    CU_ASSERT_TRUE_FATAL(start(1, env));
    CU_ASSERT_EQUAL(pair_workers(&pair, &worker, 1), 1);
    kill(pair.app, SIGTERM);
    load_sleep_ms(SOON_MS);
    kill(worker, SIGKILL);
    client_get(client, "/products/1", &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    client_get(client, "/readyz", &answer);
    CU_ASSERT(answer_is_problem(&answer, 503, "draining", ANSWER_POSTERN));
    check_app_ends(4000);
    fixture_end();
}

int main(void)
{
    static CU_TestInfo tests[] = {{"a busy one dies in a drain", test_busy_one_dies},
                                  {"the last one dies in a drain", test_last_one_dies},
                                  CU_TEST_INFO_NULL};
    return suite_run("e2e/worker_ends", NULL, NULL, tests);
}
