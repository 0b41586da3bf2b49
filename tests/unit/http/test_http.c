#include "http/http.h"

#include <string.h>

#include "ask.h"
#include "check.h"
#include "http/problem.h"
#include "suite.h"

#define JSON  "application/json"
#define ORDER "{\"items\":[{\"product_id\":1,\"quantity\":2}]}"

static const struct {
    int line;
    struct ask q;
    int status;
    const char *problem;
    const char *name, *value; /* of a header; value NULL: it must not be there */
    int calls;                /* of the store */
} problem_rows[] = {
#define NOTHING           "Retry-After", NULL
#define NOTHING_BUT_THREE "Retry-After", "3"
#define GIVEN(...)                                                                                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define POST  .method = "POST", .path = "/orders"
#define TYPED POST, .type = JSON
#define PLACE TYPED, .body = ORDER
/* A rate of 50 with a burst of 100: after an admitted request, and after a refused one. */
#define SOME  .bucket = {true, true, 100, 2, 40, 2}
#define EMPTY .bucket = {true, false, 100, 2, 0, 3}
    {__LINE__, GIVEN(.path = "/nothing"), 404, "not-found", "Allow", NULL, 0},
    {__LINE__, GIVEN(.path = ""), 404, "not-found", NOTHING, 0},
    {__LINE__, GIVEN(.method = "OPTIONS", .path = "/nothing"), 404, "not-found", "Allow", NULL, 0},
    {__LINE__, GIVEN(.method = "POST", .path = "/products"), 405, "method-not-allowed", "Allow",
     "GET, HEAD, OPTIONS", 0},
    {__LINE__, GIVEN(.method = "DELETE", .path = "/orders"), 405, "method-not-allowed", "Allow",
     "GET, HEAD, POST, OPTIONS", 0},
    {__LINE__, GIVEN(.method = "PUT", .path = "/products/1", .query = "limit=x"), 405,
     "method-not-allowed", "Allow", "GET, HEAD, OPTIONS", 0},
    {__LINE__, GIVEN(POST, .body = ORDER), 415, "unsupported-media-type", "Accept", JSON, 0},
    {__LINE__, GIVEN(POST, .body = ORDER, .type = "text/plain"), 415, "unsupported-media-type",
     "Accept", JSON, 0},
    {__LINE__, GIVEN(PLACE, .coding = "gzip"), 415, "unsupported-content-coding", "Accept-Encoding",
     "identity", 0},
    {__LINE__, GIVEN(PLACE, .coding = "identity, br"), 415, "unsupported-content-coding",
     "Accept-Encoding", "identity", 0},
    {__LINE__, GIVEN(.path = "/products", .body = "x"), 400, "unexpected-body", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/products/1", .too_large = true), 400, "unexpected-body", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/orders", .cut = true), 400, "unexpected-body", NOTHING, 0},
    {__LINE__, GIVEN(TYPED, .body = "", .too_large = true), 413, "content-too-large", "Accept",
     NULL, 0},
    {__LINE__, GIVEN(PLACE, .cut = true), 400, "incomplete-body", NOTHING, 0},
    {__LINE__, GIVEN(PLACE, .key = ""), 400, "bad-idempotency-key", NOTHING, 0},
    {__LINE__, GIVEN(PLACE, .key = "\"\""), 400, "bad-idempotency-key", NOTHING, 0},
    {__LINE__, GIVEN(PLACE, .key = "two words"), 400, "bad-idempotency-key", NOTHING, 0},
    {__LINE__, GIVEN(TYPED, .body = "{"), 400, "malformed-json", NOTHING, 0},
    {__LINE__, GIVEN(TYPED, .body = ""), 400, "malformed-json", NOTHING, 0},
    {__LINE__, GIVEN(TYPED, .body = "[]"), 422, "invalid-request", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/products", .query = "limit=0"), 422, "invalid-request", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/orders", .query = "after=x"), 422, "invalid-request", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/products/4"), 404, "unknown-product", NOTHING, 1},
    {__LINE__, GIVEN(.path = "/products/x"), 404, "unknown-product", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/orders/x"), 404, "unknown-order", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/orders/018f0000-0000-7000-8000-000000000009"), 404, "unknown-order",
     NOTHING, 1},
    {__LINE__, GIVEN(PLACE, .result = STORE_UNKNOWN_PRODUCT), 422, "invalid-request", NOTHING, 1},
    {__LINE__, GIVEN(PLACE, .result = STORE_SHORT), 409, "out-of-stock", NOTHING, 1},
    {__LINE__, GIVEN(PLACE, .result = STORE_KEY_REUSED), 422, "idempotency-key-reused", NOTHING, 1},
    {__LINE__, GIVEN(PLACE, .result = STORE_KEY_IN_FLIGHT), 409, "idempotency-key-in-flight",
     "Retry-After", "1", 1},
    {__LINE__, GIVEN(PLACE, .result = STORE_BUSY), 503, "store-busy", "Retry-After", "1", 1},
    {__LINE__, GIVEN(PLACE, .result = STORE_UNKNOWN), 503, "outcome-unknown", "Retry-After", "2",
     1},
    {__LINE__, GIVEN(.path = "/products", .result = STORE_BUSY), 503, "store-busy", "ETag", NULL,
     1},
    {__LINE__, GIVEN(.path = "/products", .query = "limit=1", .result = STORE_UNREACHABLE), 503,
     "store-unavailable", "Link", NULL, 1},
    {__LINE__, GIVEN(.path = "/orders", .result = STORE_UNREACHABLE), 503, "store-unavailable",
     "Retry-After", "2", 1},
    {__LINE__, GIVEN(.path = "/readyz", .result = STORE_UNREACHABLE), 503, "store-unavailable",
     "Retry-After", "2", 0},
    {__LINE__, GIVEN(.path = "/readyz", .result = STORE_OLD_SCHEMA), 503, "store-unavailable",
     "Retry-After", "2", 0},
    {__LINE__, GIVEN(.path = "/readyz", .draining = true), 503, "draining", "Retry-After", "1", 0},
    {__LINE__, GIVEN(.path = "/products", .result = STORE_STOPPED), 422, "list-too-long", NOTHING,
     1},
    {__LINE__, GIVEN(.path = "/orders", .result = STORE_STOPPED), 422, "list-too-long", NOTHING, 1},
    {__LINE__, GIVEN(.path = "/products/1", .result = STORE_FAULT), 500, "internal-error", NOTHING,
     1},
    {__LINE__, GIVEN(PLACE, .result = STORE_FAULT), 500, "internal-error", "Location", NULL, 1},
    {__LINE__, GIVEN(.path = "/products", .denied = true), 403, "consumer-denied", "Connection",
     "close", 0},
    {__LINE__, GIVEN(.path = "/products", .query = "limit=0", .denied = true), 403,
     "consumer-denied", NOTHING, 0},
    {__LINE__, GIVEN(PLACE, .denied = true), 403, "consumer-denied", "Location", NULL, 0},
    {__LINE__, GIVEN(.path = "/orders/" FAKE_STORE_ORDER, .denied = true), 403, "consumer-denied",
     NOTHING, 0},
    {__LINE__, GIVEN(.path = "/nothing", .denied = true), 403, "consumer-denied", NOTHING, 0},
    {__LINE__, GIVEN(.method = "OPTIONS", .path = "/orders", .denied = true), 403,
     "consumer-denied", "Allow", NULL, 0},
    {__LINE__, GIVEN(.method = "PUT", .path = "/readyz", .denied = true), 403, "consumer-denied",
     "Allow", NULL, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 413, .denied = true), 403, "consumer-denied",
     NOTHING, 0},
    {__LINE__, GIVEN(.path = "/products", .denied = true, EMPTY), 403, "consumer-denied",
     "RateLimit", NULL, 0},
    {__LINE__, GIVEN(.path = "/products", .unidentified = true), 403, "consumer-unidentified",
     "Connection", "close", 0},
    {__LINE__, GIVEN(.method = "OPTIONS", .path = "/orders", .unidentified = true), 403,
     "consumer-unidentified", "Allow", NULL, 0},
    {__LINE__, GIVEN(.path = "/products", EMPTY), 429, "rate-limited", "Retry-After", "3", 0},
    {__LINE__, GIVEN(.path = "/products", EMPTY), 429, "rate-limited", "RateLimit",
     "\"consumer\";r=0;t=3", 0},
    {__LINE__, GIVEN(.path = "/products", EMPTY), 429, "rate-limited", "Connection", NULL, 0},
    {__LINE__, GIVEN(PLACE, EMPTY), 429, "rate-limited", "Location", NULL, 0},
    {__LINE__, GIVEN(.path = "/nothing", EMPTY), 429, "rate-limited", NOTHING_BUT_THREE, 0},
    {__LINE__, GIVEN(.method = "OPTIONS", .path = "/orders", EMPTY), 429, "rate-limited", "Allow",
     NULL, 0},
    {__LINE__, GIVEN(.method = "PUT", .path = "/readyz", EMPTY), 429, "rate-limited", "Allow", NULL,
     0},
    {__LINE__, GIVEN(.path = "/products", .query = "limit=0", EMPTY), 429, "rate-limited",
     NOTHING_BUT_THREE, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 413, EMPTY), 429, "rate-limited",
     NOTHING_BUT_THREE, 0},
    {__LINE__, GIVEN(.path = "/nothing", SOME), 404, "not-found", "RateLimit",
     "\"consumer\";r=40;t=2", 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 413, SOME), 413, "content-too-large",
     "RateLimit-Policy", "\"consumer\";q=100;w=2", 0},
    {__LINE__, GIVEN(PLACE, .result = STORE_BUSY, SOME), 503, "store-busy", "Retry-After", "1", 1},
    {__LINE__, GIVEN(.path = "/readyz", .denied = true, .result = STORE_UNREACHABLE), 503,
     "store-unavailable", "Connection", NULL, 0},
    {__LINE__, GIVEN(.path = "/readyz", .draining = true), 503, "draining", "Connection", "close",
     0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 400), 400, "bad-request", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 404), 404, "not-found", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 408), 408, "request-timeout", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 411), 411, "length-required", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 414), 414, "uri-too-long", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 417), 417, "expectation-failed", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 431), 431, "request-header-fields-too-large",
     NOTHING, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 500), 500, "internal-error", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 501), 501, "not-implemented", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 502), 502, "bad-gateway", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 503), 503, "service-unavailable", "Retry-After",
     "1", 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 504), 504, "gateway-timeout", NOTHING, 0},
    {__LINE__, GIVEN(.path = "/-/error", .refused = 505), 505, "http-version-not-supported",
     NOTHING, 0},
    {__LINE__, GIVEN(PLACE, .refused = 413), 413, "content-too-large", "Location", NULL, 0},
};

static void test_problems(void)
{
    bool seen[PROBLEM_MAX] = {false};
    for (size_t i = 0; i < sizeof problem_rows / sizeof problem_rows[0]; i++) {
        CHECK_ROW(problem_rows[i].line);
        ask(&problem_rows[i].q);
        CHECK_PROBLEM(problem_rows[i].status, problem_rows[i].problem);
        CHECK_TEXT(ask_header(problem_rows[i].name), problem_rows[i].value);
        CHECK_INT(ask_fake.calls, problem_rows[i].calls);
        CHECK_TRUE(ask_response.send_body);
        CHECK_OTHER_TEXT(ask_response.route, "");
        CHECK_OTHER_TEXT(ask_response.reason, "Unknown");
    }
    /* Every problem there is came up. */
    for (enum problem p = PROBLEM_NONE + 1; p < PROBLEM_MAX; p++) {
        struct buffer body;
        buffer_init(&body, PROBLEM_BODY_MAX);
        problem_render(p, NULL, "", false, &body);
        const char *name = strstr(body.data, "urn:postern:problem:") + 20;
        for (size_t i = 0; i < sizeof problem_rows / sizeof problem_rows[0]; i++)
            seen[p] = seen[p] || (strncmp(name, problem_rows[i].problem, strcspn(name, "\"")) == 0);
        CHECK_TRUE(seen[p], "no row for %s", name);
        buffer_free(&body);
    }
}

static const struct {
    int line;
    struct ask q;
    int status;
    const char *name, *value; /* of a header; value NULL: it must not be there */
    const char *body;         /* its start */
} success_rows[] = {
    {__LINE__, GIVEN(.path = "/products"), 200, "Connection", NULL, "["},
    {__LINE__, GIVEN(.path = "/products"), 200, "Content-Type", JSON, "[{\"description\":"},
    {__LINE__, GIVEN(.path = "/products"), 200, "Cache-Control", "no-cache", "["},
    {__LINE__, GIVEN(.path = "/products"), 200, "Link", NULL, "["},
    {__LINE__, GIVEN(.path = "/products", .query = "pretty"), 200, "Link", NULL, "[\n  {\n    \""},
    {__LINE__, GIVEN(.path = "/products", .query = "limit=3"), 200, "Link", NULL, "["},
    {__LINE__, GIVEN(.path = "/products", .query = "limit=2"), 200, "Link",
     "</products?limit=2&after=2>; rel=\"next\"", "["},
    {__LINE__, GIVEN(.path = "/products", .query = "pretty&after=1&limit=1"), 200, "Link",
     "</products?limit=1&after=2&pretty>; rel=\"next\"", "["},
    {__LINE__, GIVEN(.path = "/products", .query = "after=3"), 200, "Link", NULL, "[]"},
    {__LINE__, GIVEN(.path = "/products/1"), 200, "Content-Type", JSON,
     "{\"description\":\"Description for product 1\",\"id\":1,\"name\":\"Product 1\","
     "\"price\":9.99,\"quantity\":10}"},
    {__LINE__, GIVEN(.path = "/orders"), 200, "Cache-Control", "no-store", "[]"},
    {__LINE__, GIVEN(.path = "/orders"), 200, "ETag", NULL, "[]"},
    {__LINE__, GIVEN(.path = "/orders/" FAKE_STORE_ORDER), 200, "Location", NULL,
     "{\"created_at\":"},
    {__LINE__, GIVEN(PLACE), 201, "Content-Type", JSON, "{\"created_at\":"},
    {__LINE__, GIVEN(PLACE), 201, "Cache-Control", "no-store", "{"},
    {__LINE__, GIVEN(PLACE), 201, "Idempotent-Replayed", NULL, "{"},
    {__LINE__, GIVEN(POST, .body = ORDER, .type = JSON ";charset=utf-8"), 201, "Accept", NULL, "{"},
    {__LINE__, GIVEN(PLACE, .key = "k", .result = STORE_REPLAYED), 201, "Idempotent-Replayed",
     "true", "{"},
    {__LINE__, GIVEN(PLACE, .key = "k", .result = STORE_REPLAYED), 201, "Location",
     "/orders/" FAKE_STORE_ORDER, "{"},
    {__LINE__, GIVEN(.path = "/healthz"), 200, "Content-Type", JSON, "{\"status\":\"ok\"}"},
    {__LINE__, GIVEN(.path = "/healthz", .draining = true, .result = STORE_UNREACHABLE), 200,
     "Retry-After", NULL, "{\"status\":\"ok\"}"},
    {__LINE__, GIVEN(.path = "/readyz"), 200, "Cache-Control", "no-store", "{\"status\":\"ok\"}"},
    /* A GET ignores the headers of a body. */
    {__LINE__, GIVEN(.path = "/products/2", .type = "x", .coding = "gzip", .key = ""), 200,
     "Content-Type", JSON, "{"},
    {__LINE__, GIVEN(.path = "/products", .draining = true), 200, "Retry-After", NULL, "["},
    {__LINE__, GIVEN(.path = "/products", .draining = true), 200, "Connection", "close", "["},
    {__LINE__, GIVEN(PLACE, .draining = true), 201, "Connection", "close", "{"},
    {__LINE__, GIVEN(.path = "/healthz", .denied = true), 200, "Connection", NULL, "{"},
    {__LINE__, GIVEN(.path = "/readyz", .denied = true), 200, "Content-Type", JSON, "{"},
    {__LINE__, GIVEN(.path = "/healthz", .unidentified = true), 200, "Connection", NULL, "{"},
    {__LINE__, GIVEN(.path = "/readyz", EMPTY), 200, "RateLimit", NULL, "{"},
    {__LINE__, GIVEN(.path = "/products", SOME), 200, "RateLimit-Policy", "\"consumer\";q=100;w=2",
     "["},
    {__LINE__, GIVEN(.path = "/products", SOME), 200, "RateLimit", "\"consumer\";r=40;t=2", "["},
    {__LINE__, GIVEN(.path = "/products", SOME), 200, "Retry-After", NULL, "["},
    {__LINE__, GIVEN(.path = "/products"), 200, "RateLimit", NULL, "["},
    {__LINE__, GIVEN(PLACE, SOME), 201, "RateLimit", "\"consumer\";r=40;t=2", "{"},
};

static void test_successes(void)
{
    for (size_t i = 0; i < sizeof success_rows / sizeof success_rows[0]; i++) {
        CHECK_ROW(success_rows[i].line);
        const char *start = success_rows[i].body;
        ask(&success_rows[i].q);
        CHECK_INT(ask_response.status, success_rows[i].status);
        CHECK_TEXT(ask_header(success_rows[i].name), success_rows[i].value);
        CHECK_START(ask_response.body, start);
        CHECK_INT(ask_response.body_len, strlen(ask_response.body));
        CHECK_TRUE(ask_response.send_body);
    }
}

/* Requests of callers put off the end of a drain; all others do not. */
static void test_traffic(void)
{
    static const struct {
        int line;
        struct ask q;
        bool traffic;
    } rows[] = {
        {__LINE__, GIVEN(.path = "/products"), true},
        {__LINE__, GIVEN(PLACE, .draining = true), true},
        {__LINE__, GIVEN(.path = "/nothing"), true},
        {__LINE__, GIVEN(.method = "OPTIONS", .path = "/orders"), true},
        {__LINE__, GIVEN(.path = "/healthz"), false},
        {__LINE__, GIVEN(.path = "/readyz"), false},
        {__LINE__, GIVEN(.method = "HEAD", .path = "/readyz", .draining = true), false},
        {__LINE__, GIVEN(.path = "/products", .denied = true), false},
        {__LINE__, GIVEN(.path = "/healthz", .denied = true), false},
        {__LINE__, GIVEN(.path = "/products", .unidentified = true), false},
        {__LINE__, GIVEN(.path = "/products", EMPTY), false},
        {__LINE__, GIVEN(.path = "/products", SOME), true},
        {__LINE__, GIVEN(.path = "/-/error", .refused = 400), false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        ask(&rows[i].q);
        CHECK_INT(ask_response.traffic, rows[i].traffic);
    }
}

/* HEAD has GET's headers and length, and no body. OPTIONS names the methods. */
static void test_head_and_options(void)
{
    static const struct {
        int line;
        const char *path, *allow;
    } rows[] = {
        {__LINE__, "/products", "GET, HEAD, OPTIONS"},
        {__LINE__, "/products/1", "GET, HEAD, OPTIONS"},
        {__LINE__, "/products/4", "GET, HEAD, OPTIONS"},
        {__LINE__, "/orders", "GET, HEAD, POST, OPTIONS"},
        {__LINE__, "/orders/" FAKE_STORE_ORDER, "GET, HEAD, OPTIONS"},
        {__LINE__, "/healthz", "GET, HEAD, OPTIONS"},
        {__LINE__, "/readyz", "GET, HEAD, OPTIONS"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        ask(&(struct ask){.path = rows[i].path, .id = "same"});
        char headers[ASK_TEXT_SIZE];
        int status = ask_response.status;
        size_t len = ask_response.body_len;
        snprintf(headers, sizeof headers, "%s", ask_response.headers.data);

        ask(&(struct ask){.method = "HEAD", .path = rows[i].path, .id = "same"});
        CHECK_INT(ask_response.status, status);
        CHECK_INT(ask_response.body_len, len);
        CHECK_COMPARE(len, >, 0);
        CHECK_FALSE(ask_response.send_body);
        CHECK_TEXT(ask_response.headers.data, headers);

        ask(&(struct ask){.method = "OPTIONS", .path = rows[i].path, .query = "limit=x"});
        CHECK_INT(ask_response.status, 204);
        CHECK_INT(ask_fake.calls, 0);
        CHECK_INT(ask_response.body_len, 0);
        CHECK_FALSE(ask_response.send_body);
        CHECK_TEXT(ask_header("Allow"), rows[i].allow);
        CHECK_NULL(ask_header("Content-Type"));
    }
}

static void test_conditional(void)
{
    char etag[ASK_TEXT_SIZE], pretty[ASK_TEXT_SIZE];
    const char *paths[] = {"/products", "/products/1"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        CHECK_OF("%s", paths[i]);
        ask(&(struct ask){.path = paths[i], .query = "limit=1&pretty"});
        snprintf(pretty, sizeof pretty, "%s", ask_header("ETag"));
        ask(&(struct ask){.path = paths[i], .query = "limit=1"});
        snprintf(etag, sizeof etag, "%s", ask_header("ETag"));
        CHECK_OTHER_TEXT(etag, pretty);

        ask(&(struct ask){.path = paths[i], .query = "limit=1", .if_none_match = etag});
        CHECK_INT(ask_response.status, 304);
        CHECK_INT(ask_response.body_len, 0);
        CHECK_FALSE(ask_response.send_body);
        CHECK_TEXT(ask_header("ETag"), etag);
        CHECK_TEXT(ask_header("Cache-Control"), "no-cache");
        CHECK_NULL(ask_header("Content-Type"));
        ask(&(struct ask){
            .method = "HEAD", .path = paths[i], .query = "limit=1", .if_none_match = etag});
        CHECK_INT(ask_response.status, 304);
        ask(&(struct ask){.path = paths[i], .query = "limit=1", .if_none_match = pretty});
        CHECK_INT(ask_response.status, 200);
    }
    ask(&(struct ask){.path = "/products/4", .if_none_match = "*"});
    CHECK_INT(ask_response.status, 404);
    ask(&(struct ask){.path = "/orders", .if_none_match = "*"});
    CHECK_INT(ask_response.status, 200);
}

/* A request id of the caller is kept if it is well-formed; otherwise there is a new one. */
/* What the web server refused without a word is explained where it can be seen. */
static void test_details(void)
{
    static const struct {
        int line;
        struct ask q;
        const char *detail;
    } rows[] = {
        {__LINE__, GIVEN(.path = "/-/error", .refused = 400, .host = "my_service:8080"),
         "the Host \\\"my_service:8080\\\" is no host's name"},
        {__LINE__, GIVEN(.path = "/-/error", .refused = 400, .host = "a\x1b[2J"),
         "the Host \\\"a?[2J\\\" is no host's name"},
        {__LINE__, GIVEN(.path = "/-/error", .refused = 400, .host = "a"),
         "is not well-formed HTTP"},
        {__LINE__, GIVEN(.path = "/-/error", .refused = 400), "is not well-formed HTTP"},
        {__LINE__, GIVEN(.path = "/-/error", .refused = 413, .host = "a_b"), "over 65536 bytes"},
        {__LINE__, GIVEN(PLACE, .coding = "gzip"),
         "the content coding \\\"gzip\\\"; send it in none"},
        {__LINE__, GIVEN(.path = "/products", .body = "x"), "takes no body"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        ask(&rows[i].q);
        CHECK_CONTAINS(ask_response.body, rows[i].detail);
    }
    ask(&(struct ask){PLACE, .coding = "Identity"});
    CHECK_INT(ask_response.status, 201);
    ask(&(struct ask){PLACE, .coding = ""});
    CHECK_INT(ask_response.status, 201);
}

static void test_request_id(void)
{
    static const struct {
        int line;
        const char *id;
        bool kept;
    } rows[] = {
        {__LINE__, "trace-1:a/b=", true}, {__LINE__, NULL, false},          {__LINE__, "", false},
        {__LINE__, "a b", false},         {__LINE__, "a\r\nSet: x", false},
    };
    const char *paths[] = {"/products", "/nothing"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] * 2; i++) {
        size_t row = i / 2;
        CHECK_ROW(rows[row].line);
        ask(&(struct ask){.path = paths[i % 2], .id = rows[row].id});
        bool kept = rows[row].id && strcmp(ask_response.request_id, rows[row].id) == 0;
        CHECK_INT(kept, rows[row].kept);
        if (!rows[row].kept)
            CHECK_TRUE(id_is_valid(ask_response.request_id));
        CHECK_TEXT(ask_header("X-Request-Id"), ask_response.request_id);
    }
}

static void test_pretty_problem(void)
{
    ask(&(struct ask){.path = "/nothing", .query = "pretty"});
    CHECK_PROBLEM(404, "not-found");
    CHECK_START(ask_response.body, "{\n  \"detail\": ");
    ask(&(struct ask){.path = "/products", .query = "limit=x&pretty"});
    CHECK_PROBLEM(422, "invalid-request");
    CHECK_CONTAINS(ask_response.body, "\n      \"parameter\": \"limit\"\n");
}

static void test_order_reaches_the_store(void)
{
    char location[ASK_TEXT_SIZE];
    ask(&(struct ask){PLACE, .key = "\"a \\\"key\\\"\""});
    CHECK_INT(ask_response.status, 201);
    CHECK_TEXT(ask_response.route, "/orders");
    CHECK_TEXT(ask_fake.consumer, "vpce-1");
    CHECK_TEXT(ask_fake.text, "a \"key\"");
    CHECK_INT(ask_fake.request.count, 1);
    CHECK_INT(ask_fake.request.items[0].quantity, 2);
    snprintf(location, sizeof location, "/orders/%s", ask_fake.placed_id);
    CHECK_TEXT(ask_header("Location"), location);

    ask(&(struct ask){PLACE});
    CHECK_TEXT(ask_fake.text, "");
}

/* Nothing of a request may appear in the answer to the next one. */
static void test_nothing_lingers(void)
{
    ask(&(struct ask){TYPED, .body = "{\"items\":0,\"x\":1}"});
    CHECK_INT(ask_response.status, 422);
    ask(&(struct ask){.path = "/products", .query = "limit=1"});
    CHECK_NOT_NULL(ask_header("Link"));
    ask(&(struct ask){PLACE});
    CHECK_INT(ask_response.status, 201);
    CHECK_NULL(ask_header("Link"));
    ask(&(struct ask){.path = "/products/1"});
    CHECK_INT(ask_response.status, 200);
    CHECK_NULL(ask_header("Location"));
    CHECK_NULL(ask_header("Idempotent-Replayed"));
    ask(&(struct ask){TYPED, .body = "{"});
    CHECK_LACKS(ask_response.body, "errors");
    ask(&(struct ask){.path = "/nothing"});
    CHECK_CONTAINS(ask_response.body, "there is nothing at this path");
}

/* Without a store probes are answered as ever, and nothing else is there. */
static void test_probes_alone(void)
{
    static const struct {
        int line;
        const char *method, *path;
        int status;
    } rows[] = {
        {__LINE__, "GET", "/healthz", 200},    {__LINE__, "GET", "/readyz", 200},
        {__LINE__, "HEAD", "/readyz", 200},    {__LINE__, "OPTIONS", "/readyz", 204},
        {__LINE__, "POST", "/healthz", 405},   {__LINE__, "GET", "/products", 404},
        {__LINE__, "POST", "/orders", 404},    {__LINE__, "OPTIONS", "/orders", 404},
        {__LINE__, "GET", "/products/1", 404}, {__LINE__, "GET", "/nothing", 404},
    };
    struct store *store = ask_service.store;
    ask_service.store = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        ask(&(struct ask){.method = rows[i].method, .path = rows[i].path});
        CHECK_INT(ask_response.status, rows[i].status);
    }
    ask_service.store = store;
}

int main(void)
{
    CU_TestInfo tests[] = {{"problems", test_problems},
                           {"successes", test_successes},
                           {"traffic", test_traffic},
                           {"HEAD and OPTIONS", test_head_and_options},
                           {"conditional", test_conditional},
                           {"a detail names what is wrong", test_details},
                           {"request id", test_request_id},
                           {"pretty problem", test_pretty_problem},
                           {"order reaches the store", test_order_reaches_the_store},
                           {"nothing lingers", test_nothing_lingers},
                           {"probes alone", test_probes_alone},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/http/http", ask_setup, ask_teardown, tests);
}
