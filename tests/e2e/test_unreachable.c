/* lighttpd's answers while the application is out of reach have the headers that all others have:
 * with mod_postern_errors, as in production. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "check.h"
#include "e2e/answer.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"

enum { TRIES = 5, PROBE_MS = 50, WAIT_MS = 20000, TICK_MS = 5 };

static int setup(void)
{
    const struct pair_options options = {
        .module = true, .lighttpd = "server.modules += (\"mod_postern_errors\")\n"};
    return fixture_start(&options);
}

/* The only one of that name, or NULL. */
static const char *single(const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < answer.headers_count; i++)
        if (strcasecmp(answer.headers[i].name, name) == 0) {
            if (value)
                return NULL;
            value = answer.headers[i].value;
        }
    return value;
}

static bool get(const char *path, const char *header)
{
    const char *const headers[] = {header, NULL};
    const struct client_request request = {.method = "GET", .path = path, .headers = headers};
    return client_call(client, &request, &answer);
}

static void test_within_reach(void)
{
    static const char *const paths[] = {"/products", "/nowhere", "/products/%2f"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        CHECK_OF("%s", paths[i]);
        CHECK_TRUE(get(paths[i], "X-Request-Id: mine"));
        const char *id = single("X-Request-Id");
        CHECK_TEXT(id, "mine");
        CHECK_NULL(client_header(&answer, "Retry-After"));
    }
    /* The application's own id, which its body names too. */
    CHECK_TRUE(get("/nowhere", NULL));
    CHECK_TRUE(single("X-Request-Id"));
    CHECK_TRUE(answer_is_problem(&answer, 404, NULL, ANSWER_POSTERN));
}

/* Starts the application, and waits until it listens. lighttpd is not asked. */
static void start_app(void)
{
    pid_t prober;
    REQUIRE_TRUE(pair_start_app(&pair));
    for (int64_t until = load_now_ms() + WAIT_MS; load_now_ms() < until; load_sleep_ms(TICK_MS)) {
        if (pair_children(&pair, "postern-prober", &prober, 1) == 1)
            return;
    }
    REQUIRE_FAIL("the application has no prober");
}

/* Asks after the time that Retry-After says; meanwhile a balancer asks for health, by which
 * lighttpd looks at its clock. */
static int status_after_waiting(void)
{
    CHECK_TRUE(pair_wait_ready(&pair));
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
    CHECK_TRUE(get("/products/1", NULL));
    CHECK_INT(answer.status, 503);
    const char *seconds = single("Retry-After");
    int64_t until = load_now_ms() + (seconds ? strtol(seconds, NULL, 10) : 0) * 1000;
    start_app();
    while (load_now_ms() < until) {
        get("/healthz", NULL);
        load_sleep_ms(PROBE_MS);
    }
    get("/products/1", NULL);
    return answer.status;
}

/* Whoever waits for as long as Retry-After says is served, if the application is back by then. A
 * busy machine may hold lighttpd up, but not each time. */
static void test_retry_after(void)
{
    int status = 0;
    for (int i = 0; i < TRIES && status != 200; i++)
        status = status_after_waiting();
    CHECK_INT(status, 200);
}

static void test_out_of_reach(void)
{
    static const struct {
        int line;
        const char *path, *header, *id; /* NULL: one that was made */
    } rows[] = {
        {__LINE__, "/products", "X-Request-Id: out-1", "out-1"},
        {__LINE__, "/orders/1", "x-request-id: a.b_c:d+e/f=g-2", "a.b_c:d+e/f=g-2"},
        {__LINE__, "/readyz", NULL, NULL},
        {__LINE__, "/healthz", "X-Request-Id: not fit", NULL},
        {__LINE__, "/healthz", "X-Request-Id: \"quoted\"", NULL},
    };
    char last[ID_TEXT_SIZE] = "";
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_TRUE(get(rows[i].path, rows[i].header));
        CHECK_TRUE(answer_is_problem(&answer, 503, "service-unavailable", ANSWER_LIGHTTPD));
        const char *id = single("X-Request-Id"), *seconds = single("Retry-After");
        CHECK_TEXT(seconds, "2");
        if (rows[i].id) {
            CHECK_TEXT(id, rows[i].id);
        } else if (CHECK_NOT_NULL(id)) {
            CHECK_TRUE(id_is_valid(id), "%s", id);
            CHECK_OTHER_TEXT(id, last);
            snprintf(last, sizeof last, "%s", id);
        }
    }
    CHECK_INT(process_exit(pair_stop_web(&pair, SIGINT)), 0);
    CHECK_LOG(&pair, "access.log", "\"request_id\":\"out-1\"", 0);
    CHECK_OTHER_TEXT(last, "");
    CHECK_LOG(&pair, "access.log", last, 0);
}

int main(void)
{
    static CU_TestInfo tests[] = {{"within reach", test_within_reach},
                                  {"retry after", test_retry_after},
                                  {"out of reach", test_out_of_reach},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/unreachable", setup, fixture_end, tests);
}
