/* The one request whose body may be left out: which headers count then, and which not. */

#include "ask.h"
#include "check.h"
#include "suite.h"

#define JSON   "application/json"
#define CANCEL "/orders/" FAKE_STORE_ORDER "/cancel"

/* Each asks to cancel an order; problem is NULL for a success. */
static const struct {
    int line;
    struct ask q;
    int status;
    const char *problem;
    const char *name, *value; /* a header of the answer; value NULL: it has none */
    int calls;                /* of the store */
} rows[] = {
#define GIVEN(...)                                                                                 \
    {                                                                                              \
        .path = CANCEL, __VA_ARGS__                                                                \
    }
    {__LINE__, GIVEN(.method = "POST"), 200, NULL, "Content-Type", JSON, 1},
    {__LINE__, GIVEN(.method = "POST"), 200, NULL, "Cache-Control", "no-store", 1},
    {__LINE__, GIVEN(.method = "POST"), 200, NULL, "Location", NULL, 1},
    {__LINE__, GIVEN(.method = "POST"), 200, NULL, "ETag", NULL, 1},
    {__LINE__, GIVEN(.method = "POST", .type = JSON, .body = "{}"), 200, NULL, "Content-Type", JSON,
     1},
    /* Without a body its headers are not read, and no key is. */
    {__LINE__, GIVEN(.method = "POST", .type = "x", .coding = "gzip", .key = ""), 200, NULL,
     "Content-Type", JSON, 1},
    {__LINE__, GIVEN(.method = "POST", .type = JSON, .key = "a b", .body = "{}"), 200, NULL,
     "Content-Type", JSON, 1},
    {__LINE__, GIVEN(.method = "GET"), 405, "method-not-allowed", "Allow", "POST, OPTIONS", 0},
    {__LINE__, GIVEN(.method = "HEAD"), 405, "method-not-allowed", "Allow", "POST, OPTIONS", 0},
    {__LINE__, GIVEN(.method = "POST", .body = "{}"), 415, "unsupported-media-type", "Accept", JSON,
     0},
    {__LINE__, GIVEN(.method = "POST", .body = "{}", .type = JSON, .coding = "gzip"), 415,
     "unsupported-content-coding", "Accept-Encoding", "identity", 0},
    {__LINE__, GIVEN(.method = "POST", .type = JSON, .cut = true), 400, "incomplete-body",
     "Location", NULL, 0},
    {__LINE__, GIVEN(.method = "POST", .type = JSON, .too_large = true), 413, "content-too-large",
     "Location", NULL, 0},
    {__LINE__, GIVEN(.method = "POST", .body = "{", .type = JSON), 400, "malformed-json",
     "Location", NULL, 0},
    {__LINE__, GIVEN(.method = "POST", .body = "{\"a\":1}", .type = JSON), 422, "invalid-request",
     "Location", NULL, 0},
    {__LINE__, GIVEN(.method = "POST", .body = "[]", .type = JSON), 422, "invalid-request",
     "Location", NULL, 0},
    {__LINE__, GIVEN(.method = "POST", .result = STORE_NOT_FOUND), 404, "unknown-order", "Location",
     NULL, 1},
    {__LINE__, GIVEN(.method = "POST", .result = STORE_UNKNOWN), 503, "outcome-unknown",
     "Retry-After", "2", 1},
};

static void test_cancel(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        ask(&rows[i].q);
        CHECK_INT(ask_response.status, rows[i].status);
        CHECK_TEXT(ask_header(rows[i].name), rows[i].value);
        CHECK_INT(ask_fake.calls, rows[i].calls);
        if (rows[i].problem)
            CHECK_PROBLEM(rows[i].status, rows[i].problem);
        else
            CHECK_START(ask_response.body, "{\"cancelled_at\":");
        CHECK_TEXT(ask_response.route, "/orders/{id}/cancel");
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"cancel", test_cancel}, CU_TEST_INFO_NULL};
    return suite_run("unit/http/cancellation", ask_setup, ask_teardown, tests);
}
