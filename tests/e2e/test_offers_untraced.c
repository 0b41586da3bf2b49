/* lighttpd's module for published answers without the one for traces: what the application would
 * begin a trace of, it is asked. With that one: test_offers. */
#include <string.h>

#include "base/trace.h"
#include "check.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/offerer.h"

#define ONE   "{\"published\":1}"
#define TRACE "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0"

static struct offerer offerer;

static int setup(void)
{
    static const struct pair_options options = {.module = true, .lighttpd = OFFERER_LIGHTTPD};
    if (fixture_start(&options) != 0 || !offerer_open(&offerer, &pair))
        return 1;
    offerer_publish(&offerer, 1, "\"one\"", ONE, strlen(ONE));
    return 0;
}

static int teardown(void)
{
    offerer_close(&offerer);
    return fixture_end();
}

static void test_traced(void)
{
    static const struct {
        int line;
        int rate;
        const char *header;
        bool published;
    } traced[] = {
        {__LINE__, -1, NULL, true},
        {__LINE__, -1, TRACE "1", true},
        {__LINE__, 0, NULL, true},
        {__LINE__, 0, "traceparent: 00-1", true},
        {__LINE__, 0, TRACE "1", false},
        {__LINE__, 1, NULL, false},
        {__LINE__, 1, "traceparent: 00-1", false},
        {__LINE__, TRACE_RATE_ALL, TRACE "0", true},
    };
    REQUIRE_TRUE(offerer_wait_taken(&offerer, client, ONE, &answer));
    for (size_t i = 0; i < sizeof traced / sizeof traced[0]; i++) {
        const char *headers[] = {traced[i].header, NULL};
        const struct client_request request = {
            .method = "GET", .path = "/products/1", .headers = headers};
        CHECK_ROW(traced[i].line);
        offerer.answers.layout->trace_rate = traced[i].rate;
        offerer_ask(&offerer, client, &request, &answer);
        CHECK_INT(answer.status == 200 && strcmp(answer.body, ONE) == 0, traced[i].published);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"traced", test_traced}, CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/offers_untraced", setup, teardown, tests);
}
