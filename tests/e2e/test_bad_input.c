/* Every bad request this project could think of: each is refused with the right status, none is
 * answered with 500, none hangs, none takes stock, and the service goes on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"

#define ITEMS(text)     "{\"items\":[" text "]}"
#define QUANTITY(text)  ITEMS("{\"product_id\":1,\"quantity\":" text "}")
#define PRODUCT(text)   ITEMS("{\"product_id\":" text ",\"quantity\":1}")
#define GOOD_WITH(text) "{\"items\":[{\"product_id\":1,\"quantity\":1}]," text "}"
#define BYTES(text)     (text), sizeof(text) - 1

static const char *const json_header[] = {"Content-Type: application/json", NULL};

static int64_t stock;

static int setup(void)
{
    if (fixture_start(&(struct pair_options){0}) != 0)
        return 1;
    stock = answer_stock(client, 1);
    return stock > 0 ? 0 : 1;
}

static bool post(const char *body, size_t len, const char *const *headers, bool chunked)
{
    const struct client_request request = {.method = "POST",
                                           .path = "/orders",
                                           .headers = headers,
                                           .body = body,
                                           .body_len = len,
                                           .chunked = chunked};
    return client_call(client, &request, &answer);
}

static const struct {
    int line;
    const char *body;
    size_t len;
} malformed_rows[] = {
    {__LINE__, BYTES(" ")},
    {__LINE__, BYTES("{")},
    {__LINE__, BYTES("{\"items\":[{\"product_id\":1,\"quantity\":1}")},
    {__LINE__, BYTES("{\"items\":[{\"product_id\":1,\"quantity\":1}]")},
    {__LINE__, BYTES("{\"items\":[{\"product_id\":1,\"quantity\":1}]}x")},
    {__LINE__, BYTES("{\"items\":[{\"product_id\":1,\"quantity\":1}]}{}")},
    {__LINE__, BYTES("{\"items\":[{\"product_id\":1,\"quantity\":1}]}\0")},
    {__LINE__, BYTES("{\"items\":[{\"product_id\":1,\"quantity\":1},]}")},
    {__LINE__, BYTES("{items:[]}")},
    {__LINE__, BYTES("{'items':[]}")},
    {__LINE__, BYTES("items=1")},
    {__LINE__, BYTES("nul")},
    {__LINE__, BYTES("\"")},
    {__LINE__, BYTES("// comment\n{}")},
    {__LINE__, BYTES("{\"items\":[{\"product_id\":1,\"quantity\":1}],\"email\":\"a\nb\"}")},
    {__LINE__, BYTES(QUANTITY("NaN"))},
    {__LINE__, BYTES(QUANTITY("Infinity"))},
    {__LINE__, BYTES(QUANTITY("-Infinity"))},
    {__LINE__, BYTES(QUANTITY("01"))},
    {__LINE__, BYTES(QUANTITY("+1"))},
    {__LINE__, BYTES(QUANTITY("1."))},
    {__LINE__, BYTES(QUANTITY(".5"))},
    {__LINE__, BYTES(QUANTITY("1e"))},
    {__LINE__, BYTES(QUANTITY("0x1"))},
    {__LINE__, BYTES(QUANTITY("1 1"))},
    {__LINE__, BYTES(QUANTITY("-"))},
    {__LINE__, BYTES(QUANTITY("1,\"quantity\":1"))},
    {__LINE__, BYTES("{\"items\":[],\"items\":[{\"product_id\":1,\"quantity\":1}]}")},
    {__LINE__, BYTES("{\"items\":[],\"it\\u0065ms\":[]}")},
    {__LINE__, BYTES(GOOD_WITH("\"reference\":\"\xff\""))},
    {__LINE__, BYTES(GOOD_WITH("\"reference\":\"\xc3\""))},
    {__LINE__, BYTES(GOOD_WITH("\"reference\":\"\xc0\xaf\""))},
    {__LINE__, BYTES(GOOD_WITH("\"reference\":\"\xed\xa0\x80\""))},
    {__LINE__, BYTES(GOOD_WITH("\"reference\":\"\xf4\x90\x80\x80\""))},
    {__LINE__, BYTES("\xff\xfe{\0}\0")},
    {__LINE__, BYTES(GOOD_WITH("\"reference\":\"a\0b\""))},
    {__LINE__, BYTES(GOOD_WITH("\"reference\":\"a\\u0000b\""))},
    {__LINE__, BYTES(GOOD_WITH("\"reference\":\"\\ud800\""))},
    {__LINE__, BYTES(GOOD_WITH("\"reference\":\"\\udc00\\ud800\""))},
    {__LINE__, BYTES(GOOD_WITH("\"reference\":\"\\x41\""))},
    {__LINE__, BYTES(GOOD_WITH("\"reference\":\"\\u12\""))},
    {__LINE__, BYTES(GOOD_WITH("\"re\\u0000ference\":\"a\""))},
};

static void test_malformed(void)
{
    for (size_t i = 0; i < sizeof malformed_rows / sizeof malformed_rows[0]; i++) {
        CHECK_ROW(malformed_rows[i].line);
        CHECK_TRUE(post(malformed_rows[i].body, malformed_rows[i].len, json_header, false));
        CHECK_TRUE(answer_is_problem(&answer, 400, "malformed-json", ANSWER_POSTERN));
    }
}

static const struct {
    int line;
    const char *body, *where;
} invalid_rows[] = {
    {__LINE__, "null", ""},
    {__LINE__, "true", ""},
    {__LINE__, "1", ""},
    {__LINE__, "\"items\"", ""},
    {__LINE__, "[]", ""},
    {__LINE__, "[{\"product_id\":1,\"quantity\":1}]", ""},
    {__LINE__, "{}", "/items"},
    {__LINE__, "{\"Items\":[{\"product_id\":1,\"quantity\":1}]}", "/items"},
    {__LINE__, "{\"Items\":[{\"product_id\":1,\"quantity\":1}]}", "/Items"},
    {__LINE__, "{\"items\":null}", "/items"},
    {__LINE__, "{\"items\":{}}", "/items"},
    {__LINE__, "{\"items\":\"1\"}", "/items"},
    {__LINE__, "{\"items\":[]}", "/items"},
    {__LINE__, ITEMS("null"), "/items/0"},
    {__LINE__, ITEMS("1"), "/items/0"},
    {__LINE__, ITEMS("[]"), "/items/0"},
    {__LINE__, ITEMS("{}"), "/items/0/product_id"},
    {__LINE__, ITEMS("{}"), "/items/0/quantity"},
    {__LINE__, QUANTITY("0"), "/items/0/quantity"},
    {__LINE__, QUANTITY("-0"), "/items/0/quantity"},
    {__LINE__, QUANTITY("-1"), "/items/0/quantity"},
    {__LINE__, QUANTITY("1.5"), "/items/0/quantity"},
    {__LINE__, QUANTITY("1e-1"), "/items/0/quantity"},
    {__LINE__, QUANTITY("1000001"), "/items/0/quantity"},
    {__LINE__, QUANTITY("9223372036854775808"), "/items/0/quantity"},
    {__LINE__, QUANTITY("-9223372036854775809"), "/items/0/quantity"},
    {__LINE__, QUANTITY("18446744073709551617"), "/items/0/quantity"},
    {__LINE__, QUANTITY("1e400"), "/items/0/quantity"},
    {__LINE__, QUANTITY("-1e400"), "/items/0/quantity"},
    {__LINE__, QUANTITY("1.0000000000000000000000000000000000000000000000000000000000000000e7"),
     "/items/0/quantity"},
    {__LINE__, QUANTITY("\"1\""), "/items/0/quantity"},
    {__LINE__, QUANTITY("true"), "/items/0/quantity"},
    {__LINE__, QUANTITY("null"), "/items/0/quantity"},
    {__LINE__, QUANTITY("[1]"), "/items/0/quantity"},
    {__LINE__, QUANTITY("{}"), "/items/0/quantity"},
    {__LINE__, PRODUCT("0"), "/items/0/product_id"},
    {__LINE__, PRODUCT("-1"), "/items/0/product_id"},
    {__LINE__, PRODUCT("1.5"), "/items/0/product_id"},
    {__LINE__, PRODUCT("\"1\""), "/items/0/product_id"},
    {__LINE__, PRODUCT("null"), "/items/0/product_id"},
    {__LINE__, PRODUCT("4"), "/items/0/product_id"},
    {__LINE__, PRODUCT("9007199254740992"), "/items/0/product_id"},
    {__LINE__, PRODUCT("9223372036854775808"), "/items/0/product_id"},
    {__LINE__, PRODUCT("1e400"), "/items/0/product_id"},
    {__LINE__, ITEMS("{\"product_id\":1,\"quantity\":1},{\"product_id\":99,\"quantity\":1}"),
     "/items/1/product_id"},
    {__LINE__, ITEMS("{\"product_id\":1,\"quantity\":1,\"price\":0.01}"), "/items/0/price"},
    {__LINE__, ITEMS("{\"product_id\":1,\"quantity\":1,\"a/b~c\":1}"), "/items/0/a~1b~0c"},
    {__LINE__, ITEMS("{\"product_id\":1,\"quantity\":1000000},{\"product_id\":1,\"quantity\":1}"),
     "/items/1/quantity"},
    {__LINE__, GOOD_WITH("\"total\":1"), "/total"},
    {__LINE__, GOOD_WITH("\"email\":1"), "/email"},
    {__LINE__, GOOD_WITH("\"email\":null"), "/email"},
    {__LINE__, GOOD_WITH("\"email\":\"\""), "/email"},
    {__LINE__, GOOD_WITH("\"email\":\"nobody\""), "/email"},
    {__LINE__, GOOD_WITH("\"email\":\"a@b\\r\\nBcc: c@d\""), "/email"},
    {__LINE__, GOOD_WITH("\"reference\":1"), "/reference"},
    {__LINE__, GOOD_WITH("\"reference\":[]"), "/reference"},
    {__LINE__, GOOD_WITH("\"reference\":\"a\\u0007\""), "/reference"},
};

static void test_invalid(void)
{
    for (size_t i = 0; i < sizeof invalid_rows / sizeof invalid_rows[0]; i++) {
        CHECK_ROW(invalid_rows[i].line);
        CHECK_TRUE(post(invalid_rows[i].body, 0, json_header, false));
        CHECK_TRUE(answer_is_problem(&answer, 422, "invalid-request", ANSWER_POSTERN));
        CHECK_TRUE(answer_has_error(&answer, invalid_rows[i].where));
    }
}

static void test_every_violation_at_once(void)
{
    static const char *const wheres[] = {"/items/0/quantity", "/items/1/product_id",
                                         "/items/1/extra", "/email", "/more"};
    post("{\"items\":[{\"product_id\":1,\"quantity\":0},{\"product_id\":\"1\",\"quantity\":1,"
         "\"extra\":1}],\"email\":1,\"more\":1}",
         0, json_header, false);
    for (size_t i = 0; i < sizeof wheres / sizeof wheres[0]; i++)
        CHECK_TRUE(answer_has_error(&answer, wheres[i]), "%s is missing", wheres[i]);
    cJSON *json = answer_json(&answer);
    CHECK_INT(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "errors")), 5);
    cJSON_Delete(json);
}

static void test_media_types(void)
{
    static const struct {
        int line;
        int status;
        const char *type; /* NULL: no header */
    } rows[] = {
        {__LINE__, 415, NULL},
        {__LINE__, 415, "Content-Type;"},
        {__LINE__, 415, "Content-Type: text/plain"},
        {__LINE__, 415, "Content-Type: application/x-www-form-urlencoded"},
        {__LINE__, 415, "Content-Type: multipart/form-data; boundary=x"},
        {__LINE__, 415, "Content-Type: application/jsonx"},
        {__LINE__, 415, "Content-Type: application/problem+json"},
        {__LINE__, 415, "Content-Type: json"},
        {__LINE__, 415, "Content-Type: text/plain; application/json"},
        {__LINE__, 422, "Content-Type: Application/JSON; charset=utf-8"},
        {__LINE__, 422, "Content-Type: application/json;charset=UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        const char *const headers[] = {rows[i].type, NULL};
        CHECK_TRUE(post("{}", 0, headers, false));
        CHECK_TRUE(answer_is_problem(&answer, rows[i].status, NULL, ANSWER_POSTERN));
    }
}

/* Bodies too long to write down: head, then the filling over and over up to size, then tail. */
static void test_large_bodies(void)
{
    static const struct {
        int line;
        const char *head, *fill, *tail;
        size_t size;
        int status;
        enum answer_maker maker;
    } rows[] = {
        {__LINE__, "{\"items\":", "[", "", 65536, 400, ANSWER_POSTERN},
        {__LINE__, "", "[", "", 10000, 400, ANSWER_POSTERN},
        {__LINE__, "", "{\"a\":", "", 10000, 400, ANSWER_POSTERN},
        {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":", "9", "}]}", 60000, 422,
         ANSWER_POSTERN},
        {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":0.", "0", "1}]}", 60000, 422,
         ANSWER_POSTERN},
        {__LINE__, "{\"items\":[", "0,", "0]}", 60000, 422, ANSWER_POSTERN},
        {__LINE__, "{\"items\":[],\"reference\":\"", "x", "\"}", 60000, 422, ANSWER_POSTERN},
        {__LINE__, "{\"", "x", "\":1}", 60000, 422, ANSWER_POSTERN},
        {__LINE__, "{}", " ", "", 65536, 422, ANSWER_POSTERN},
        {__LINE__, "{}", " ", "", 65537, 413, ANSWER_POSTERN},
        {__LINE__, "{}", " ", "", 100000, 413, ANSWER_POSTERN},
    };
    static char body[128 * 1024];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].head), fill = strlen(rows[i].fill), tail = strlen(rows[i].tail);
        memcpy(body, rows[i].head, n);
        for (; n + fill + tail <= rows[i].size; n += fill)
            memcpy(body + n, rows[i].fill, fill);
        memcpy(body + n, rows[i].tail, tail);
        n += tail;
        for (int chunked = 0; chunked < 2; chunked++) {
            CHECK_ROW(rows[i].line);
            CHECK_TRUE(post(body, n, json_header, chunked == 1));
            CHECK_TRUE(answer_is_problem(&answer, rows[i].status, NULL, rows[i].maker));
        }
    }
}

static void test_keys(void)
{
    static char longer[400] = "Idempotency-Key: ";
    memset(longer + strlen(longer), 'k', 256);
    static const struct {
        int line;
        const char *key;
    } rows[] = {
        {__LINE__, "Idempotency-Key: \""},       {__LINE__, "Idempotency-Key: \"\""},
        {__LINE__, "Idempotency-Key: \"a"},      {__LINE__, "Idempotency-Key: \"a\"b"},
        {__LINE__, "Idempotency-Key: a b"},      {__LINE__, "Idempotency-Key: \"\\x\""},
        {__LINE__, "Idempotency-Key: \xc3\xa9"}, {__LINE__, longer},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        const char *const headers[] = {json_header[0], rows[i].key, NULL};
        CHECK_TRUE(post(QUANTITY("1"), 0, headers, false));
        CHECK_TRUE(answer_is_problem(&answer, 400, "bad-idempotency-key", ANSWER_POSTERN));
    }
}

static void test_methods(void)
{
    static const struct {
        int line;
        const char *method, *path, *allow;
    } rows[] = {
        {__LINE__, "POST", "/products", "GET, HEAD"},
        {__LINE__, "DELETE", "/products", "GET, HEAD"},
        {__LINE__, "PUT", "/products/1", "GET, HEAD"},
        {__LINE__, "PATCH", "/products/1", "GET, HEAD"},
        {__LINE__, "DELETE", "/orders", "GET, HEAD, POST"},
        {__LINE__, "POST", "/healthz", "GET, HEAD"},
        {__LINE__, "TRACE", "/products", "GET, HEAD"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        /* An empty body: lighttpd refuses a POST that tells no length. */
        const struct client_request request = {
            .method = rows[i].method, .path = rows[i].path, .body = ""};
        CHECK_TRUE(client_call(client, &request, &answer));
        CHECK_TRUE(answer_is_problem(&answer, 405, NULL, ANSWER_POSTERN));
        const char *allow = client_header(&answer, "Allow");
        CHECK_START(allow, rows[i].allow);
    }
}

/* As raw bytes: what no client library sends. */
static void test_named_reasons(void)
{
    enum { RAW_MS = 10000 };
    static const struct {
        int line;
        const char *request;
        int status;
        const char *part; /* of the answer */
    } rows[] = {
        {__LINE__, "GET /products/1 HTTP/1.1\r\nHost: my_service:8080\r\n\r\n", 400,
         "the Host \\\"my_service:8080\\\" is no host's name"},
        {__LINE__, "GET /products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", 400,
         "takes no body"},
        {__LINE__,
         "GET /products/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
         "2\r\n{}\r\n0\r\n\r\n",
         400, "takes no body"},
        {__LINE__,
         "GET /products/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200,
         "\"id\":1"},
        {__LINE__, "GET /products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 200,
         "\"id\":1"},
        {__LINE__,
         "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
         "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
         415, "the content coding \\\"gzip\\\""},
        /* RFC 9112, section 3.2.2, would have the Host ignored; lighttpd refuses it. */
        {__LINE__, "GET http://a/products/1 HTTP/1.1\r\nHost: b\r\n\r\n", 400,
         "another than its target names"},
        {__LINE__, "GET http://a/products/1 HTTP/1.1\r\nHost: a\r\n\r\n", 200, "\"id\":1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct client_answer raw;
        char text[4096];
        int fd = client_raw_open(pair.port);
        const char *rest = strchr(rows[i].request, '\n') + 1;
        snprintf(text, sizeof text, "%.*sConnection: close\r\n%s", (int)(rest - rows[i].request),
                 rows[i].request, rest);
        CHECK_TRUE(client_raw_send(fd, text, strlen(text)));
        client_raw_read(fd, text, sizeof text, RAW_MS, NULL);
        close(fd);
        CHECK_NOT_NULL(client_raw_answer(text, false, &raw));
        CHECK_INT(raw.status, rows[i].status);
        CHECK_CONTAINS(raw.body, rows[i].part);
    }
}

/* Runs last: nothing above took stock or broke anything. */
static void test_service_goes_on(void)
{
    CHECK_INT(answer_stock(client, 1), stock, "stock went from %lld to %lld", (long long)stock,
              (long long)answer_stock(client, 1));
    CHECK_TRUE(post(QUANTITY("1"), 0, json_header, false));
    CHECK_INT(answer.status, 201);
    char *log = pair_read(&pair, "postern.log");
    if (CHECK_NOT_NULL(log))
        CHECK_LACKS(log, "\"level\":\"error\"");
    free(log);
}

int main(void)
{
    static CU_TestInfo tests[] = {{"malformed", test_malformed},
                                  {"invalid", test_invalid},
                                  {"every violation at once", test_every_violation_at_once},
                                  {"media types", test_media_types},
                                  {"large bodies", test_large_bodies},
                                  {"keys", test_keys},
                                  {"methods", test_methods},
                                  {"named reasons", test_named_reasons},
                                  {"service goes on", test_service_goes_on},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/bad_input", setup, fixture_end, tests);
}
