#include "http/problem.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "http/http.h"
#include "metrics/exposition.h"
#include "suite.h"
#include "json/json_check.h"

enum { TYPE_SIZE = 128, HEADERS_SIZE = 512, METRICS_SIZE = 1024 * 1024 };

#define INSTANCE    "0190-abc"
#define HEADERS     "Content-Type: application/problem+json\r\nCache-Control: no-store\r\n"
#define RETRY(TIME) "Retry-After: " TIME "\r\n"

static struct api_response reply;
static struct buffer body, headers;

static int setup(void)
{
    api_response_init(&reply, PROBLEM_BODY_MAX);
    buffer_init(&body, PROBLEM_BODY_MAX);
    buffer_init(&headers, HEADERS_SIZE);
    return 0;
}

static int teardown(void)
{
    api_response_free(&reply);
    buffer_free(&body);
    buffer_free(&headers);
    return 0;
}

static void start(void)
{
    api_response_reset(&reply);
    buffer_reset(&body, PROBLEM_BODY_MAX);
    buffer_reset(&headers, HEADERS_SIZE);
}

#define CHECK_JSON()                                                                               \
    do {                                                                                           \
        size_t fault_at = 0;                                                                       \
        CHECK_FALSE(body.overflown);                                                               \
        CHECK_INT(json_check(body.data, body.len, &fault_at), JSON_OK, "at byte %zu of %s",        \
                  fault_at, body.data);                                                            \
    } while (0)

static const struct {
    int line;
    enum problem problem;
    int status;
    const char *header; /* beside those that every problem has */
    const char *name;
} problem_rows[] = {
    {__LINE__, PROBLEM_DENIED, 403, "", "consumer-denied"},
    {__LINE__, PROBLEM_UNIDENTIFIED, 403, "", "consumer-unidentified"},
    {__LINE__, PROBLEM_RATE_LIMITED, 429, "", "rate-limited"},
    {__LINE__, PROBLEM_NO_ROUTE, 404, "", "not-found"},
    {__LINE__, PROBLEM_METHOD, 405, "Allow: GET, HEAD\r\n", "method-not-allowed"},
    {__LINE__, PROBLEM_MEDIA_TYPE_OF, 415, "Accept: application/json\r\n",
     "unsupported-media-type"},
    {__LINE__, PROBLEM_CODING, 415, "Accept-Encoding: identity\r\n", "unsupported-content-coding"},
    {__LINE__, PROBLEM_BODY_UNWANTED, 400, "", "unexpected-body"},
    {__LINE__, PROBLEM_TOO_LARGE, 413, "", "content-too-large"},
    {__LINE__, PROBLEM_BODY_CUT, 400, "", "incomplete-body"},
    {__LINE__, PROBLEM_BAD_KEY, 400, "", "bad-idempotency-key"},
    {__LINE__, PROBLEM_MALFORMED, 400, "", "malformed-json"},
    {__LINE__, PROBLEM_INVALID, 422, "", "invalid-request"},
    {__LINE__, PROBLEM_NO_PRODUCT, 404, "", "unknown-product"},
    {__LINE__, PROBLEM_NO_ORDER, 404, "", "unknown-order"},
    {__LINE__, PROBLEM_OUT_OF_STOCK, 409, "", "out-of-stock"},
    {__LINE__, PROBLEM_KEY_REUSED, 422, "", "idempotency-key-reused"},
    {__LINE__, PROBLEM_KEY_IN_FLIGHT, 409, RETRY("1"), "idempotency-key-in-flight"},
    {__LINE__, PROBLEM_LIST_TOO_LONG, 422, "", "list-too-long"},
    {__LINE__, PROBLEM_DRAINING, 503, RETRY("1"), "draining"},
    {__LINE__, PROBLEM_STORE_BUSY, 503, RETRY("1"), "store-busy"},
    {__LINE__, PROBLEM_STORE_DOWN, 503, RETRY("2"), "store-unavailable"},
    {__LINE__, PROBLEM_UNKNOWN, 503, RETRY("2"), "outcome-unknown"},
    {__LINE__, PROBLEM_FAULT, 500, "", "internal-error"},
    {__LINE__, PROBLEM_BAD_REQUEST, 400, "", "bad-request"},
    {__LINE__, PROBLEM_REQUEST_TIMEOUT, 408, "", "request-timeout"},
    {__LINE__, PROBLEM_LENGTH_REQUIRED, 411, "", "length-required"},
    {__LINE__, PROBLEM_URI_TOO_LONG, 414, "", "uri-too-long"},
    {__LINE__, PROBLEM_EXPECTATION, 417, "", "expectation-failed"},
    {__LINE__, PROBLEM_HEADERS_TOO_LARGE, 431, "", "request-header-fields-too-large"},
    {__LINE__, PROBLEM_WORKER_DIED, 500, "", "internal-error"},
    {__LINE__, PROBLEM_NOT_IMPLEMENTED, 501, "", "not-implemented"},
    {__LINE__, PROBLEM_BAD_GATEWAY, 502, "", "bad-gateway"},
    {__LINE__, PROBLEM_UNREACHABLE, 503, RETRY("1"), "service-unavailable"},
    {__LINE__, PROBLEM_GATEWAY_TIMEOUT, 504, "", "gateway-timeout"},
    {__LINE__, PROBLEM_HTTP_VERSION, 505, "", "http-version-not-supported"},
};

static void test_rows(void)
{
    CHECK_INT(sizeof problem_rows / sizeof problem_rows[0], PROBLEM_MAX - 1);
    for (size_t i = 0; i < sizeof problem_rows / sizeof problem_rows[0]; i++) {
        CHECK_ROW(problem_rows[i].line);
        char type[TYPE_SIZE], status[TYPE_SIZE];
        CHECK_INT(problem_status(problem_rows[i].problem), problem_rows[i].status);
        start();
        problem_headers(problem_rows[i].problem, "GET, HEAD", &headers);
        CHECK_START(headers.data, HEADERS);
        CHECK_TEXT(headers.data + strlen(HEADERS), problem_rows[i].header);
        problem_render(problem_rows[i].problem, NULL, INSTANCE, false, &body);
        snprintf(type, sizeof type, "\"type\":\"urn:postern:problem:%s\"}", problem_rows[i].name);
        snprintf(status, sizeof status, ",\"status\":%d,\"title\":\"", problem_rows[i].status);
        CHECK_JSON();
        CHECK_CONTAINS(body.data, type);
        CHECK_CONTAINS(body.data, status);
        CHECK_CONTAINS(body.data, "\"instance\":\"" INSTANCE "\"");
        CHECK_START(body.data, "{\"detail\":\"");
        CHECK_COMPARE(body.data[11], !=, '"');
    }
}

static void test_of_status(void)
{
    static const struct {
        int line;
        enum api_status status;
        enum problem problem;
    } rows[] = {
        {__LINE__, API_OK, PROBLEM_NONE},
        {__LINE__, API_CREATED, PROBLEM_NONE},
        {__LINE__, API_REPLAYED, PROBLEM_NONE},
        {__LINE__, API_NO_PRODUCT, PROBLEM_NO_PRODUCT},
        {__LINE__, API_NO_ORDER, PROBLEM_NO_ORDER},
        {__LINE__, API_MALFORMED, PROBLEM_MALFORMED},
        {__LINE__, API_INVALID, PROBLEM_INVALID},
        {__LINE__, API_OUT_OF_STOCK, PROBLEM_OUT_OF_STOCK},
        {__LINE__, API_KEY_REUSED, PROBLEM_KEY_REUSED},
        {__LINE__, API_KEY_IN_FLIGHT, PROBLEM_KEY_IN_FLIGHT},
        {__LINE__, API_LIST_TOO_LONG, PROBLEM_LIST_TOO_LONG},
        {__LINE__, API_DRAINING, PROBLEM_DRAINING},
        {__LINE__, API_STORE_BUSY, PROBLEM_STORE_BUSY},
        {__LINE__, API_STORE_DOWN, PROBLEM_STORE_DOWN},
        {__LINE__, API_UNKNOWN, PROBLEM_UNKNOWN},
        {__LINE__, API_FAULT, PROBLEM_FAULT},
    };
    CHECK_INT(sizeof rows / sizeof rows[0], API_STATUS_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(problem_of(rows[i].status), rows[i].problem);
    }
    /* A status without a row must never count as a success. */
    CHECK_INT(problem_of(API_STATUS_MAX), PROBLEM_FAULT);
}

static void test_of_refusal(void)
{
    static const struct {
        int line;
        int status;
        enum problem problem;
    } rows[] = {
        {__LINE__, 400, PROBLEM_BAD_REQUEST},
        {__LINE__, 404, PROBLEM_NO_ROUTE},
        {__LINE__, 408, PROBLEM_REQUEST_TIMEOUT},
        {__LINE__, 411, PROBLEM_LENGTH_REQUIRED},
        {__LINE__, 413, PROBLEM_TOO_LARGE},
        {__LINE__, 414, PROBLEM_URI_TOO_LONG},
        {__LINE__, 417, PROBLEM_EXPECTATION},
        {__LINE__, 431, PROBLEM_HEADERS_TOO_LARGE},
        {__LINE__, 500, PROBLEM_WORKER_DIED},
        {__LINE__, 501, PROBLEM_NOT_IMPLEMENTED},
        {__LINE__, 502, PROBLEM_BAD_GATEWAY},
        {__LINE__, 503, PROBLEM_UNREACHABLE},
        {__LINE__, 504, PROBLEM_GATEWAY_TIMEOUT},
        {__LINE__, 505, PROBLEM_HTTP_VERSION},
        {__LINE__, 0, PROBLEM_NONE},
        {__LINE__, 200, PROBLEM_NONE},
        {__LINE__, 418, PROBLEM_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(problem_of_refusal(rows[i].status), rows[i].problem);
    }
}

static void test_detail_of_the_handler(void)
{
    start();
    snprintf(reply.detail, sizeof reply.detail, "say \"so\" at byte 3");
    problem_render(PROBLEM_MALFORMED, &reply, INSTANCE, false, &body);
    CHECK_JSON();
    CHECK_START(body.data, "{\"detail\":\"say \\\"so\\\" at byte 3\",");
    /* One byte is a detail, and one that only begins with NUL is none. */
    start();
    snprintf(reply.detail, sizeof reply.detail, "!");
    problem_render(PROBLEM_MALFORMED, &reply, INSTANCE, false, &body);
    CHECK_START(body.data, "{\"detail\":\"!\",");
    start();
    snprintf(reply.detail + 1, sizeof reply.detail - 1, "of the request before");
    problem_render(PROBLEM_MALFORMED, &reply, INSTANCE, false, &body);
    CHECK_LACKS(body.data, "\"detail\":\"\"");
    CHECK_LACKS(body.data, "of the request before");
}

static void test_violations(void)
{
    start();
    violation_add(&reply.violations, VIOLATION_BODY, "/items/0/quantity", "must be %d", 1);
    violation_add(&reply.violations, VIOLATION_QUERY, "limit", "must be given once");
    problem_render(PROBLEM_INVALID, &reply, INSTANCE, false, &body);
    CHECK_JSON();
    CHECK_CONTAINS(body.data,
                   "\"errors\":[{\"detail\":\"must be 1\",\"pointer\":\"/items/0/quantity\"},"
                   "{\"detail\":\"must be given once\",\"parameter\":\"limit\"}],");

    /* Other problems do not show them. */
    buffer_reset(&body, PROBLEM_BODY_MAX);
    problem_render(PROBLEM_NO_ROUTE, &reply, INSTANCE, false, &body);
    CHECK_LACKS(body.data, "errors");
}

/* A member that the handler adds is written as it was rendered. */
static void test_member(void)
{
    start();
    reply.member = "short";
    buffer_text(&reply.body, "[1,2]");
    problem_render(PROBLEM_OUT_OF_STOCK, &reply, INSTANCE, false, &body);
    CHECK_JSON();
    CHECK_CONTAINS(body.data, "\"instance\":\"" INSTANCE "\",\"short\":[1,2],\"status\":409,");

    buffer_reset(&body, PROBLEM_BODY_MAX);
    problem_render(PROBLEM_OUT_OF_STOCK, &reply, INSTANCE, true, &body);
    CHECK_JSON();
    CHECK_CONTAINS(body.data, "\",\n  \"short\": [1,2],\n  \"status\": 409,");

    /* Half a value would make the whole text invalid. */
    buffer_reset(&body, PROBLEM_BODY_MAX);
    reply.body.overflown = true;
    problem_render(PROBLEM_OUT_OF_STOCK, &reply, INSTANCE, false, &body);
    CHECK_JSON();
    CHECK_LACKS(body.data, "short");
}

static void test_pretty(void)
{
    start();
    problem_render(PROBLEM_FAULT, NULL, INSTANCE, true, &body);
    CHECK_JSON();
    CHECK_START(body.data, "{\n  \"detail\": \"");
    CHECK_INT(body.data[body.len - 1], '\n');
}

/* Whatever is sent, the problem must fit its buffer. */
static void test_largest(void)
{
    char where[VIOLATION_WHERE_SIZE], detail[VIOLATION_DETAIL_SIZE];
    start();
    memset(where, '"', sizeof where - 1);
    memset(detail, '\\', sizeof detail - 1);
    where[sizeof where - 1] = detail[sizeof detail - 1] = '\0';
    for (int i = 0; i < 2 * VIOLATIONS_MAX; i++)
        violation_add(&reply.violations, VIOLATION_BODY, where, "%s", detail);
    problem_render(PROBLEM_INVALID, &reply, INSTANCE, true, &body);
    CHECK_JSON();
}

static size_t series_of(const char *all, enum problem problem)
{
    char label[TYPE_SIZE];
    size_t count = 0;
    snprintf(label, sizeof label, "{problem=\"%s\"}", problem_names[problem]);
    for (const char *at = all; (at = strstr(at, label)) != NULL; at++)
        count++;
    return count;
}

/* Two problems may have one name, which is one series: no reader takes the same one twice. */
static void test_counted_as(void)
{
    struct exposition_cursor cursor = {0};
    struct buffer told;
    REQUIRE_TRUE(metrics_open());
    http_label_metrics();
    buffer_init(&told, METRICS_SIZE);
    for (enum problem p = PROBLEM_NONE + 1; p < PROBLEM_MAX; p++) {
        CHECK_TEXT(problem_names[problem_counted_as(p)], problem_names[p]);
        metrics_add(METRIC_PROBLEMS, 1, METRICS_WITH(problem_counted_as(p)));
    }
    CHECK_INT(problem_counted_as(PROBLEM_WORKER_DIED), PROBLEM_FAULT);
    CHECK_FALSE(exposition_write(&cursor, &told, METRICS_SIZE));
    for (enum problem p = PROBLEM_NONE + 1; p < PROBLEM_MAX; p++)
        CHECK_INT(series_of(told.data, p), 1, "%s", problem_names[p]);
    CHECK_CONTAINS(told.data, "{problem=\"internal-error\"} 2\n");
    CHECK_LACKS(told.data, "{problem=\"\"}");
    buffer_free(&told);
    metrics_close();
}

int main(void)
{
    CU_TestInfo tests[] = {{"rows", test_rows},
                           {"problem of a status", test_of_status},
                           {"problem of a refusal", test_of_refusal},
                           {"detail of the handler", test_detail_of_the_handler},
                           {"violations", test_violations},
                           {"member", test_member},
                           {"pretty", test_pretty},
                           {"largest", test_largest},
                           {"counted as", test_counted_as},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/http/problem", setup, teardown, tests);
}
