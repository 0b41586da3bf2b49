/* lighttpd's answers while the application is out of reach have the headers that all others have:
 * with mod_postern_errors, as in production. */
#include <signal.h>
#include <string.h>

#include "base/id.h"
#include "e2e/answer.h"
#include "e2e/fixture.h"
#include "e2e/process.h"
#include "suite.h"

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
        CU_ASSERT(get(paths[i], "X-Request-Id: mine"));
        const char *id = single("X-Request-Id");
        SUITE_CHECK(id && strcmp(id, "mine") == 0, "%s: %s", paths[i], id ? id : "-");
        SUITE_CHECK(!client_header(&answer, "Retry-After"), "%s", paths[i]);
    }
    /* The application's own id, which its body names too. */
    CU_ASSERT(get("/nowhere", NULL) && single("X-Request-Id"));
    CU_ASSERT(answer_is_problem(&answer, 404, NULL, ANSWER_POSTERN));
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
    SUITE_CHECK(pair_stop_app(&pair, SIGTERM) == 0, "postern did not stop with status 0");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SUITE_ROW(&rows[i], get(rows[i].path, rows[i].header));
        SUITE_ROW(&rows[i],
                  answer_is_problem(&answer, 503, "service-unavailable", ANSWER_LIGHTTPD));
        const char *id = single("X-Request-Id"), *seconds = single("Retry-After");
        SUITE_ROW(&rows[i], seconds && strcmp(seconds, "1") == 0);
        SUITE_ROW(&rows[i], id && (rows[i].id ? strcmp(id, rows[i].id) == 0
                                              : id_is_valid(id) && strcmp(id, last) != 0));
        if (id && !rows[i].id)
            snprintf(last, sizeof last, "%s", id);
    }
    SUITE_CHECK(pair_stop_web(&pair, SIGINT) == 0, "lighttpd did not stop with status 0");
    CU_ASSERT(process_wait_log(&pair, "access.log", "\"request_id\":\"out-1\"", 0));
    CU_ASSERT(last[0] && process_wait_log(&pair, "access.log", last, 0));
}

int main(void)
{
    static CU_TestInfo tests[] = {{"within reach", test_within_reach},
                                  {"out of reach", test_out_of_reach},
                                  CU_TEST_INFO_NULL};
    return suite_run("e2e/unreachable", setup, fixture_end, tests);
}
