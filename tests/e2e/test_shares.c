/* One caller's connections and requests cannot take another's: what mod_postern_vpce gives each
 * endpoint, and what it takes from whoever has more. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/caller.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "e2e/proxy.h"
#include "e2e/stub.h"
#include "e2e/wire.h"

#define GET(path) CALLER_GET(path)
#define ORDER     "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"
#define POST                                                                                       \
    "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"                       \
    "Content-Length: 41\r\n\r\n" ORDER

/* Of 64 connections. */
enum { SHARE = 16, PENDING = 8, REQUESTS = 2 };
/* Of 64, those that endpoints may have together: one stays free, and a sixteenth is kept. */
enum { ALL_BUT_KEPT = 64 - 1 - 4 };
/* Who is denied, and two endpoints of one consumer. */
#define DENIED "vpce-0dddddddddddddddd"
#define TWIN_1 "vpce-01111111111111111"
#define TWIN_2 "vpce-02222222222222222"
#define NAMES  DENIED " evil denied;" TWIN_1 " twin;" TWIN_2 " twin"
enum { DENIED_SHARE = 4 };

/* Without a share a connection would stay open for AT_ONCE_MS: its next request has longer. */
enum { WAIT_MS = CALLER_WAIT_MS, SHORT_MS = 150, AT_ONCE_MS = 8000, TRIES = 5 };

static int setup(void)
{
    static const char *const env[] = {PROXY_ENVIRONMENT, "POSTERN_CONSUMERS=" NAMES, NULL};
    return fixture_start(&(struct pair_options){.env = env,
                                                .module = true,
                                                .lighttpd = PROXY_LIGHTTPD
                                                "server.max-connections := 64\n"
                                                "postern-vpce.requests := 2\n"
                                                "postern-vpce.header-seconds := 1\n"
                                                "postern-vpce.request-seconds := 1\n"});
}

static int ask(const char *id, const char *text)
{
    return caller_ask(pair.port, id, text);
}

static int status_for(const char *id, const char *text)
{
    int fd = ask(id, text), status = caller_status(fd);
    close(fd);
    return status;
}

/* Waits until the endpoint has so many places again, which the last test's connections had. */
static void wait_for_places(const char *id)
{
    int status = 0;
    for (int64_t end = load_now_ms() + WAIT_MS; status != 200 && load_now_ms() < end;)
        status = status_for(id, GET("/healthz"));
    CHECK_INT(status, 200);
}

static void test_connections(void)
{
    int fds[SHARE];
    for (int i = 0; i < SHARE; i++) {
        fds[i] = ask(PROXY_A, GET("/healthz"));
        CHECK_INT(caller_status(fds[i]), 200, "%d", i);
    }
    for (int i = 0; i < 3; i++) {
        int over = ask(PROXY_A, GET("/healthz"));
        CHECK_TRUE(caller_is_closed(over, AT_ONCE_MS));
        close(over);
    }
    CHECK_INT(status_for(PROXY_B, GET("/products/1")), 200);
    CHECK_TRUE(client_get(client, "/products/1", &answer));
    CHECK_LOG(&pair, "lighttpd.log",
              "of " PROXY_A ": its group of callers has its share of connections", WAIT_MS);
    close(fds[0]);
    wait_for_places(PROXY_A);
    caller_close(fds + 1, SHARE - 1);
}

/* Endpoints that hold all places together give one up for an endpoint that has none. */
static void test_crowd(void)
{
    static char ids[][32] = {"vpce-0a1a1a1a1a1a1a1a1", "vpce-0a2a2a2a2a2a2a2a2",
                             "vpce-0a3a3a3a3a3a3a3a3", "vpce-0a4a4a4a4a4a4a4a4"};
    enum { CROWD = sizeof ids / sizeof ids[0] * SHARE };
    int fds[CROWD];
    for (int i = 0; i < CROWD; i++) {
        fds[i] = ask(ids[i / SHARE], GET("/healthz"));
        if (i < ALL_BUT_KEPT)
            CHECK_INT(caller_status(fds[i]), 200, "%d", i);
    }
    for (int i = 0; i < 3; i++)
        CHECK_INT(status_for(PROXY_B, GET("/products/1")), 200, "%d", i);
    CHECK_LOG(&pair, "lighttpd.log", "no place was left, and its group of callers had the most",
              WAIT_MS);
    caller_close(fds, CROWD);
    wait_for_places(PROXY_A);
}

/* Two endpoints with one name have one share. */
static void test_names(void)
{
    int fds[SHARE];
    for (int i = 0; i < SHARE; i++) {
        fds[i] = ask(i % 2 ? TWIN_1 : TWIN_2, GET("/healthz"));
        CHECK_INT(caller_status(fds[i]), 200, "%d", i);
    }
    int over = ask(TWIN_1, GET("/healthz"));
    CHECK_TRUE(caller_is_closed(over, AT_ONCE_MS));
    close(over);
    caller_close(fds, SHARE);
    wait_for_places(TWIN_2);
}

/* Whatever is asked, malformed or not, the answer is the same; the application sees none of it. */
static void test_denied(void)
{
    static const char *const requests[] = {
        GET("/products/1"),
        GET("/healthz"),
        GET("/nowhere"),
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        "OPTIONS /orders HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{",
        "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n{",
        GET("/a/../b"),
        "FOO /products HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    static char text[WIRE_ANSWER_MAX];
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        CHECK_OF("%s", requests[i]);
        bool closed = false;
        int fd = ask(DENIED, requests[i]);
        client_raw_read(fd, text, sizeof text, AT_ONCE_MS, &closed);
        CHECK_START(text, "HTTP/1.1 403 ");
        CHECK_CONTAINS(text, "urn:postern:problem:consumer-denied");
        CHECK_CONTAINS(text, "Connection: close");
        CHECK_TRUE(closed);
        close(fd);
    }
    CHECK_NO_LOG(&pair, "postern.log", "\"consumer\":\"evil\"");
}

/* lighttpd notices what was closed before in the turn of its loop in which it takes a request, or
 * in the next. */
static void let_lighttpd_turn(void)
{
    enum { TURNS = 3 };
    for (int i = 0; i < TURNS; i++)
        CHECK_INT(status_for(PROXY_B, GET("/products/1")), 200);
}

/* Opens many, waits for the ends of all but the first, and returns how many of these are left. What
 * an earlier call had opened counts no more. */
static int denied_left(void)
{
    enum { MANY = 3 * DENIED_SHARE };
    int fds[MANY], open = 0;
    let_lighttpd_turn();
    for (int i = 0; i < MANY; i++)
        fds[i] = ask(DENIED, "GET / HTTP/1.1\r\n");
    for (int i = MANY - 1; i >= 0; i--)
        open += !caller_is_closed(fds[i], i < DENIED_SHARE ? SHORT_MS / 5 : AT_ONCE_MS);
    caller_close(fds, MANY);
    return open;
}

/* However it holds on, it has a handful of connections. They end as well, when their requests have
 * not come whole in time, and on a busy machine that may be before all are looked at. */
static void test_denied_connections(void)
{
    int open = 0;
    for (int i = 0; i < TRIES && open != DENIED_SHARE; i++)
        open = denied_left();
    CHECK_INT(open, DENIED_SHARE);
}

/* Whoever opens connections and says nothing pushes out its own, oldest first, and others come
 * in at any time. */
static void test_silent(void)
{
    enum { SILENT = 3 * PENDING };
    int fds[SILENT];
    for (int i = 0; i < SILENT; i++) {
        fds[i] = proxy_open(pair.port, PROXY_BALANCER);
        CHECK_INT(status_for(PROXY_B, GET("/products/1")), 200, "after %d", i);
    }
    CHECK_TRUE(caller_is_closed(fds[0], AT_ONCE_MS), "the oldest");
    CHECK_TRUE(client_get(client, "/healthz", &answer));
    for (int i = 1; i < SILENT; i++)
        CHECK_TRUE(caller_is_closed(fds[i], WAIT_MS), "%d", i);
    caller_close(fds, SILENT);
    CHECK_LOG(&pair, "lighttpd.log", "too many had sent no PROXY protocol header", WAIT_MS);
    CHECK_LOG(&pair, "lighttpd.log", "no PROXY protocol header came in time", WAIT_MS);
}

/* Byte by byte, the head or the body: none may take longer than the limit. One that is idle may. */
static void test_trickle(void)
{
    static const char *const starts[] = {"GET /products HTTP/1.1\r\nX: ",
                                         "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: "
                                         "application/json\r\nContent-Length: 60000\r\n\r\n{",
                                         GET("/healthz") "GET /products HTTP/1.1\r\nX: "};
    enum { STARTS = sizeof starts / sizeof starts[0] };
    int fds[STARTS], left = STARTS, idle = ask(PROXY_A, GET("/healthz"));
    int64_t start = load_now_ms(), ends[STARTS] = {0};
    for (int i = 0; i < STARTS; i++)
        fds[i] = ask(PROXY_A, starts[i]);
    while (left > 0 && load_now_ms() - start < WAIT_MS) {
        for (int i = 0; i < STARTS; i++) {
            if (ends[i] ||
                (send(fds[i], "a", 1, MSG_NOSIGNAL) == 1 && !caller_is_closed(fds[i], 30)))
                continue;
            ends[i] = load_now_ms() - start;
            left--;
        }
    }
    for (int i = 0; i < STARTS; i++)
        CHECK_COMPARE(ends[i], >, 0, "%d", i);
    CHECK_INT(caller_status(idle), 200);
    CHECK_TRUE(caller_send(idle, GET("/healthz")));
    CHECK_FALSE(caller_is_closed(idle, SHORT_MS));
    close(idle);
    caller_close(fds, STARTS);
    CHECK_LOG(&pair, "lighttpd.log", "its request did not come whole in time", WAIT_MS);
}

/* What was ended is gone at once, though the caller holds on to it: its place is free. */
static void test_held_on(void)
{
    int fds[SHARE];
    for (int i = 0; i < SHARE; i++)
        fds[i] = ask(PROXY_A, "GET /products HTTP/1.1\r\nX: ");
    for (int i = 0; i < SHARE; i++)
        CHECK_TRUE(caller_is_closed(fds[i], WAIT_MS));
    for (int i = 0; i < SHARE / 2; i++)
        CHECK_INT(status_for(PROXY_A, GET("/products/1")), 200);
    caller_close(fds, SHARE);
}

/* A group's third request waits in lighttpd until one of two ends; others' and probes do not. */
static void test_requests(void)
{
    enum { ALL = 6 };
    int fds[ALL], begun[ALL], listener = stub_open(&pair);
    REQUIRE_COMPARE(listener, >=, 0);
    for (int i = 0; i < ALL; i++)
        fds[i] = ask(PROXY_A, GET("/products/1"));
    for (int i = 0; i < REQUESTS; i++)
        CHECK_COMPARE(begun[i] = stub_accept(listener, WAIT_MS), >=, 0);
    CHECK_INT(stub_accept(listener, SHORT_MS), -1);
    int b = ask(PROXY_B, GET("/products/1")), probe = ask(PROXY_A, GET("/readyz?x"));
    for (int i = 0; i < 2; i++)
        CHECK_TRUE(stub_answer(stub_accept(listener, WAIT_MS), 2));
    CHECK_INT(caller_status(b), 200);
    CHECK_INT(caller_status(probe), 200);
    for (int i = REQUESTS; i < ALL; i++) {
        CHECK_TRUE(stub_answer(begun[i - REQUESTS], 2));
        CHECK_COMPARE(begun[i] = stub_accept(listener, WAIT_MS), >=, 0, "%d", i);
        CHECK_INT(stub_accept(listener, SHORT_MS / 5), -1, "%d", i);
    }
    for (int i = ALL - REQUESTS; i < ALL; i++)
        CHECK_TRUE(stub_answer(begun[i], 2));
    for (int i = 0; i < ALL; i++)
        CHECK_INT(caller_status(fds[i]), 200, "%d", i);
    caller_close(fds, ALL);
    close(b);
    close(probe);
    CHECK_TRUE(stub_close(&pair, listener));
}

/* Callers that left while they waited are forgotten, and those that left while the application
 * works still count, until it has ended that work. */
static void test_callers_that_leave(void)
{
    static const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int waiting[3], begun[REQUESTS], fds[REQUESTS], listener = stub_open(&pair);
    REQUIRE_COMPARE(listener, >=, 0);
    for (int i = 0; i < REQUESTS; i++) {
        fds[i] = ask(PROXY_A, GET("/products/1"));
        CHECK_COMPARE(begun[i] = stub_accept(listener, WAIT_MS), >=, 0);
    }
    for (int i = 0; i < 3; i++)
        waiting[i] = ask(PROXY_A, POST);
    load_sleep_ms(SHORT_MS); /* until they wait */
    for (int i = 0; i < 3; i++) {
        if (i == 1)
            setsockopt(waiting[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(waiting[i]);
    }
    for (int i = 0; i < REQUESTS; i++) {
        if (i == 0)
            setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fds[i]);
        CHECK_TRUE(stub_is_left(begun[i], WAIT_MS));
    }
    int next = ask(PROXY_A, GET("/products/1"));
    CHECK_INT(stub_accept(listener, SHORT_MS), -1);
    stub_answer(begun[0], 1024 * 1024);
    CHECK_TRUE(stub_answer(stub_accept(listener, WAIT_MS), 2));
    CHECK_INT(caller_status(next), 200);
    close(begun[1]);
    CHECK_INT(stub_accept(listener, SHORT_MS), -1);
    close(next);
    CHECK_TRUE(stub_close(&pair, listener));
}

/* A connection that was closed before lighttpd looked places no order. */
static void test_closed_at_once(void)
{
    int64_t before = answer_stock(client, 1);
    CHECK_TRUE(process_stop(pair.web));
    for (int i = 0; i < 3; i++)
        close(ask(PROXY_A, POST));
    kill(pair.web, SIGCONT);
    CHECK_INT(status_for(PROXY_A, GET("/products/1")), 200);
    CHECK_INT(answer_stock(client, 1), before);
    CHECK_INT(status_for(PROXY_A, POST), 201);
    CHECK_INT(answer_stock(client, 1), before - 1);
}

/* Has callers leave while their requests wait for a worker, so long after they asked. Returns how
 * many of their orders were placed. */
static int64_t placed_though_left(int pause_ms)
{
    pid_t workers[PROCESS_WORKERS_MAX];
    int64_t before = answer_stock(client, 1);
    size_t count = pair_workers(&pair, workers, PROCESS_WORKERS_MAX);
    for (size_t i = 0; i < count; i++)
        CHECK_TRUE(process_stop(workers[i]));
    for (int i = 0; i < REQUESTS; i++) {
        int fd = ask(PROXY_A, POST);
        load_sleep_ms(pause_ms); /* until the application has it */
        close(fd);
    }
    load_sleep_ms(pause_ms); /* until lighttpd has seen that they left */
    for (size_t i = 0; i < count; i++)
        kill(workers[i], SIGCONT);
    CHECK_INT(status_for(PROXY_A, GET("/products/1")), 200);
    return before - answer_stock(client, 1);
}

/* Requests that wait for a worker when their callers leave are not begun. A busy machine may need
 * more time to see that they left, but not ever more. */
static void test_left_in_the_queue(void)
{
    int64_t placed = -1;
    bool told = false;
    for (int pause_ms = SHORT_MS; pause_ms <= WAIT_MS && !(placed == 0 && told); pause_ms *= 4) {
        placed = placed_though_left(pause_ms);
        told = process_wait_log(&pair, "postern.log", "request not begun: client left", SHORT_MS);
    }
    CHECK_INT(placed, 0);
    CHECK_LOG(&pair, "postern.log", "request not begun: client left", 0);
}

static void test_pipelined(void)
{
    enum { ALL = 50 };
    static char text[WIRE_ANSWER_MAX * 4];
    int fd = ask(PROXY_A, GET("/products/1")), found = 0;
    for (int i = 2; i < ALL; i++)
        CHECK_TRUE(caller_send(fd, GET("/products/1")));
    CHECK_TRUE(caller_send(fd, "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    client_raw_read(fd, text, sizeof text, WAIT_MS, NULL);
    close(fd);
    for (const char *at = text; (at = strstr(at, "HTTP/1.1 200 OK\r\n")); at++)
        found++;
    CHECK_INT(found, ALL - 1);
    CHECK_CONTAINS(text, "HTTP/1.1 404 ");
}

static int starts_logged(void)
{
    char *log = pair_read(&pair, "lighttpd.log");
    int found = 0;
    for (const char *at = log; at && (at = strstr(at, "server started")); at++)
        found++;
    free(log);
    return found;
}

/* An ordered stop answers those that wait too; and lighttpd started anew by USR1 counts anew. */
static void test_stop(void)
{
    enum { ALL = 5 };
    int fds[ALL], begun[ALL], listener = stub_open(&pair);
    REQUIRE_COMPARE(listener, >=, 0);
    for (int i = 0; i < ALL; i++)
        fds[i] = ask(PROXY_A, GET("/products/1"));
    for (int i = 0; i < REQUESTS; i++)
        CHECK_COMPARE(begun[i] = stub_accept(listener, WAIT_MS), >=, 0);
    /* Came last: when the application has it, lighttpd has read all the others. */
    int last = ask(PROXY_B, GET("/products/1"));
    CHECK_TRUE(stub_answer(stub_accept(listener, WAIT_MS), 2));
    CHECK_INT(caller_status(last), 200);
    close(last);
    kill(pair.web, SIGINT);
    load_sleep_ms(SHORT_MS);
    for (int i = 0; i < ALL; i++) {
        CHECK_TRUE(stub_answer(begun[i], 2), "%d", i);
        if (i + REQUESTS < ALL)
            CHECK_COMPARE(begun[i + REQUESTS] = stub_accept(listener, WAIT_MS), >=, 0, "%d", i);
    }
    for (int i = 0; i < ALL; i++)
        CHECK_INT(caller_status(fds[i]), 200, "%d", i);
    caller_close(fds, ALL);
    CHECK_INT(process_exit(process_reap(pair.web, WAIT_MS)), 0);
    CHECK_TRUE(pair_start_web(&pair));
    CHECK_TRUE(stub_close(&pair, listener));
    int started = starts_logged();
    kill(pair.web, SIGUSR1);
    for (int64_t end = load_now_ms() + WAIT_MS; starts_logged() == started && load_now_ms() < end;)
        load_sleep_ms(5);
    CHECK_COMPARE(starts_logged(), >, started);
    wait_for_places(PROXY_A);
    test_connections();
}

int main(void)
{
    static CU_TestInfo tests[] = {{"connections", test_connections},
                                  {"endpoints that hold all places", test_crowd},
                                  {"names", test_names},
                                  {"denied", test_denied},
                                  {"connections of who is denied", test_denied_connections},
                                  {"silent connections", test_silent},
                                  {"requests byte by byte", test_trickle},
                                  {"connections held on to", test_held_on},
                                  {"requests under way", test_requests},
                                  {"callers that leave", test_callers_that_leave},
                                  {"callers that leave at once", test_closed_at_once},
                                  {"callers that leave the queue", test_left_in_the_queue},
                                  {"pipelined", test_pipelined},
                                  {"stop and start", test_stop},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/shares", setup, fixture_end, tests);
}
