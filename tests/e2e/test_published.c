/* Published answers, through the pair: nobody can tell them from the application's own, and what
 * holds for who asks holds for them. What is published and what is not: test_offers. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "check.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "e2e/wire.h"

/* Asks the application itself, which knows none of these names. */
#define DIRECT "Cache-Control: no-cache"

enum {
    WAIT_MS = 15000,
    TICK_MS = 20,
    RATE = 20,
    RATE_CALLS = 400,
    OLD_MS = 500, /* for which what was published may count after the application's end */
    ANSWER_SIZE = 8192,
    FLOWS = 8,        /* connections that are kept while a file of consumers comes into force */
    FLOW_BEFORE = 80, /* reads before it */
    FLOW_MS = 300
};

static char file[] = "/tmp/postern-published.XXXXXX", setting[128];

static void write_consumers(const char *text)
{
    FILE *out = fopen(file, "we");
    REQUIRE_NOT_NULL(out);
    CHECK_COMPARE(fputs(text, out), >=, 0);
    CHECK_INT(fclose(out), 0);
}

static int setup(void)
{
    /* One worker writes the log's lines in the order of the requests. */
    static const char *const env[] = {"POSTERN_QUIET_MS=50", setting, NULL};
    static const struct pair_options options = {
        .module = true,
        .workers = 1,
        .env = env,
        .lighttpd = "include env.WEBSERVER_CONF + \"/published.conf\"\n"};
    int fd = mkstemp(file);
    snprintf(setting, sizeof setting, "POSTERN_CONSUMERS_FILE=%s", file);
    return fd < 0 || close(fd) != 0 ? 1 : fixture_start(&options);
}

static int teardown(void)
{
    unlink(file);
    return fixture_end();
}

static void ask(const char *method, const char *path, const char *header, const char *id)
{
    char named[64] = "";
    const char *headers[] = {header ? header : named, named, NULL};
    snprintf(named, sizeof named, "X-Request-Id: %s", id);
    if (!header)
        headers[1] = NULL;
    client_call(client,
                &(struct client_request){.method = method, .path = path, .headers = headers},
                &answer);
}

/* Whether the request with this id came to the application: it has logged a later one by now. */
static bool came(const char *id)
{
    static unsigned number;
    char later[32], line[64];
    snprintf(later, sizeof later, "later-%u", number++);
    ask("GET", "/products/3", DIRECT, later);
    snprintf(line, sizeof line, "\"request_id\":\"%s\"", later);
    CHECK_LOG(&pair, "postern.log", line, WAIT_MS);
    snprintf(line, sizeof line, "\"request_id\":\"%s\"", id);
    return process_wait_log(&pair, "postern.log", line, 0);
}

/* Asks until the answer is a published one; that of the last call is. */
static bool wait_published(const char *path)
{
    static unsigned number;
    char id[32];
    for (int64_t until = load_now_ms() + WAIT_MS; load_now_ms() < until; load_sleep_ms(TICK_MS)) {
        ask("GET", path, NULL, "warm");
        snprintf(id, sizeof id, "try-%u", number++);
        ask("GET", path, NULL, id);
        if (answer.status != 200 || came(id))
            continue;
        ask("GET", path, NULL, "again");
        return true;
    }
    return false;
}

/* The whole answer to a request as text, without what each answer has of its own. */
static void call_raw(const char *request, const char *header, char out[ANSWER_SIZE])
{
    char text[1024];
    bool closed;
    int fd = client_raw_open(pair.port);
    snprintf(text, sizeof text, "%s%s\r\n", request, header);
    CHECK_TRUE(client_raw_send(fd, text, strlen(text)));
    client_raw_read(fd, out, ANSWER_SIZE, WAIT_MS, &closed);
    close(fd);
    char *date = strstr(out, "Date: ");
    if (CHECK_NOT_NULL(date))
        memset(date, 'd', strcspn(date, "\r"));
    char *made = strstr(out, "X-Request-Id: 0");
    if (made)
        memset(made + strlen("X-Request-Id: "), 'i',
               strcspn(made, "\r") - strlen("X-Request-Id: "));
}

static const struct {
    int line;
    const char *request;
} requests[] = {
    {__LINE__, "GET /products/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"},
    {__LINE__, "HEAD /products/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"},
    {__LINE__, "GET /products/2 HTTP/1.0\r\n"},
    {__LINE__,
     "GET /products/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: mine\r\n"},
    {__LINE__, "GET /products/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: a b\r\n"},
    {__LINE__, "GET /products/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIf-None-Match: *\r\n"},
    {__LINE__, "HEAD /products/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIf-None-Match: *\r\n"},
    {__LINE__,
     "GET /products/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIf-None-Match: \"x\"\r\n"},
    {__LINE__, "GET /products/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nRange: bytes=1-2\r\n"},
    {__LINE__, "GET /products/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n"},
    {__LINE__, "GET /products HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"},
    {__LINE__, "HEAD /products HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"},
    {__LINE__,
     "GET /products HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIf-None-Match: W/\"y\", *\r\n"},
};

static void check_same(void)
{
    char published[ANSWER_SIZE], direct[ANSWER_SIZE];
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        CHECK_ROW(requests[i].line);
        call_raw(requests[i].request, DIRECT "\r\n", direct);
        call_raw(requests[i].request, "", published);
        CHECK_TEXT(published, direct);
        CHECK_START(published, "HTTP/1.");
    }
}

static void test_same(void)
{
    REQUIRE_TRUE(wait_published("/products/2"));
    REQUIRE_TRUE(wait_published("/products"));
    check_same();
}

/* With the tag that it has. On a busy machine the lease may end meanwhile. */
static void test_known(void)
{
    char known[128], id[32];
    bool published = false;
    int number = 0;
    for (int64_t until = load_now_ms() + WAIT_MS; !published && load_now_ms() < until;) {
        REQUIRE_TRUE(wait_published("/products/2"));
        snprintf(known, sizeof known, "If-None-Match: W/%s", client_header(&answer, "ETag"));
        snprintf(id, sizeof id, "known-%d", number++);
        ask("GET", "/products/2", known, id);
        CHECK_INT(answer.status, 304);
        published = !came(id);
    }
    CHECK_TRUE(published);
}

static void reload(const char *text)
{
    write_consumers(text);
    CHECK_INT(kill(pair.app, SIGHUP), 0);
}

/* Asks the application itself until it answers so; from then on all do. */
static bool wait_direct(int status)
{
    for (int64_t until = load_now_ms() + WAIT_MS; load_now_ms() < until; load_sleep_ms(TICK_MS)) {
        ask("GET", "/products/2", DIRECT, "direct");
        if (answer.status == status)
            return true;
    }
    return false;
}

/* Whether answers tell of a rate by now. */
static bool wait_rated(void)
{
    for (int64_t until = load_now_ms() + WAIT_MS; load_now_ms() < until; load_sleep_ms(TICK_MS)) {
        ask("GET", "/products/2", DIRECT, "rated");
        if (client_header(&answer, "RateLimit"))
            return true;
    }
    return false;
}

static void test_limited_alike(void)
{
    reload("- local rate=100000 burst=100000\n");
    REQUIRE_TRUE(wait_rated());
    REQUIRE_TRUE(wait_published("/products/2"));
    CHECK_NOT_NULL(client_header(&answer, "RateLimit"));
    check_same();
    reload("");
}

static void test_denied(void)
{
    REQUIRE_TRUE(wait_published("/products/2"));
    reload("- local denied\n");
    REQUIRE_TRUE(wait_direct(403));
    for (int i = 0; i < 10; i++) {
        ask("GET", "/products/2", NULL, "denied");
        CHECK_INT(answer.status, 403);
    }
    reload("");
    REQUIRE_TRUE(wait_direct(200));
}

/* Both ways take from one bucket. */
static void test_rate(void)
{
    int64_t admitted = 0;
    REQUIRE_TRUE(wait_published("/products/2"));
    reload("- local rate=20 burst=20\n");
    REQUIRE_TRUE(wait_rated());
    int64_t start = load_now_ms();
    for (int i = 0; i < RATE_CALLS; i++) {
        ask("GET", "/products/2", i % 2 ? NULL : DIRECT, "rated");
        admitted += answer.status == 200;
        CHECK_INT(answer.status == 200 ? 429 : answer.status, 429);
    }
    /* What the full bucket holds, and what came back meanwhile. */
    CHECK_COMPARE(admitted, <=, RATE + 1 + RATE * (load_now_ms() - start) / 1000);
    CHECK_COMPARE(admitted, >, 0);
    reload("");
    REQUIRE_TRUE(wait_direct(200));
}

/* Reads on kept connections, each as soon as the one before is answered; every second one asks the
 * application itself. What begins once in_force is set is counted. */
static struct {
    struct wire wires[FLOWS];
    atomic_bool in_force, stop;
    _Atomic int64_t before, admitted, denied, limited, wrong;
} flow;

static void flow_on(void *context, size_t thread)
{
    static const char plain[] = "GET /products/2 HTTP/1.1\r\nHost: a\r\n\r\n",
                      direct[] = "GET /products/2 HTTP/1.1\r\nHost: a\r\n" DIRECT "\r\n\r\n";
    struct wire *wire = &flow.wires[thread];
    (void)context;
    wire_init(wire, pair.port);
    for (unsigned i = 0; !atomic_load(&flow.stop); i++) {
        bool counted = atomic_load(&flow.in_force);
        /* lighttpd ends a connection after so many requests. */
        if (wire_call(wire, i % 2 ? direct : plain) != WIRE_ANSWERED)
            continue;
        if (!counted)
            atomic_fetch_add(&flow.before, wire->status == 200);
        else
            atomic_fetch_add(wire->status == 200   ? &flow.admitted
                             : wire->status == 403 ? &flow.denied
                             : wire->status == 429 ? &flow.limited
                                                   : &flow.wrong,
                             1);
    }
    wire_close(wire);
}

/* Puts the file in force, seen by wait, while reads flow; returns for how long they were counted.
 */
static int64_t flow_under(const char *text, bool (*wait)(void))
{
    struct load load;
    memset(&flow, 0, sizeof flow);
    REQUIRE_TRUE(wait_published("/products/2"));
    REQUIRE_TRUE(load_start(&load, FLOWS, flow_on, NULL));
    for (int64_t until = load_now_ms() + WAIT_MS; atomic_load(&flow.before) < FLOW_BEFORE;) {
        REQUIRE_COMPARE(load_now_ms(), <, until);
        load_sleep_ms(1);
    }
    reload(text);
    bool in_force = wait();
    int64_t start = load_now_ms();
    atomic_store(&flow.in_force, true);
    load_sleep_ms(FLOW_MS);
    atomic_store(&flow.stop, true);
    load_join(&load);
    CHECK_TRUE(in_force);
    CHECK_INT(flow.wrong, 0);
    return load_now_ms() - start;
}

static bool wait_denied(void)
{
    return wait_direct(403);
}

static void test_denied_in_flow(void)
{
    flow_under("- local denied\n", wait_denied);
    CHECK_INT(flow.admitted, 0);
    CHECK_INT(flow.limited, 0);
    CHECK_COMPARE(flow.denied, >, 0);
    reload("");
    REQUIRE_TRUE(wait_direct(200));
}

static void test_rate_in_flow(void)
{
    int64_t ms = flow_under("- local rate=20 burst=20\n", wait_rated);
    CHECK_COMPARE(flow.admitted, <=, RATE + 1 + RATE * ms / 1000);
    CHECK_COMPARE(flow.limited, >, 0);
    CHECK_INT(flow.denied, 0);
    reload("");
    REQUIRE_TRUE(wait_direct(200));
}

static void test_killed(void)
{
    REQUIRE_TRUE(wait_published("/products/2"));
    pid_t worker;
    REQUIRE_INT(pair_workers(&pair, &worker, 1), 1);
    pair_stop_app(&pair, SIGKILL);
    /* The worker drains, and would answer. */
    REQUIRE_TRUE(process_wait_end(worker, WAIT_MS));
    load_sleep_ms(OLD_MS + 100);
    ask("GET", "/products/2", NULL, "old");
    CHECK_INT(answer.status, 503);
    REQUIRE_TRUE(pair_start_app(&pair));
    REQUIRE_TRUE(pair_wait_ready(&pair));
    CHECK_TRUE(wait_published("/products/2"));
}

static void test_drained(void)
{
    REQUIRE_TRUE(wait_published("/products/2"));
    CHECK_INT(pair_stop_app(&pair, SIGTERM), 0);
    ask("GET", "/products/2", NULL, "drained");
    CHECK_INT(answer.status, 503);
    REQUIRE_TRUE(pair_start_app(&pair));
    REQUIRE_TRUE(pair_wait_ready(&pair));
}

int main(void)
{
    CU_TestInfo tests[] = {{"the same", test_same},
                           {"known tag", test_known},
                           {"the same when limited", test_limited_alike},
                           {"denied", test_denied},
                           {"rate", test_rate},
                           {"denied in the flow", test_denied_in_flow},
                           {"a rate in the flow", test_rate_in_flow},
                           {"killed", test_killed},
                           {"drained", test_drained},
                           CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/published", setup, teardown, tests);
}
