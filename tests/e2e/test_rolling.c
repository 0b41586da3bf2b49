/* A rolling replacement behind a balancer of TCP connections, which knows of a task what its health
 * checks tell: it sends new connections to tasks that are up, and never moves one that is open. Two
 * pairs stand for two tasks; the clients pick a pair, when they connect, as the balancer would.
 *
 * Every request must be answered 200 or 201. One case is none of the server's: a kept connection
 * that the server ends while it is idle, before the client's next request (RFC 9112, section 9.6);
 * such a client looks before it sends, and connects anew. */
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "e2e/catalogue.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/load.h"
#include "e2e/pair.h"
#include "e2e/process.h"
#include "e2e/wire.h"

#define ORDER "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"

enum {
    TASKS = 2,
    CLIENTS = 8,
    PROBE_MS = 200,
    FALL = 2, /* failed checks in a row after which a task is down */
    WARM_MS = 500,
    LEAST_MS = 4000,  /* POSTERN_DRAIN_MIN_MS, where there is one */
    EARLY_MS = 20000, /* far from the drain's deadline, 35 s */
    WAIT_MS = 20000
};

static const char catalogue[] = CATALOGUE_NUTS("1000000000");

static struct pair tasks[TASKS];
static atomic_bool up[TASKS], stop;
static atomic_int answered, failed, probes;
static struct load load;
static int pause_ms; /* between a client's requests */

static bool is_ready(int port)
{
    static const char probe[] = "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    char reply[1024] = "";
    int fd = client_raw_open(port);
    if (fd < 0)
        return false;
    if (client_raw_send(fd, probe, strlen(probe)))
        client_raw_read(fd, reply, sizeof reply, PROBE_MS, NULL);
    close(fd);
    return strncmp(reply, "HTTP/1.1 200 ", 13) == 0;
}

static void check_health(void)
{
    int falls[TASKS] = {0};
    while (!atomic_load(&stop)) {
        for (size_t i = 0; i < TASKS; i++) {
            falls[i] = is_ready(tasks[i].port) ? 0 : falls[i] + 1;
            if (falls[i] == 0)
                atomic_store(&up[i], true);
            else if (falls[i] >= FALL)
                atomic_store(&up[i], false);
        }
        atomic_fetch_add(&probes, 1);
        load_sleep_ms(PROBE_MS);
    }
}

/* Any that is up, the one just left too: it is so until the balancer knows better. */
static int pick_port(uint64_t *state)
{
    size_t task = load_random(state, TASKS);
    return tasks[atomic_load(&up[task]) ? task : (task + 1) % TASKS].port;
}

static void send_requests(size_t client)
{
    static const char get[] = "GET /products/1 HTTP/1.1\r\nHost: x\r\n\r\n";
    static _Thread_local struct wire wire;
    char post[512];
    uint64_t state = client;
    snprintf(post, sizeof post,
             "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             sizeof ORDER - 1, ORDER);
    wire_init(&wire, 0);
    load_sleep_ms((int)client * pause_ms / CLIENTS);
    for (int n = 0; !atomic_load(&stop); n++) {
        if (wire_is_stale(&wire))
            wire_close(&wire);
        if (wire.fd < 0)
            wire.port = pick_port(&state);
        enum wire_result result = wire_call(&wire, n % 4 == 0 ? post : get);
        if (result == WIRE_ANSWERED && (wire.status == 200 || wire.status == 201))
            atomic_fetch_add(&answered, 1);
        else if (atomic_fetch_add(&failed, 1) == 0)
            fprintf(stderr, "rolling: client %zu, %s connection, %s: %.300s\n", client,
                    wire.kept ? "kept" : "new", wire_result_names[result], wire.answer);
        load_sleep_ms(pause_ms);
    }
    wire_close(&wire);
}

static void work(void *context, size_t thread)
{
    (void)context;
    if (thread == CLIENTS)
        check_health();
    else
        send_requests(thread);
}

static bool start(const char *const *env, int pause)
{
    const struct pair_options options = {.workers = 2, .catalogue = catalogue, .env = env};
    pause_ms = pause;
    atomic_store(&answered, 0);
    atomic_store(&failed, 0);
    atomic_store(&probes, 0);
    atomic_store(&stop, false);
    for (size_t i = 0; i < TASKS; i++) {
        atomic_store(&up[i], true);
        if (!pair_start(&tasks[i], &options))
            return false;
    }
    return load_start(&load, CLIENTS + 1, work, NULL);
}

static void finish(void)
{
    atomic_store(&stop, true);
    load_join(&load);
    for (size_t i = 0; i < TASKS; i++)
        kill(tasks[i].app, SIGTERM); /* at once, for each takes its least time */
    for (size_t i = 0; i < TASKS; i++)
        pair_end(&tasks[i]);
    CHECK_INT(atomic_load(&failed), 0);
    CHECK_COMPARE(atomic_load(&answered), >, 4 * CLIENTS);
    CHECK_COMPARE(atomic_load(&probes), >, 3 * FALL);
}

static bool wait_up(size_t task)
{
    for (int64_t end = load_now_ms() + WAIT_MS; load_now_ms() < end; load_sleep_ms(10)) {
        if (atomic_load(&up[task]))
            return true;
    }
    return false;
}

/* The order of it: TERM to the application, which is ready no more; the balancer marks the task
 * down; the application leaves when its callers have; then the web server. How long the first took.
 */
static int64_t replace(size_t task)
{
    int64_t begin = load_now_ms();
    CHECK_INT(process_exit(pair_stop_app(&tasks[task], SIGTERM)), 0);
    int64_t took = load_now_ms() - begin;
    CHECK_FALSE(atomic_load(&up[task]), "task %zu left before it was marked down", task);
    CHECK_INT(process_exit(pair_stop_web(&tasks[task], SIGINT)), 0);
    CHECK_TRUE(pair_start_app(&tasks[task]));
    CHECK_TRUE(pair_start_web(&tasks[task]));
    CHECK_TRUE(wait_up(task));
    return took;
}

/* Steady load over kept connections: they end when their next answer says so, and health checks,
 * which go on, do not keep the drain from becoming quiet. */
static void test_steady(void)
{
    static const char *const env[] = {"POSTERN_DRAIN_SECONDS=35", "POSTERN_QUIET_MS=2000", NULL};
    REQUIRE_TRUE(start(env, 5));
    load_sleep_ms(WARM_MS);
    for (size_t i = 0; i < TASKS; i++) {
        int64_t took = replace(i);
        CHECK_COMPARE(took, <, EARLY_MS, "task %zu took %d ms", i, (int)took);
        load_sleep_ms(WARM_MS);
    }
    finish();
}

/* Callers so rare that the pauses between them are longer than the quiet time: only the drain's
 * least time, which covers the health checks until the task is down and then a request on each
 * connection that is open, gives every one of them a way out. */
static void test_rare(void)
{
    static const char *const env[] = {"POSTERN_DRAIN_SECONDS=35", "POSTERN_QUIET_MS=20",
                                      "POSTERN_DRAIN_MIN_MS=4000", NULL};
    REQUIRE_TRUE(start(env, 700));
    load_sleep_ms(WARM_MS * 2);
    for (size_t i = 0; i < TASKS; i++) {
        int64_t took = replace(i);
        CHECK_COMPARE(took, >=, LEAST_MS, "task %zu took %d ms", i, (int)took);
        CHECK_COMPARE(took, <, EARLY_MS, "task %zu took %d ms", i, (int)took);
        load_sleep_ms(WARM_MS);
    }
    finish();
}

/* The answer to a kept connection's request says that it ends, and it does. */
static void test_told_to_leave(void)
{
    static const char *const env[] = {"POSTERN_DRAIN_MIN_MS=4000", "POSTERN_QUIET_MS=10", NULL};
    static const char get[] = "GET /products/1 HTTP/1.1\r\nHost: x\r\n\r\n";
    struct pair *pair = &tasks[0];
    static struct wire wire;
    char reply[4096];
    bool closed = false;
    REQUIRE_TRUE(pair_start(pair, &(struct pair_options){.env = env}));
    wire_init(&wire, pair->port);
    CHECK_INT(wire_call(&wire, get), WIRE_ANSWERED);
    CHECK_INT(wire.status, 200);
    CHECK_NULL(strcasestr(wire.answer, "\r\nConnection:"));
    CHECK_FALSE(wire_is_stale(&wire));
    kill(pair->app, SIGTERM);
    CHECK_LOG(pair, "postern.log", "\"draining\"", WAIT_MS);
    CHECK_TRUE(client_raw_send(wire.fd, get, strlen(get)));
    client_raw_read(wire.fd, reply, sizeof reply, WAIT_MS, &closed);
    CHECK_START(reply, "HTTP/1.1 200 ");
    CHECK_TRUE(closed);
    CHECK_NOT_NULL(strcasestr(reply, "\r\nConnection: close\r\n"));
    wire_close(&wire);
    CHECK_INT(process_exit(pair_stop_app(pair, 0)), 0);
    pair_end(pair);
}

int main(void)
{
    static CU_TestInfo tests[] = {{"told to leave", test_told_to_leave},
                                  {"steady callers", test_steady},
                                  {"rare callers", test_rare},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/rolling", NULL, NULL, tests);
}
