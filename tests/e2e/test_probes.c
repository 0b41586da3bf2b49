/* Health checks have a road of their own: they are answered at once whatever holds the workers, and
 * tell the truth about the store. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"

enum {
    TRIES = 20,
    TRIES_MAX = 200, /* a machine that has much else to do may hold many up, and not all */
    LIMIT_MS = 100,  /* the quickest: whoever waits for a worker or for a deadline is never so */
    QUEUED = 900,    /* connections, of lighttpd's 1024 */
    SILENT = 300,    /* more than the prober takes at once */
    SILENT_MS = 900, /* a silent caller goes after a second */
    WAIT_MS = 20000,
    BYTES_MAX_KB = 24 * 1024
};

static int setup(void)
{
    static const char *const env[] = {"POSTERN_STORE_TIMEOUT_MS=500", "POSTERN_DRAIN_SECONDS=2",
                                      "POSTERN_QUIET_MS=10", NULL};
    return fixture_start(&(struct pair_options){.workers = 2, .env = env});
}

/* Asks as a load balancer does, on a connection of its own each time. */
static void check_prompt(const char *path, int status)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < TRIES || (best > LIMIT_MS && i < TRIES_MAX); i++) {
        struct client *own = client_open(pair.port);
        int64_t start = load_now_ms();
        client_get(own, path, &answer);
        int64_t took = load_now_ms() - start;
        best = took < best ? took : best;
        CHECK_INT(answer.status, status, "%s", path);
        client_close(own);
    }
    CHECK_COMPARE(best, <=, LIMIT_MS, "%s, the quickest", path);
}

/* The pair as the prober's socket sees it. */
static struct pair road(void)
{
    struct pair probes = pair;
    snprintf(probes.socket, sizeof probes.socket, "%s/postern.sock.probe", pair.dir);
    return probes;
}

static void signal_workers(int signal)
{
    pid_t workers[PROCESS_WORKERS_MAX];
    size_t n = pair_workers(&pair, workers, PROCESS_WORKERS_MAX);
    CHECK_COMPARE(n, >, 0);
    for (size_t i = 0; i < n; i++)
        CHECK_TRUE(signal == SIGSTOP ? process_stop(workers[i]) : kill(workers[i], signal) == 0);
}

/* No worker answers, and hundreds of requests wait for one. */
static void test_workers_held(void)
{
    static const char request[] = "GET /products HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char *const healthcheck[] = {"healthcheck", "--ready", NULL};
    static int fds[QUEUED];
    signal_workers(SIGSTOP);
    for (int i = 0; i < QUEUED; i++) {
        fds[i] = client_raw_open(pair.port);
        CHECK_TRUE(fds[i] >= 0 && client_raw_send(fds[i], request, sizeof request - 1));
    }
    check_prompt("/healthz", 200);
    check_prompt("/readyz", 200);
    CHECK_INT(pair_command(&pair, healthcheck, NULL, 0), 0);
    for (int i = 0; i < QUEUED; i++)
        close(fds[i]);
    signal_workers(SIGCONT);
}

/* What a caller sees of the answers, and that nothing but probes is answered there. */
static void test_answers(void)
{
    static const struct {
        int line;
        const char *method, *path;
        int status;
        const char *body;
    } rows[] = {
        {__LINE__, "GET", "/healthz", 200, "{\"status\":\"ok\"}"},
        {__LINE__, "GET", "/readyz", 200, "{\"status\":\"ok\"}"},
        {__LINE__, "HEAD", "/readyz", 200, ""},
        {__LINE__, "OPTIONS", "/readyz", 204, ""},
        {__LINE__, "POST", "/readyz", 405, NULL},
        {__LINE__, "GET", "/products", 404, NULL},
        {__LINE__, "GET", "/products/1", 404, NULL},
        {__LINE__, "GET", "/", 404, NULL},
    };
    struct pair probes = road();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char method[64], path[64], id[64];
        const char *const variables[] = {method, path, "HTTP_X_REQUEST_ID=mine", NULL};
        struct fastcgi_answer got;
        snprintf(method, sizeof method, "REQUEST_METHOD=%s", rows[i].method);
        snprintf(path, sizeof path, "PATH_INFO=%s", rows[i].path);
        CHECK_TRUE(fastcgi_call(&probes, variables, "a body", &got));
        CHECK_INT(got.status, rows[i].status);
        CHECK_TRUE(fastcgi_header(&got, "X-Request-Id", id, sizeof id));
        CHECK_TEXT(id, "mine");
        if (rows[i].body)
            CHECK_TEXT(got.body, rows[i].body);
        fastcgi_free(&got);
    }
    /* The socket of requests answers probes as well, for a web server that knows no other. */
    static const char *const ready[] = {"REQUEST_METHOD=GET", "PATH_INFO=/readyz", NULL};
    struct fastcgi_answer got;
    CHECK_TRUE(fastcgi_call(&pair, ready, NULL, &got));
    CHECK_INT(got.status, 200);
    fastcgi_free(&got);
}

/* Who connects and says nothing, or half a record, holds nobody up for longer than a second. */
static void test_silent_callers(void)
{
    static int fds[SILENT];
    static const char noise[] = "GET / HTTP/1.1\r\n\r\n";
    struct pair probes = road();
    for (int i = 0; i < SILENT; i++) {
        fds[i] = fastcgi_connect(&probes);
        CHECK_COMPARE(fds[i], >=, 0);
        if (i % 3 == 1)
            client_raw_send(fds[i], fastcgi_half_record, sizeof fastcgi_half_record);
        if (i % 3 == 2)
            client_raw_send(fds[i], noise, sizeof noise - 1);
    }
    int64_t start = load_now_ms();
    CHECK_TRUE(client_get(client, "/readyz", &answer));
    CHECK_INT(answer.status, 200);
    CHECK_COMPARE(load_now_ms() - start, <=, WAIT_MS);
    for (int i = 0; i < SILENT; i++)
        close(fds[i]);
    check_prompt("/readyz", 200);
}

/* While there are places, nobody waits for them even so long. Each try has a silent caller before
 * it; a machine that has much else to do may hold a few up. */
static void test_few_silent_callers(void)
{
    int fds[TRIES], late = 0;
    struct pair probes = road();
    for (int i = 0; i < TRIES; i++) {
        fds[i] = fastcgi_connect(&probes);
        REQUIRE_COMPARE(fds[i], >=, 0);
        int64_t start = load_now_ms();
        CHECK_TRUE(client_get(client, "/readyz", &answer));
        late += load_now_ms() - start >= SILENT_MS;
        CHECK_INT(answer.status, 200);
    }
    CHECK_COMPARE(late, <=, TRIES / 4, "that waited for a silent one");
    for (int i = 0; i < TRIES; i++)
        close(fds[i]);
}

/* Kills the one child of that name, and waits for the next. */
static void replace(const char *task)
{
    pid_t old = 0, next = 0;
    REQUIRE_INT(pair_children(&pair, task, &old, 1), 1);
    kill(old, SIGKILL);
    for (int ms = 0; ms < WAIT_MS && (next == 0 || next == old); ms += 10) {
        pair_children(&pair, task, &next, 1);
        load_sleep_ms(10);
    }
    CHECK_TRUE(next != 0 && next != old, "no new %s", task);
}

static void test_killed(void)
{
    replace("postern-prober");
    CHECK_TRUE(fixture_wait_status("/readyz", 200, WAIT_MS));
    CHECK_LOG(&pair, "postern.log", "\"message\":\"prober ended\"", 0);
    replace("postern-watcher");
    check_prompt("/readyz", 200);
    CHECK_LOG(&pair, "postern.log", "\"message\":\"watcher ended\"", 0);
}

/* Readiness follows the store, and liveness does not. */
static void test_store_away(void)
{
    char here[PAIR_PATH_SIZE + 32], away[PAIR_PATH_SIZE + 32];
    snprintf(here, sizeof here, "%s/postern.db", pair.dir);
    snprintf(away, sizeof away, "%s/away.db", pair.dir);
    REQUIRE_INT(rename(here, away), 0);
    CHECK_TRUE(fixture_wait_status("/readyz", 503, WAIT_MS));
    CHECK_TRUE(answer_is_problem(&answer, 503, "store-unavailable", ANSWER_POSTERN));
    CHECK_TRUE(fixture_wait_status("/healthz", 200, WAIT_MS));
    check_prompt("/readyz", 503);
    REQUIRE_INT(rename(away, here), 0);
    CHECK_TRUE(fixture_wait_status("/readyz", 200, WAIT_MS));
}

/* If nobody looks any more, what was seen last is no longer true. */
static void test_nobody_looks(void)
{
    pid_t watcher = 0;
    REQUIRE_INT(pair_children(&pair, "postern-watcher", &watcher, 1), 1);
    CHECK_TRUE(process_stop(watcher));
    CHECK_TRUE(fixture_wait_status("/readyz", 503, WAIT_MS));
    kill(watcher, SIGCONT);
    CHECK_TRUE(fixture_wait_status("/readyz", 200, WAIT_MS));
}

/* From TERM to the end, with workers that cannot leave: alive, and not ready. */
static void test_drain(void)
{
    struct stat st;
    char probes[PAIR_PATH_SIZE + 32];
    snprintf(probes, sizeof probes, "%s/postern.sock.probe", pair.dir);
    signal_workers(SIGSTOP);
    kill(pair.app, SIGTERM);
    CHECK_TRUE(fixture_wait_status("/readyz", 503, WAIT_MS));
    /* The socket of requests is closed long before the workers are ended. */
    while (stat(pair.socket, &st) == 0)
        load_sleep_ms(10);
    client_get(client, "/healthz", &answer);
    CHECK_INT(answer.status, 200);
    client_get(client, "/readyz", &answer);
    CHECK_TRUE(answer_is_problem(&answer, 503, "draining", ANSWER_POSTERN));
    int status = process_reap(pair.app, WAIT_MS);
    CHECK_INT(process_exit(status), 0);
    pair.app = 0;
    CHECK_INT(stat(probes, &st), -1);
}

/* Master, two workers, writer, prober, watcher, exporter and publisher. */
static void test_memory(void)
{
    static const char *const tasks[] = {"postern-worker",  "postern-writer",  "postern-prober",
                                        "postern-watcher", "postern-metrics", "postern-publish"};
    check_prompt("/readyz", 200);
    client_get(client, "/products", &answer);
    int64_t sum = process_memory_kb(pair.app);
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        pid_t pids[2];
        size_t n = pair_children(&pair, tasks[i], pids, 2);
        int64_t own = 0;
        CHECK_COMPARE(n, >, 0, "%s", tasks[i]);
        for (size_t k = 0; k < n; k++)
            own += process_memory_kb(pids[k]);
        printf("probes: %s: %" PRId64 " KiB\n", tasks[i], own);
        sum += own;
    }
    int64_t web = process_memory_kb(pair.web);
    printf("probes: postern %" PRId64 " KiB, lighttpd %" PRId64 " KiB\n", sum, web);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK_COMPARE(sum + web, <=, BYTES_MAX_KB);
#endif
}

int main(void)
{
    static CU_TestInfo tests[] = {{"workers held", test_workers_held},
                                  {"answers", test_answers},
                                  {"silent callers", test_silent_callers},
                                  {"few silent callers", test_few_silent_callers},
                                  {"killed", test_killed},
                                  {"store away", test_store_away},
                                  {"nobody looks", test_nobody_looks},
                                  {"memory", test_memory},
                                  {"drain", test_drain},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/probes", setup, fixture_end, tests);
}
