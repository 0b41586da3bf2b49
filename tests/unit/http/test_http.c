#include "http/http.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "fake_store.h"
#include "http/problem.h"
#include "suite.h"
#include "json/json_check.h"

#define JSON  "application/json"
#define ORDER "{\"items\":[{\"product_id\":1,\"quantity\":2}]}"

enum { TEXT_SIZE = 512, BODY_SIZE = 4096 };

/* What a row asks; members left out are what an ordinary client sends. */
struct question {
    const char *method, *path, *query, *type, *key, *if_none_match, *id, *body;
    bool too_large, cut, draining, denied;
    enum store_result result;
    int refused;
};

static struct fake_store fake;
static struct http_service service;
static struct http_response response;

static int setup(void)
{
    http_service_init(&service, &fake.store);
    http_response_init(&response);
    return 0;
}

static int teardown(void)
{
    http_service_free(&service);
    http_response_free(&response);
    return 0;
}

static void ask_the_fake(const struct question *q)
{
    static char body[BODY_SIZE];
    snprintf(body, sizeof body, "%s", q->body ? q->body : "");
    const struct http_request request = {
        .method = q->method ? q->method : "GET",
        .path = q->path,
        .query = q->query ? q->query : "",
        .headers = {[HTTP_CONTENT_TYPE] = q->type,
                    [HTTP_IF_NONE_MATCH] = q->if_none_match,
                    [HTTP_IDEMPOTENCY_KEY] = q->key,
                    [HTTP_REQUEST_ID] = q->id},
        .consumer = "vpce-1",
        .body = body,
        .body_len = strlen(body),
        .denied = q->denied,
        .body_too_large = q->too_large,
        .body_cut = q->cut,
        .refused = q->refused,
    };
    http_handle(&service, &request, q->draining, &response);
}

static void ask(const struct question *q)
{
    fake_store_init(&fake);
    fake.result = q->result;
    ask_the_fake(q);
}

/* The value of a response's header, or NULL. Fails if the header is there twice. */
static const char *header(const char *name)
{
    static char value[TEXT_SIZE];
    const char *found = NULL;
    size_t n = strlen(name);
    for (const char *line = response.headers.data; *line; line = strstr(line, "\r\n") + 2) {
        if (strncmp(line, name, n) != 0 || strncmp(line + n, ": ", 2) != 0)
            continue;
        CU_ASSERT_PTR_NULL(found);
        snprintf(value, sizeof value, "%.*s", (int)strcspn(line + n + 2, "\r"), line + n + 2);
        found = value;
    }
    return found;
}

static bool header_is(const char *name, const char *expected)
{
    const char *value = header(name);
    return expected ? value && strcmp(value, expected) == 0 : value == NULL;
}

static bool member_is(const cJSON *object, const char *name, const char *expected)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return value && strcmp(value, expected) == 0;
}

/* Whether the response is the problem of that name, in full. */
static bool is_problem(int status, const char *name)
{
    char type[TEXT_SIZE], *copy = malloc(response.body_len + 1);
    size_t where = 0;
    snprintf(type, sizeof type, "urn:postern:problem:%s", name);
    memcpy(copy, response.body, response.body_len);
    copy[response.body_len] = '\0';
    bool valid = json_check(copy, response.body_len, &where) == JSON_OK;
    cJSON *problem = cJSON_ParseWithLength(response.body, response.body_len);
    bool is = valid && problem && response.status == status && member_is(problem, "type", type) &&
              member_is(problem, "instance", response.request_id) &&
              cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(problem, "status")) == status &&
              !member_is(problem, "title", "") && !member_is(problem, "detail", "") &&
              header_is("Content-Type", PROBLEM_MEDIA_TYPE) &&
              header_is("Cache-Control", "no-store");
    cJSON_Delete(problem);
    free(copy);
    return is;
}

static const struct {
    int line;
    struct question q;
    int status;
    const char *problem;
    const char *name, *value; /* of a header; value NULL: it must not be there */
    int calls;                /* of the store */
} problem_rows[] = {
#define NOTHING "Retry-After", NULL
#define GIVEN(...)                                                                                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define POST  .method = "POST", .path = "/orders"
#define TYPED POST, .type = JSON
#define PLACE TYPED, .body = ORDER
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
     "Retry-After", "2", 1},
    {__LINE__, GIVEN(.path = "/readyz", .result = STORE_OLD_SCHEMA), 503, "store-unavailable",
     "Retry-After", "2", 1},
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
    {__LINE__, GIVEN(.path = "/readyz", .denied = true, .result = STORE_UNREACHABLE), 503,
     "store-unavailable", "Connection", NULL, 1},
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
        ask(&problem_rows[i].q);
        SUITE_ROW(&problem_rows[i], is_problem(problem_rows[i].status, problem_rows[i].problem));
        SUITE_ROW(&problem_rows[i], header_is(problem_rows[i].name, problem_rows[i].value));
        SUITE_ROW(&problem_rows[i], fake.calls == problem_rows[i].calls);
        SUITE_ROW(&problem_rows[i], response.send_body);
        SUITE_ROW(&problem_rows[i], response.route[0] != '\0');
        SUITE_ROW(&problem_rows[i], strcmp(response.reason, "Unknown") != 0);
    }
    /* Every problem there is came up. */
    for (enum problem p = PROBLEM_NONE + 1; p < PROBLEM_MAX; p++) {
        struct buffer body;
        buffer_init(&body, PROBLEM_BODY_MAX);
        problem_render(p, NULL, "", false, &body);
        const char *name = strstr(body.data, "urn:postern:problem:") + 20;
        for (size_t i = 0; i < sizeof problem_rows / sizeof problem_rows[0]; i++)
            seen[p] = seen[p] || (strncmp(name, problem_rows[i].problem, strcspn(name, "\"")) == 0);
        SUITE_CHECK(seen[p], "no row for %s", name);
        buffer_free(&body);
    }
}

static const struct {
    int line;
    struct question q;
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
    /* A GET ignores the headers of a body, and the body. */
    {__LINE__, GIVEN(.path = "/products/2", .type = "x", .key = "", .cut = true), 200,
     "Content-Type", JSON, "{"},
    {__LINE__, GIVEN(.path = "/products", .draining = true), 200, "Retry-After", NULL, "["},
    {__LINE__, GIVEN(.path = "/products", .draining = true), 200, "Connection", "close", "["},
    {__LINE__, GIVEN(PLACE, .draining = true), 201, "Connection", "close", "{"},
    {__LINE__, GIVEN(.path = "/healthz", .denied = true), 200, "Connection", NULL, "{"},
    {__LINE__, GIVEN(.path = "/readyz", .denied = true), 200, "Content-Type", JSON, "{"},
};

static void test_successes(void)
{
    for (size_t i = 0; i < sizeof success_rows / sizeof success_rows[0]; i++) {
        const char *start = success_rows[i].body;
        ask(&success_rows[i].q);
        SUITE_ROW(&success_rows[i], response.status == success_rows[i].status);
        SUITE_ROW(&success_rows[i], header_is(success_rows[i].name, success_rows[i].value));
        SUITE_ROW(&success_rows[i], strncmp(response.body, start, strlen(start)) == 0);
        SUITE_ROW(&success_rows[i], response.body_len == strlen(response.body));
        SUITE_ROW(&success_rows[i], response.send_body);
    }
}

/* Requests of callers put off the end of a drain; all others do not. */
static void test_traffic(void)
{
    static const struct {
        int line;
        struct question q;
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
        {__LINE__, GIVEN(.path = "/-/error", .refused = 400), false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask(&rows[i].q);
        SUITE_ROW(&rows[i], response.traffic == rows[i].traffic);
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
        ask(&(struct question){.path = rows[i].path, .id = "same"});
        char headers[TEXT_SIZE];
        int status = response.status;
        size_t len = response.body_len;
        snprintf(headers, sizeof headers, "%s", response.headers.data);

        ask(&(struct question){.method = "HEAD", .path = rows[i].path, .id = "same"});
        SUITE_ROW(&rows[i], response.status == status && response.body_len == len);
        SUITE_ROW(&rows[i], len > 0 && !response.send_body);
        SUITE_ROW(&rows[i], strcmp(response.headers.data, headers) == 0);

        ask(&(struct question){.method = "OPTIONS", .path = rows[i].path, .query = "limit=x"});
        SUITE_ROW(&rows[i], response.status == 204 && fake.calls == 0);
        SUITE_ROW(&rows[i], response.body_len == 0 && !response.send_body);
        SUITE_ROW(&rows[i], header_is("Allow", rows[i].allow));
        SUITE_ROW(&rows[i], header_is("Content-Type", NULL));
    }
}

static void test_conditional(void)
{
    char etag[TEXT_SIZE], pretty[TEXT_SIZE];
    const char *paths[] = {"/products", "/products/1"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ask(&(struct question){.path = paths[i], .query = "limit=1&pretty"});
        snprintf(pretty, sizeof pretty, "%s", header("ETag"));
        ask(&(struct question){.path = paths[i], .query = "limit=1"});
        snprintf(etag, sizeof etag, "%s", header("ETag"));
        CU_ASSERT_STRING_NOT_EQUAL(etag, pretty);

        ask(&(struct question){.path = paths[i], .query = "limit=1", .if_none_match = etag});
        CU_ASSERT_EQUAL(response.status, 304);
        CU_ASSERT(response.body_len == 0 && !response.send_body);
        CU_ASSERT(header_is("ETag", etag) && header_is("Cache-Control", "no-cache"));
        CU_ASSERT(header_is("Content-Type", NULL));
        ask(&(struct question){
            .method = "HEAD", .path = paths[i], .query = "limit=1", .if_none_match = etag});
        CU_ASSERT_EQUAL(response.status, 304);
        ask(&(struct question){.path = paths[i], .query = "limit=1", .if_none_match = pretty});
        CU_ASSERT_EQUAL(response.status, 200);
    }
    ask(&(struct question){.path = "/products/4", .if_none_match = "*"});
    CU_ASSERT_EQUAL(response.status, 404);
    ask(&(struct question){.path = "/orders", .if_none_match = "*"});
    CU_ASSERT_EQUAL(response.status, 200);
}

/* A request id of the caller is kept if it is well-formed; otherwise there is a new one. */
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
        ask(&(struct question){.path = paths[i % 2], .id = rows[row].id});
        bool kept = rows[row].id && strcmp(response.request_id, rows[row].id) == 0;
        SUITE_ROW(&rows[row], kept == rows[row].kept);
        SUITE_ROW(&rows[row], rows[row].kept || id_is_valid(response.request_id));
        SUITE_ROW(&rows[row], header_is("X-Request-Id", response.request_id));
    }
}

static void test_pretty_problem(void)
{
    ask(&(struct question){.path = "/nothing", .query = "pretty"});
    CU_ASSERT(is_problem(404, "not-found"));
    CU_ASSERT(strncmp(response.body, "{\n  \"detail\": ", 14) == 0);
    ask(&(struct question){.path = "/products", .query = "limit=x&pretty"});
    CU_ASSERT(is_problem(422, "invalid-request"));
    CU_ASSERT_PTR_NOT_NULL(strstr(response.body, "\n      \"parameter\": \"limit\"\n"));
}

static void test_order_reaches_the_store(void)
{
    char location[TEXT_SIZE];
    ask(&(struct question){PLACE, .key = "\"a \\\"key\\\"\""});
    CU_ASSERT_EQUAL(response.status, 201);
    CU_ASSERT_STRING_EQUAL(response.route, "/orders");
    CU_ASSERT_STRING_EQUAL(fake.consumer, "vpce-1");
    CU_ASSERT_STRING_EQUAL(fake.text, "a \"key\"");
    CU_ASSERT(fake.request.count == 1 && fake.request.items[0].quantity == 2);
    snprintf(location, sizeof location, "/orders/%s", fake.placed_id);
    CU_ASSERT(header_is("Location", location));

    ask(&(struct question){PLACE});
    CU_ASSERT_STRING_EQUAL(fake.text, "");
}

/* Nothing of a request may appear in the answer to the next one. */
static void test_nothing_lingers(void)
{
    ask(&(struct question){TYPED, .body = "{\"items\":0,\"x\":1}"});
    CU_ASSERT_EQUAL(response.status, 422);
    ask(&(struct question){.path = "/products", .query = "limit=1"});
    CU_ASSERT_PTR_NOT_NULL(header("Link"));
    ask(&(struct question){PLACE});
    CU_ASSERT_EQUAL(response.status, 201);
    CU_ASSERT(header_is("Link", NULL));
    ask(&(struct question){.path = "/products/1"});
    CU_ASSERT_EQUAL(response.status, 200);
    CU_ASSERT(header_is("Location", NULL) && header_is("Idempotent-Replayed", NULL));
    ask(&(struct question){TYPED, .body = "{"});
    CU_ASSERT_PTR_NULL(strstr(response.body, "errors"));
    ask(&(struct question){.path = "/nothing"});
    CU_ASSERT_PTR_NOT_NULL(strstr(response.body, "there is nothing at this path"));
}

/* A body that did not fit must not be sent as a success. */
static void test_body_without_room(void)
{
    size_t max = service.reply.body.max;
    static const char *const paths[] = {"/products/1", "/healthz", ("/orders/" FAKE_STORE_ORDER)};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        buffer_free(&service.reply.body);
        service.reply.body.max = 10;
        ask(&(struct question){.path = paths[i]});
        CU_ASSERT(is_problem(500, "internal-error"));
    }
    ask(&(struct question){.path = "/products"});
    CU_ASSERT(is_problem(422, "list-too-long"));
    service.reply.body.max = max;
}

int main(void)
{
    CU_TestInfo tests[] = {{"problems", test_problems},
                           {"successes", test_successes},
                           {"traffic", test_traffic},
                           {"HEAD and OPTIONS", test_head_and_options},
                           {"conditional", test_conditional},
                           {"request id", test_request_id},
                           {"pretty problem", test_pretty_problem},
                           {"order reaches the store", test_order_reaches_the_store},
                           {"nothing lingers", test_nothing_lingers},
                           {"body without room", test_body_without_room},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/http/http", setup, teardown, tests);
}
