/* One worker that ends by itself: service goes on, also within a drain, and the drain's end does
 * not wait for who is gone. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"

enum { WAIT_MS = 15000, SOON_MS = 200, TOLD_MS = 3000, EARLY_MS = 15000 /* of 30 s */ };

static bool start(int workers, const char *const *env)
{
    return fixture_start(&(struct pair_options){.workers = workers, .env = env}) == 0 &&
           process_wait_workers(&pair, (size_t)workers, NULL, 0, WAIT_MS);
}

/* Long before the drain's deadline. */
static void check_app_ends_early(void)
{
    int64_t since = load_now_ms();
    int status = pair_stop_app(&pair, 0);
    int64_t took = load_now_ms() - since;
    CHECK_INT(process_exit(status), 0);
    CHECK_COMPARE(took, <, EARLY_MS);
}

/* Both are busy when the drain begins; one dies in the midst of it, the other's client leaves. */
static void test_busy_one_dies(void)
{
    static const char *const env[] = {"POSTERN_DRAIN_SECONDS=30", "POSTERN_QUIET_MS=50", NULL};
    pid_t workers[2];
    int fds[2];
    REQUIRE_TRUE(start(2, env));
    CHECK_INT(pair_workers(&pair, workers, 2), 2);
    for (int i = 0; i < 2; i++) {
        fds[i] = fastcgi_connect(&pair);
        CHECK_TRUE(client_raw_send(fds[i], fastcgi_half_record, sizeof fastcgi_half_record));
    }
    load_sleep_ms(SOON_MS);
    kill(pair.app, SIGTERM);
    load_sleep_ms(SOON_MS);
    kill(workers[0], SIGKILL);
    for (int i = 0; i < 2; i++)
        close(fds[i]);
    check_app_ends_early();
    fixture_end();
}

/* The load balancer still sends requests, and the last worker dies. */
static void test_last_one_dies(void)
{
    static const char *const env[] = {"POSTERN_DRAIN_SECONDS=30", "POSTERN_DRAIN_MIN_MS=5000",
                                      "POSTERN_QUIET_MS=50", NULL};
    pid_t worker;
    REQUIRE_TRUE(start(1, env));
    CHECK_INT(pair_workers(&pair, &worker, 1), 1);
    kill(pair.app, SIGTERM);
    load_sleep_ms(SOON_MS);
    kill(worker, SIGKILL);
    client_get(client, "/products/1", &answer);
    CHECK_INT(answer.status, 200);
    client_get(client, "/readyz", &answer);
    CHECK_TRUE(answer_is_problem(&answer, 503, "draining", ANSWER_POSTERN));
    check_app_ends_early();
    fixture_end();
}

static bool asks_to_leave(void)
{
    const char *connection = client_header(&answer, "Connection");
    return connection && strcasecmp(connection, "close") == 0;
}

/* An operator's kill of one process is no drain: nobody in front may hear of it. */
static void test_one_is_told_to_stop(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGQUIT};
    int unready = 0, leaving = 0;
    pid_t workers[3];
    REQUIRE_TRUE(start(3, NULL));
    CHECK_INT(pair_workers(&pair, workers, 3), 3);
    for (int i = 0; i < 3; i++)
        kill(workers[i], signals[i]);
    /* With pauses: lighttpd by itself ends a connection that has carried a thousand requests. */
    for (int64_t until = load_now_ms() + TOLD_MS; load_now_ms() < until; load_sleep_ms(5)) {
        client_get(client, "/readyz", &answer);
        unready += answer.status != 200;
        leaving += asks_to_leave();
    }
    CHECK_INT(unready, 0, "%d unready, %d leaving", unready, leaving);
    CHECK_INT(leaving, 0, "%d unready, %d leaving", unready, leaving);
    CHECK_TRUE(process_wait_workers(&pair, 3, workers, 3, WAIT_MS));
    CHECK_LOG(&pair, "postern.log", "\"exit\":0,\"signal\":0", 0);
    CHECK_NO_LOG(&pair, "postern.log", "\"exit\":-1");
    fixture_end();
}

static void wait_long(void)
{
    load_sleep_ms(TOLD_MS);
}

/* A request that lasts longer than a whole drain may: it is ended before the worker is. */
static void test_told_to_stop_before_a_long_request(void)
{
    static const char *const env[] = {"POSTERN_DRAIN_SECONDS=1", NULL};
    static const char *const variables[] = {"REQUEST_METHOD=GET", "PATH_INFO=/products/1", NULL};
    struct fastcgi_answer got;
    pid_t worker;
    REQUIRE_TRUE(start(1, env));
    CHECK_INT(pair_workers(&pair, &worker, 1), 1);
    kill(worker, SIGTERM);
    load_sleep_ms(SOON_MS);
    fastcgi_call_parts(&pair, variables, NULL, 50, wait_long, &got);
    CHECK_INT(got.status, 200);
    fastcgi_free(&got);
    CHECK_TRUE(process_wait_workers(&pair, 1, &worker, 1, WAIT_MS));
    fixture_end();
}

enum { LATE_MAX = 400, LATE_REQUEST_MAX = 4096, LATE_STEP_MS = 25, LATE_STEPS = 4 };

/* Connections whose requests come in two parts, the second a while after the first. */
static struct {
    struct buffer request;
    int fds[LATE_MAX];
    int begun, sent;
} late;

static void late_begin(void)
{
    size_t half = late.request.len / 2;
    int fd = fastcgi_connect(&pair);
    REQUIRE_TRUE(fd >= 0 && client_raw_send(fd, late.request.data, half));
    late.fds[late.begun++] = fd;
}

/* Sends the rest over all but the last so many. */
static void late_finish(int but)
{
    size_t half = late.request.len / 2;
    for (; late.sent < late.begun - but; late.sent++)
        client_raw_send(late.fds[late.sent], late.request.data + half, late.request.len - half);
}

static int late_count_answered(void)
{
    int answered = 0;
    for (int i = 0; i < late.begun; i++) {
        struct fastcgi_answer got;
        answered += fastcgi_read(late.fds[i], &got) && got.status == 200;
        fastcgi_free(&got);
        close(late.fds[i]);
    }
    return answered;
}

/* There is always somebody who has begun to send. The one that was told to stop ends all the same:
 * those who come after a second are left to the next one, and everybody is answered. */
static void test_told_to_stop_while_others_come(void)
{
    static const char *const variables[] = {"REQUEST_METHOD=GET", "PATH_INFO=/products/1", NULL};
    pid_t worker;
    REQUIRE_TRUE(start(1, NULL));
    CHECK_INT(pair_workers(&pair, &worker, 1), 1);
    buffer_init(&late.request, LATE_REQUEST_MAX);
    fastcgi_write(&late.request, variables, NULL, false);
    kill(worker, SIGTERM);
    while (process_runs(worker) && late.begun < LATE_MAX) {
        late_begin();
        late_finish(LATE_STEPS);
        load_sleep_ms(LATE_STEP_MS);
    }
    CHECK_FALSE(process_runs(worker), "after %d connections", late.begun);
    late_finish(0);
    CHECK_INT(late_count_answered(), late.begun);
    CHECK_TRUE(process_wait_workers(&pair, 1, &worker, 1, WAIT_MS));
    buffer_free(&late.request);
    fixture_end();
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"a busy one dies in a drain", test_busy_one_dies},
        {"the last one dies in a drain", test_last_one_dies},
        {"one is told to stop", test_one_is_told_to_stop},
        {"told to stop before a long request", test_told_to_stop_before_a_long_request},
        {"told to stop while others come", test_told_to_stop_while_others_come},
        CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/worker_ends", NULL, NULL, tests);
}
