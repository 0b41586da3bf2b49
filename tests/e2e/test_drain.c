/* Stopping under load: whatever was accepted is answered, and nothing is left behind.
 *
 * What counts as accepted? A client can tell by how its connection ends.
 *   - Any byte of an answer: accepted, so the answer must be whole, and 200 or 201.
 *   - No connection at all: not accepted.
 *   - A new connection that is reset before the first byte: it was still in the kernel's queue when
 *     the web server closed its listening socket; no process ever saw it. Not accepted.
 *   - A new connection that is closed in an orderly way before the first byte: the web server had
 *     taken it. Accepted, and lost.
 *   - A kept connection that ends before the first byte: the request crossed the server's closing
 * of an idle connection, which HTTP allows at any time (RFC 9112, section 9.6). Not accepted,
 *     unless the logs say otherwise: every request carries an id of its own, and an id that the web
 *     server or the application has logged was accepted.
 *   - And an order in the database whose 201 nobody got was accepted, whatever else was seen. */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/ledger.h"
#include "e2e/load.h"
#include "e2e/pair.h"
#include "e2e/process.h"
#include "e2e/wire.h"

enum {
    THREADS = 16,
    WORKERS = 4,
    WARM_ANSWERS = 3, /* of each thread, until the traffic is there */
    WAIT_MS = 30000,
    PAUSE_MS = 300,
    TAIL_MS = 700, /* how long traffic goes on to an application that drains */
    UNSURE_MAX = 64,
    STOCK = 1000000000,
    ID_SIZE = 32
};

static const char catalogue[] = CATALOGUE_NUTS("1000000000");

static struct pair pair;
static struct load load;

/* What one thread saw. */
struct view {
    atomic_int answered, placed;
    atomic_int turned_away; /* 503: nobody serves any more */
    int lost;
    int unaccepted;
    int unsure_count; /* requests on kept connections that ended without a byte */
    char unsure[UNSURE_MAX][ID_SIZE];
};

struct traffic {
    atomic_bool stop;
    struct view views[THREADS];
};

static struct traffic traffic;

static void make_request(char *out, size_t size, const char *id, bool order, bool keep)
{
    static const char body[] = "{\"items\":[{\"product_id\":1,\"quantity\":1}]}";
    const char *connection = keep ? "" : "Connection: close\r\n";
    if (order)
        snprintf(out, size,
                 "POST /orders HTTP/1.1\r\nHost: x\r\nX-Request-Id: %s\r\n%s"
                 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                 id, connection, sizeof body - 1, body);
    else
        snprintf(out, size, "GET /products/1 HTTP/1.1\r\nHost: x\r\nX-Request-Id: %s\r\n%s\r\n", id,
                 connection);
}

static void view_result(struct view *view, const struct wire *wire, enum wire_result result,
                        const char *id)
{
    if (result == WIRE_ANSWERED && (wire->status == 200 || wire->status == 201)) {
        view->answered++;
        view->placed += wire->status == 201;
    } else if (result == WIRE_ANSWERED && wire->status == 503) {
        view->turned_away++;
    } else if (result == WIRE_REFUSED || (result == WIRE_RESET && !wire->kept)) {
        view->unaccepted++;
    } else if ((result == WIRE_RESET || result == WIRE_CLOSED) && wire->kept &&
               view->unsure_count < UNSURE_MAX) {
        snprintf(view->unsure[view->unsure_count++], ID_SIZE, "%s", id);
    } else if (view->lost++ == 0) {
        fprintf(stderr, "drain: %s, %s connection, %s: %.300s\n", id, wire->kept ? "kept" : "new",
                wire_result_names[result], wire->answer);
    }
}

static void send_traffic(void *context, size_t thread)
{
    struct view *view = &traffic.views[thread];
    static _Thread_local struct wire wire;
    bool keep = thread % 2 == 0;
    (void)context;
    wire_init(&wire, pair.port);
    for (int n = 0; !atomic_load(&traffic.stop); n++) {
        char id[ID_SIZE], request[512];
        snprintf(id, sizeof id, "drain-%zu-%d-end", thread, n);
        make_request(request, sizeof request, id, (n + (int)(thread / 2)) % 2 == 0, keep);
        if (!keep || wire_is_stale(&wire))
            wire_close(&wire);
        enum wire_result result = wire_call(&wire, request);
        view_result(view, &wire, result, id);
        if (result != WIRE_ANSWERED)
            load_sleep_ms(2);
    }
    wire_close(&wire);
}

/* Ready is the pair when one worker is; what is to be counted must be there. */
static bool start(const char *const *env)
{
    memset(&traffic, 0, sizeof traffic);
    return pair_start(
               &pair,
               &(struct pair_options){.workers = WORKERS, .catalogue = catalogue, .env = env}) &&
           process_wait_workers(&pair, WORKERS, NULL, 0, 15000);
}

static bool traffic_is_there(void)
{
    int placed = 0;
    for (size_t t = 0; t < THREADS; t++) {
        if (atomic_load(&traffic.views[t].answered) < WARM_ANSWERS)
            return false;
        placed += atomic_load(&traffic.views[t].placed);
    }
    return placed > 0;
}

static bool some_turned_away(void)
{
    for (size_t t = 0; t < THREADS; t++) {
        if (atomic_load(&traffic.views[t].turned_away) > 0)
            return true;
    }
    return false;
}

static void wait_until(bool (*holds)(void))
{
    for (int64_t until = load_now_ms() + WAIT_MS; !holds() && load_now_ms() < until;)
        load_sleep_ms(5);
}

static void begin_traffic(void)
{
    CHECK_TRUE(load_start(&load, THREADS, send_traffic, NULL));
    wait_until(traffic_is_there);
}

/* The ids that ended without a byte must be in no log. */
static int lost_in_logs(void)
{
    static const char *const logs[] = {"access.log", "postern.log"};
    int lost = 0;
    for (size_t l = 0; l < sizeof logs / sizeof logs[0]; l++) {
        char *text = pair_read(&pair, logs[l]);
        CHECK_CONTAINS(text, "\"drain-0-0-end\"", "%s holds no ids", logs[l]);
        for (size_t t = 0; text && t < THREADS; t++) {
            for (int u = 0; u < traffic.views[t].unsure_count; u++) {
                const char *at = strstr(text, traffic.views[t].unsure[u]);
                if (at)
                    fprintf(stderr, "drain: %s has %.200s\n", logs[l], at);
                lost += at != NULL;
            }
        }
        free(text);
    }
    return lost;
}

static void check_traffic(bool turned_away)
{
    struct view sum = {.answered = 0};
    for (size_t t = 0; t < THREADS; t++) {
        sum.answered += traffic.views[t].answered;
        sum.placed += traffic.views[t].placed;
        sum.lost += traffic.views[t].lost;
        sum.turned_away += traffic.views[t].turned_away;
        CHECK_COMPARE(traffic.views[t].answered, >, 0, "thread %zu got no answer", t);
    }
    CHECK_COMPARE(sum.placed, >, 0);
    CHECK_COMPARE(sum.answered, >, sum.placed);
    CHECK_INT(sum.lost, 0);
    CHECK_INT(sum.turned_away > 0, turned_away);
    CHECK_INT(lost_in_logs(), 0);
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders"), sum.placed);
    CHECK_TRUE(ledger_balances(&pair, STOCK));
}

static bool is_there(const char *suffix)
{
    char path[PAIR_PATH_SIZE + 32];
    struct stat st;
    snprintf(path, sizeof path, "%s%s", pair.socket, suffix);
    return lstat(path, &st) == 0;
}

static void check_nothing_left(const pid_t *workers, size_t count)
{
    CHECK_INT(count, WORKERS);
    for (size_t i = 0; i < count; i++)
        CHECK_FALSE(process_runs(workers[i]), "worker %d is left", (int)workers[i]);
    CHECK_FALSE(is_there(""));
    CHECK_FALSE(is_there(".lock"));
}

static void stop_web_first(void)
{
    CHECK_INT(process_exit(pair_stop_web(&pair, SIGINT)), 0);
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
}

/* As a container runtime that knows no order: nobody waits for anybody. */
static void stop_at_once(void)
{
    kill(pair.web, SIGINT);
    kill(pair.app, SIGTERM);
    CHECK_INT(process_exit(pair_stop_app(&pair, 0)), 0);
    CHECK_INT(process_exit(pair_stop_web(&pair, 0)), 0);
}

static void stop_app_before_web(void)
{
    kill(pair.app, SIGTERM);
    kill(pair.web, SIGINT);
    CHECK_INT(process_exit(pair_stop_web(&pair, 0)), 0);
    CHECK_INT(process_exit(pair_stop_app(&pair, 0)), 0);
}

/* On a busy machine neither the web server nor all of its callers stand still for that long. */
static const char *const patient[] = {"POSTERN_QUIET_MS=2000", NULL};

static void stop_under_load(void (*stop)(void))
{
    pid_t workers[PROCESS_WORKERS_MAX];
    REQUIRE_TRUE(start(patient));
    size_t count = pair_workers(&pair, workers, PROCESS_WORKERS_MAX);
    begin_traffic();
    stop();
    check_nothing_left(workers, count);
    atomic_store(&traffic.stop, true);
    load_join(&load);
    check_traffic(false);
    pair_end(&pair);
}

static void test_web_first(void)
{
    stop_under_load(stop_web_first);
}

static void test_at_once(void)
{
    stop_under_load(stop_at_once);
    stop_under_load(stop_app_before_web);
}

/* Behind a load balancer: the application drains while traffic is still being moved away. */
static void test_app_alone(void)
{
    struct client_answer answer;
    pid_t workers[PROCESS_WORKERS_MAX];
    static const char *const ready[] = {"healthcheck", "--ready", NULL};
    static const char *const live[] = {"healthcheck", NULL};
    REQUIRE_TRUE(start(patient));
    size_t count = pair_workers(&pair, workers, PROCESS_WORKERS_MAX);
    struct client *client = client_open(pair.port);
    REQUIRE_NOT_NULL(client);
    CHECK_INT(pair_command(&pair, ready, NULL, 0), 0);
    begin_traffic();

    kill(pair.app, SIGTERM);
    for (int64_t until = load_now_ms() + WAIT_MS; load_now_ms() < until;) {
        client_get(client, "/readyz", &answer);
        if (answer.status != 200)
            break;
        load_sleep_ms(1);
    }
    CHECK_TRUE(answer_is_problem(&answer, 503, "draining", ANSWER_POSTERN));
    CHECK_NOT_NULL(client_header(&answer, "Retry-After"));
    CHECK_TRUE(client_get(client, "/healthz", &answer));
    CHECK_INT(answer.status, 200);
    CHECK_INT(pair_command(&pair, ready, NULL, 0), 1);
    CHECK_INT(pair_command(&pair, live, NULL, 0), 0);
    load_sleep_ms(TAIL_MS);
    atomic_store(&traffic.stop, true);
    load_join(&load);
    CHECK_INT(process_exit(pair_stop_app(&pair, 0)), 0);
    check_nothing_left(workers, count);
    check_traffic(false);

    client_get(client, "/readyz", &answer);
    CHECK_TRUE(answer_is_problem(&answer, 503, NULL, ANSWER_LIGHTTPD));
    client_close(client);
    pair_end(&pair);
}

/* A worker waits for the rest of a request; the drain deadline, not the client, decides when it
 * ends. */
static void test_deadline(void)
{
    static const char *const env[] = {"POSTERN_DRAIN_SECONDS=1", "POSTERN_QUIET_MS=50", NULL};
    pid_t workers[PROCESS_WORKERS_MAX];
    REQUIRE_TRUE(start(env));
    size_t count = pair_workers(&pair, workers, PROCESS_WORKERS_MAX);
    int fd = fastcgi_connect(&pair);
    CHECK_TRUE(client_raw_send(fd, fastcgi_half_record, sizeof fastcgi_half_record));
    load_sleep_ms(PAUSE_MS);
    pair_stop_web(&pair, SIGINT);
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
    check_nothing_left(workers, count);
    CHECK_LOG(&pair, "postern.log", "drain deadline passed", 0);
    close(fd);
    pair_end(&pair);
}

/* Stops under traffic that never pauses. False, and nothing is checked, if the queue could not be
 * answered in the tenth of the drain that is left for it. */
static bool stop_unceasing(const char *drain_seconds)
{
    const char *const env[] = {drain_seconds, "POSTERN_QUIET_MS=1000", NULL};
    pid_t workers[PROCESS_WORKERS_MAX];
    REQUIRE_TRUE(start(env));
    size_t count = pair_workers(&pair, workers, PROCESS_WORKERS_MAX);
    begin_traffic();
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
    wait_until(some_turned_away);
    atomic_store(&traffic.stop, true);
    load_join(&load);
    bool in_time = !process_wait_log(&pair, "postern.log", "drain deadline passed", 0);
    if (in_time) {
        check_traffic(true);
        check_nothing_left(workers, count);
        CHECK_NO_LOG(&pair, "postern.log", " ended\"");
    }
    pair_end(&pair);
    return in_time;
}

/* Traffic that never pauses must not keep a worker until it is killed: towards the end of the drain
 * nobody can connect any more, what is queued is answered, and workers leave. A busy machine may
 * need more time for that. */
static void test_unceasing(void)
{
    static const char *const drains[] = {"POSTERN_DRAIN_SECONDS=6", "POSTERN_DRAIN_SECONDS=15",
                                         "POSTERN_DRAIN_SECONDS=30"};
    bool in_time = false;
    for (size_t i = 0; i < sizeof drains / sizeof drains[0] && !in_time; i++)
        in_time = stop_unceasing(drains[i]);
    CHECK_TRUE(in_time);
}

/* With nobody there, no process waits for its own deadline. A busy machine may be slow, but not
 * each time. */
static void test_idle(void)
{
    enum { TRIES = 10, SOON_MS = 900 };
    static const char *const env[] = {"POSTERN_QUIET_MS=10", NULL};
    int64_t took = SOON_MS;
    REQUIRE_TRUE(start(env));
    for (int i = 0; i < TRIES && took >= SOON_MS; i++) {
        REQUIRE_TRUE(i == 0 || (pair_start_app(&pair) && pair_wait_ready(&pair)));
        int64_t begun = load_now_ms();
        CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
        took = load_now_ms() - begun;
    }
    CHECK_COMPARE(took, <, SOON_MS);
    CHECK_NO_LOG(&pair, "postern.log", " ended\"");
    pair_end(&pair);
}

/* A stop within the drain changes nothing: it goes on, and ends. */
static void test_second_signal(void)
{
    pid_t workers[PROCESS_WORKERS_MAX];
    REQUIRE_TRUE(start(patient));
    size_t count = pair_workers(&pair, workers, PROCESS_WORKERS_MAX);
    begin_traffic();
    kill(pair.app, SIGINT);
    load_sleep_ms(50);
    kill(pair.app, SIGTERM);
    load_sleep_ms(50);
    kill(pair.app, SIGQUIT);
    load_sleep_ms(200);
    atomic_store(&traffic.stop, true);
    load_join(&load);
    CHECK_INT(process_exit(pair_stop_app(&pair, 0)), 0);
    check_nothing_left(workers, count);
    check_traffic(false);
    pair_end(&pair);
}

/* The web server has accepted these requests and holds them, for their bodies are not whole yet,
 * when both are told to stop: the application has nothing to do and must wait for them all the
 * same. */
static void test_half_sent(void)
{
    enum { HALVES = 8, HALF = 20 };
    static const char *const env[] = {"POSTERN_QUIET_MS=4000", NULL};
    int fds[HALVES];
    char request[512], reply[4096];
    struct client_answer answer;
    REQUIRE_TRUE(start(env));
    make_request(request, sizeof request, "half", true, false);
    size_t first = strlen(request) - HALF;
    for (int i = 0; i < HALVES; i++) {
        fds[i] = client_raw_open(pair.port);
        CHECK_TRUE(client_raw_send(fds[i], request, first));
    }
    /* lighttpd takes connections in their order: when it answers this one, it has all of them. */
    struct client *later = client_open(pair.port);
    CHECK_TRUE(later && client_get(later, "/products/1", &answer));
    client_close(later);
    kill(pair.web, SIGINT);
    kill(pair.app, SIGTERM);
    load_sleep_ms(PAUSE_MS);
    for (int i = 0; i < HALVES; i++)
        CHECK_TRUE(client_raw_send(fds[i], request + first, HALF));
    for (int i = 0; i < HALVES; i++) {
        client_raw_read(fds[i], reply, sizeof reply, WIRE_TIMEOUT_MS, NULL);
        CHECK_START(reply, "HTTP/1.1 201 ");
        close(fds[i]);
    }
    CHECK_INT(process_exit(pair_stop_web(&pair, 0)), 0);
    CHECK_INT(process_exit(pair_stop_app(&pair, 0)), 0);
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders"), HALVES);
    pair_end(&pair);
}

/* In mid-request, when the worker waits for the rest of it. */
static void stop_in_between(void)
{
    load_sleep_ms(100);
    kill(pair.app, SIGTERM);
    load_sleep_ms(100);
}

static void test_half_received(void)
{
    static const char *const variables[] = {"REQUEST_METHOD=GET", "PATH_INFO=/products/1", NULL};
    struct fastcgi_answer got;
    REQUIRE_TRUE(start(NULL));
    fastcgi_call_parts(&pair, variables, NULL, 50, stop_in_between, &got);
    CHECK_INT(got.status, 200, "%d %s", got.status, got.body);
    CHECK_CONTAINS(got.body, "\"id\":1,", "%d %s", got.status, got.body);
    fastcgi_free(&got);
    CHECK_INT(process_exit(pair_stop_app(&pair, 0)), 0);
    pair_end(&pair);
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"the web server first", test_web_first},        {"both at once", test_at_once},
        {"the application alone", test_app_alone},       {"the deadline", test_deadline},
        {"unceasing traffic", test_unceasing},           {"an idle pair", test_idle},
        {"a second signal", test_second_signal},         {"half-sent requests", test_half_sent},
        {"a half-received request", test_half_received}, CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/drain", NULL, NULL, tests);
}
