/* What lighttpd answers by itself, and what it must leave alone: malformed HTTP, HEAD and OPTIONS,
 * chunked and slow bodies, clients that leave, keep-alive, the access log. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"

#define HOST        "Host: localhost\r\n"
#define GET(target) "GET " target " HTTP/1.1\r\n" HOST "\r\n"
#define POST_HEAD   "POST /orders HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
#define ORDER       "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"
#define BYTES(text) (text), sizeof(text) - 1

enum { RAW_SIZE = 32 * 1024, RAW_MS = 15000, SURPLUS_MS = 150 };

static char raw[RAW_SIZE];

static int setup(void)
{
    static const char catalogue[] = CATALOGUE_NUTS("1000000");
    const struct pair_options options = {
        .catalogue = catalogue, .lighttpd = "server.max-read-idle := 3\n", .workers = 2};
    return fixture_start(&options);
}

static void nap(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

/* Sends the bytes on a new connection, reads until it closes or a first whole answer is there. */
static bool exchange(const char *bytes, size_t len)
{
    int fd = client_raw_open(pair.port);
    bool sent = fd >= 0 && client_raw_send(fd, bytes, len) && shutdown(fd, SHUT_WR) == 0;
    raw[0] = '\0';
    if (sent)
        client_raw_read(fd, raw, sizeof raw, RAW_MS, NULL);
    if (fd >= 0)
        close(fd);
    return client_raw_answer(raw, false, &answer) != NULL;
}

static const struct {
    int line;
    int status;
    const char *bytes;
    size_t len;
} malformed_http_rows[] = {
    {__LINE__, 400, BYTES("garbage\r\n\r\n")},
    {__LINE__, 400, BYTES("GET /\r\n\r\n")},
    {__LINE__, 400, BYTES("GET /products HTTP/1.1\r\n\r\n")},
    {__LINE__, 400, BYTES("GET /products HTTP/1.1\r\n" HOST "Host: other\r\n\r\n")},
    {__LINE__, 400, BYTES("GET /products HTTP/1.1\r\nHost: a b\r\n\r\n")},
    {__LINE__, 400, BYTES("GET /products HTTP/1.1\r\n" HOST "X : y\r\n\r\n")},
    {__LINE__, 400, BYTES("GET /products HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n")},
    {__LINE__, 400, BYTES("GET /products HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n")},
    {__LINE__, 400, BYTES(GET("products"))},
    {__LINE__, 400, BYTES(GET("//products"))},
    {__LINE__, 400, BYTES(GET("/products%2f1"))},
    {__LINE__, 400, BYTES(GET("/products%2F1"))},
    {__LINE__, 400, BYTES(GET("/orders/../products"))},
    {__LINE__, 400, BYTES(GET("/orders/%2e%2e/products"))},
    {__LINE__, 400, BYTES(GET("/./products"))},
    {__LINE__, 400, BYTES(GET("/products/%00"))},
    {__LINE__, 400, BYTES(GET("/products/%0a"))},
    {__LINE__, 400, BYTES(GET("/products/%ff"))},
    {__LINE__, 400, BYTES(GET("/products/%c0%af"))},
    {__LINE__, 400, BYTES(GET("/products?limit=1&after=%00"))},
    {__LINE__, 400, BYTES(POST_HEAD "Content-Length: -1\r\n\r\n")},
    {__LINE__, 400, BYTES(POST_HEAD "Content-Length: 1x\r\n\r\n1")},
    {__LINE__, 400, BYTES(POST_HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}")},
    {__LINE__, 400,
     BYTES(POST_HEAD "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
    {__LINE__, 400, BYTES(POST_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")},
    {__LINE__, 400, BYTES(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n-1\r\n")},
    {__LINE__, 400, BYTES(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n")},
    {__LINE__, 411, BYTES(POST_HEAD "\r\n")},
    {__LINE__, 413, BYTES(POST_HEAD "Content-Length: 65537\r\n\r\n")},
    {__LINE__, 413, BYTES(POST_HEAD "Content-Length: 9223372036854775807\r\n\r\n")},
    {__LINE__, 400, BYTES(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n")},
    {__LINE__, 413, BYTES(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n10001\r\n{")},
    {__LINE__, 501, BYTES("FOO /products HTTP/1.1\r\n" HOST "\r\n")},
    {__LINE__, 501, BYTES("get /products HTTP/1.1\r\n" HOST "\r\n")},
    {__LINE__, 501, BYTES(POST_HEAD "Transfer-Encoding: gzip\r\n\r\n")},
    {__LINE__, 505, BYTES("GET /products HTTP/2.0\r\n" HOST "\r\n")},
    {__LINE__, 505, BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
};

static void test_malformed_http(void)
{
    for (size_t i = 0; i < sizeof malformed_http_rows / sizeof malformed_http_rows[0]; i++) {
        CHECK_ROW(malformed_http_rows[i].line);
        CHECK_TRUE(exchange(malformed_http_rows[i].bytes, malformed_http_rows[i].len));
        /* Debian 13's lighttpd, 1.4.79, finds a version it does not speak malformed. */
        int status = malformed_http_rows[i].status == 505 && answer.status == 400
                         ? 400
                         : malformed_http_rows[i].status;
        CHECK_TRUE(answer_is_problem(&answer, status, NULL, ANSWER_POSTERN));
    }
}

static void test_large_head(void)
{
    static char value[9000], path[9000];
    memset(value, 'v', sizeof value - 1);
    value[1] = ':';
    memset(path, 'p', sizeof path - 1);
    path[0] = '/';
    const char *const headers[] = {value, NULL};
    const struct client_request rows[] = {
        {.method = "GET", .path = "/products", .headers = headers},
        {.method = "GET", .path = path}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_TRUE(client_call(client, &rows[i], &answer), "%zu: %s", i, answer.error);
        CHECK_TRUE(answer_is_problem(&answer, 431, NULL, ANSWER_POSTERN), "%zu", i);
    }
}

static void test_no_version_told(void)
{
    CHECK_TRUE(client_get(client, "/products", &answer));
    const char *server = client_header(&answer, "Server");
    if (server)
        CHECK_FALSE(strpbrk(server, "0123456789/"), "Server: %s", server);
    CHECK_NULL(client_header(&answer, "X-Powered-By"), "X-Powered-By");
}

/* Reads the head of an answer, and no further. */
static void read_head(int fd)
{
    size_t len = 0;
    raw[0] = '\0';
    while (!strstr(raw, "\r\n\r\n") && len + 1 < sizeof raw &&
           client_raw_read(fd, raw + len, 2, RAW_MS, NULL) == 1)
        len++;
}

/* Raw and on one connection, so that a body after HEAD, 204 or 304 would be taken for an answer. */
static void test_bodiless(void)
{
    static const struct {
        int line;
        int status;
        const char *method, *path, *header, *allow;
    } rows[] = {
        {__LINE__, 200, "HEAD", "/products", "", NULL},
        {__LINE__, 200, "HEAD", "/products/1?pretty", "", NULL},
        {__LINE__, 404, "HEAD", "/products/99", "", NULL},
        {__LINE__, 200, "HEAD", "/healthz", "", NULL},
        {__LINE__, 304, "GET", "/products", "If-None-Match: *\r\n", NULL},
        {__LINE__, 304, "HEAD", "/products", "If-None-Match: *\r\n", NULL},
        {__LINE__, 204, "OPTIONS", "/products", "", "GET, HEAD, OPTIONS"},
        {__LINE__, 204, "OPTIONS", "/orders", "", "GET, HEAD, POST, OPTIONS"},
        {__LINE__, 200, "OPTIONS", "*", "", "OPTIONS, GET, HEAD, POST"},
    };
    int fd = client_raw_open(pair.port);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char request[512];
        int n = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\n" HOST "%s\r\n",
                         rows[i].method, rows[i].path, rows[i].header);
        CHECK_TRUE(client_raw_send(fd, request, (size_t)n));
        read_head(fd);
        CHECK_NOT_NULL(client_raw_answer(raw, true, &answer));
        CHECK_INT(answer.status, rows[i].status);
        const char *allow = client_header(&answer, "Allow");
        if (rows[i].allow)
            CHECK_TEXT(allow, rows[i].allow);
        if (answer.status == 204)
            CHECK_NULL(client_header(&answer, "Content-Length"));
    }
    CHECK_INT(client_raw_read(fd, raw, sizeof raw, SURPLUS_MS, NULL), 0, "%s", raw);
    close(fd);
}

static void test_head_tells_length(void)
{
    static const char *const paths[] = {"/products", "/products/1", "/products/99"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct client_request head = {.method = "HEAD", .path = paths[i]};
        client_get(client, paths[i], &answer);
        /* A problem's instance has the same length in each. */
        size_t len = answer.body_len;
        CHECK_TRUE(client_call(client, &head, &answer));
        const char *told = client_header(&answer, "Content-Length");
        if (CHECK_NOT_NULL(told, "%s", paths[i]))
            CHECK_INT(strtoul(told, NULL, 10), len, "%s", paths[i]);
        CHECK_INT(answer.body_len, 0, "%s: a body", paths[i]);
    }
}

/* HTTP/2 is off: an offer to switch to it in clear text is passed over. */
static void test_no_upgrade(void)
{
    static const char offer[] =
        "GET /healthz HTTP/1.1\r\n" HOST "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    CHECK_TRUE(exchange(offer, sizeof offer - 1));
    CHECK_INT(answer.status, 200);
    CHECK_NULL(client_header(&answer, "Upgrade"), "Upgrade");
}

static void test_keep_alive(void)
{
    static const char *const paths[] = {"/products", "/products/99", "/nowhere", "/healthz"};
    client_get(client, "/products", &answer);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        client_get(client, paths[i], &answer);
        CHECK_TRUE(answer.reused, "no keep-alive before %s", paths[i]);
    }
    client_post(client, "/orders", "{", &answer);
    client_post(client, "/orders", ORDER, &answer);
    CHECK_TRUE(answer.reused);
    CHECK_INT(answer.status, 201);
}

static void test_pipelined(void)
{
    static const char both[] =
        GET("/products/1") POST_HEAD "Content-Length: 1\r\n\r\n{"
                                     "GET /healthz HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
    static const int statuses[] = {200, 400, 200};
    int fd = client_raw_open(pair.port);
    CHECK_TRUE(client_raw_send(fd, both, sizeof both - 1), "not sent");
    client_raw_read(fd, raw, sizeof raw, RAW_MS, NULL);
    close(fd);
    char *at = raw;
    for (size_t i = 0; i < 3 && at; i++) {
        at = client_raw_answer(at, false, &answer);
        CHECK_INT(answer.status, statuses[i], "answer %zu: %d", i, answer.status);
    }
    CHECK_TEXT(at, "", "not three answers");
}

static void test_good_bodies(void)
{
    static const struct {
        int line;
        const char *bytes;
        size_t len;
    } rows[] = {
        {__LINE__, BYTES(POST_HEAD "Content-Length: 41\r\nConnection: close\r\n\r\n" ORDER)},
        {__LINE__,
         BYTES(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n29\r\n" ORDER "\r\n0\r\n\r\n")},
        {__LINE__, BYTES(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n1;a=b\r\n{\r\n27\r\n"
                                   "\"items\":[{\"product_id\":1,\"quantity\":1}]\r\n1\r\n}\r\n"
                                   "0\r\nTrailer: x\r\n\r\n")},
        {__LINE__, BYTES(POST_HEAD "Content-Length: 41\r\nExpect: 100-continue\r\n\r\n" ORDER)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_TRUE(exchange(rows[i].bytes, rows[i].len));
        CHECK_INT(answer.status, 201, "%s", answer.body);
    }
}

static void test_continue_is_told(void)
{
    static const char head[] = POST_HEAD "Content-Length: 41\r\nExpect: 100-continue\r\n\r\n";
    int fd = client_raw_open(pair.port);
    CHECK_TRUE(client_raw_send(fd, head, sizeof head - 1), "not sent");
    client_raw_read(fd, raw, strlen("HTTP/1.1 100 Continue\r\n\r\n") + 1, RAW_MS, NULL);
    client_raw_answer(raw, true, &answer);
    CHECK_INT(answer.status, 100);
    CHECK_TRUE(client_raw_send(fd, ORDER, strlen(ORDER)), "not sent");
    CHECK_INT(shutdown(fd, SHUT_WR), 0, "not sent");
    client_raw_read(fd, raw, sizeof raw, RAW_MS, NULL);
    client_raw_answer(raw, false, &answer);
    CHECK_INT(answer.status, 201);
    close(fd);
}

/* More slow bodies than workers: none holds one, all are served in the end. */
static void test_slow_bodies(void)
{
    enum { SLOW = 8 };
    static const char head[] = POST_HEAD "Content-Length: 41\r\n\r\n";
    int fds[SLOW];
    for (size_t i = 0; i < SLOW; i++) {
        fds[i] = client_raw_open(pair.port);
        CHECK_TRUE(client_raw_send(fds[i], head, sizeof head - 1), "not sent");
    }
    for (size_t at = 0; at < strlen(ORDER); at++) {
        CHECK_OF("cut at byte %zu", at);
        for (size_t i = 0; i < SLOW; i++)
            CHECK_TRUE(client_raw_send(fds[i], &ORDER[at], 1), "cut off at byte %zu", at);
        CHECK_TRUE(client_get(client, "/products", &answer));
        CHECK_INT(answer.status, 200);
        nap(20);
    }
    for (size_t i = 0; i < SLOW; i++) {
        shutdown(fds[i], SHUT_WR);
        client_raw_read(fds[i], raw, sizeof raw, RAW_MS, NULL);
        client_raw_answer(raw, false, &answer);
        CHECK_INT(answer.status, 201, "slow one %zu: %d", i, answer.status);
        close(fds[i]);
    }
}

/* Whoever pauses longer than max-read-idle (3 s here) is cut off, wherever in its request. */
static void test_pauses_are_cut(void)
{
    static const struct {
        int line;
        const char *bytes;
    } rows[] = {
        {__LINE__, ""},
        {__LINE__, "GET /prod"},
        {__LINE__, "GET /products HTTP/1.1\r\nHost: local"},
        {__LINE__, POST_HEAD "Content-Length: 41\r\n\r\n"},
        {__LINE__, POST_HEAD "Content-Length: 41\r\n\r\n{\"items\":"},
        {__LINE__, POST_HEAD "Transfer-Encoding: chunked\r\n\r\n29\r\n{"},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    int fds[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        CHECK_ROW(rows[i].line);
        fds[i] = client_raw_open(pair.port);
        CHECK_TRUE(client_raw_send(fds[i], rows[i].bytes, strlen(rows[i].bytes)));
    }
    for (size_t i = 0; i < ROWS; i++) {
        CHECK_ROW(rows[i].line);
        bool closed = false;
        client_raw_read(fds[i], raw, sizeof raw, RAW_MS, &closed);
        CHECK_TRUE(closed);
        if (raw[0] != '\0')
            CHECK_START(raw, "HTTP/1.1 4");
        close(fds[i]);
    }
}

/* Clients that go away: with half a head, half a body, or the answer still to come. What was whole
 * may or may not be placed; what was not must not be. */
static void test_clients_that_leave(void)
{
    static const char half[] = POST_HEAD "Content-Length: 41\r\n\r\n{\"items\":[{\"product_id\":1,";
    static const char head[] = "POST /orders HTTP/1.1\r\nHo";
    static const char whole[] = GET("/products");
    static const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int64_t before = answer_stock(client, 1);
    for (int i = 0; i < 300; i++) {
        const char *bytes = i % 3 == 0 ? half : i % 3 == 1 ? head : whole;
        int fd = client_raw_open(pair.port);
        CHECK_TRUE(client_raw_send(fd, bytes, strlen(bytes)), "%d", i);
        if (i % 2)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    CHECK_INT(answer_stock(client, 1), before, "stock %lld, before %lld",
              (long long)answer_stock(client, 1), (long long)before);
}

static void test_request_ids(void)
{
    const char *const headers[] = {"X-Request-Id: caller-4711", NULL};
    const struct client_request request = {
        .method = "GET", .path = "/products/99", .headers = headers};
    CHECK_TRUE(client_call(client, &request, &answer));
    const char *id = client_header(&answer, "X-Request-Id");
    CHECK_TEXT(id, "caller-4711");
    CHECK_TRUE(answer_is_problem(&answer, 404, NULL, ANSWER_POSTERN), "instance");
}

static void test_no_application(void)
{
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
    for (int i = 0; i < 5; i++) {
        client_get(client, "/products", &answer);
        CHECK_TRUE(answer_is_problem(&answer, 503, "service-unavailable", ANSWER_LIGHTTPD), "%d",
                   i);
    }
    CHECK_TRUE(pair_start_app(&pair), "no recovery");
    CHECK_TRUE(pair_wait_ready(&pair), "no recovery");
    CHECK_TRUE(client_get(client, "/products", &answer));
    CHECK_INT(answer.status, 200);
}

/* Runs last: it stops lighttpd, which writes the log's rest then. */
static void test_access_log(void)
{
    const char *const headers[] = {"X-Request-Id: log-1", "User-Agent: a\"b\\c\td\xc3\xa9\xff",
                                   NULL};
    const struct client_request request = {
        .method = "GET", .path = "/products/1?x=%22", .headers = headers};
    client_call(client, &request, &answer);
    CHECK_INT(process_exit(pair_stop_web(&pair, SIGINT)), 0);
    char *log = pair_read(&pair, "access.log"), *rest = NULL;
    bool found = false;
    int lines = 0;
    for (char *line = log ? strtok_r(log, "\n", &rest) : NULL; line;
         line = strtok_r(NULL, "\n", &rest), lines++) {
        cJSON *json = cJSON_ParseWithOpts(line, NULL, true);
        CHECK_NOT_NULL(answer_text(json, "time"), "line %d: %s", lines + 1, line);
        CHECK_NOT_NULL(answer_text(json, "remote"), "line %d: %s", lines + 1, line);
        CHECK_NOT_NULL(answer_text(json, "request"), "line %d: %s", lines + 1, line);
        CHECK_COMPARE(answer_number(json, "status"), >=, 100, "line %d: %s", lines + 1, line);
        CHECK_NOT_NULL(answer_text(json, "bytes"), "line %d: %s", lines + 1, line);
        CHECK_COMPARE(answer_number(json, "duration_us"), >=, 0, "line %d: %s", lines + 1, line);
        CHECK_NOT_NULL(answer_text(json, "request_id"), "line %d: %s", lines + 1, line);
        CHECK_NOT_NULL(answer_text(json, "user_agent"), "line %d: %s", lines + 1, line);
        const char *id = answer_text(json, "request_id"), *target = answer_text(json, "request");
        const char *agent = answer_text(json, "user_agent");
        found = found || (id && target && agent && strcmp(id, "log-1") == 0 &&
                          strcmp(target, "GET -") == 0 &&
                          strncmp(agent, "a\"b\\c\td", strlen("a\"b\\c\td")) == 0);
        cJSON_Delete(json);
    }
    CHECK_TRUE(found, "%d lines, without the last request's", lines);
    CHECK_COMPARE(lines, >, 100);
    free(log);
}

/* A client's pool drops a connection before lighttpd does. The configuration makes the one number
 * of the other; a shorter one than told would show here at once. */
static void test_keep_alive_told(void)
{
    CHECK_TRUE(client_get(client, "/products/1", &answer));
    CHECK_TEXT(client_header(&answer, "Keep-Alive"), "timeout=12");
    CHECK_TRUE(client_get(client, "/nothing//there", &answer));
    CHECK_TEXT(client_header(&answer, "Keep-Alive"), "timeout=12");
}

int main(void)
{
    static CU_TestInfo tests[] = {{"malformed HTTP", test_malformed_http},
                                  {"large head", test_large_head},
                                  {"no version told", test_no_version_told},
                                  {"bodiless", test_bodiless},
                                  {"HEAD tells length", test_head_tells_length},
                                  {"no upgrade", test_no_upgrade},
                                  {"keep-alive", test_keep_alive},
                                  {"keep-alive is told", test_keep_alive_told},
                                  {"pipelined", test_pipelined},
                                  {"good bodies", test_good_bodies},
                                  {"continue is told", test_continue_is_told},
                                  {"slow bodies", test_slow_bodies},
                                  {"pauses are cut", test_pauses_are_cut},
                                  {"clients that leave", test_clients_that_leave},
                                  {"request ids", test_request_ids},
                                  {"no application", test_no_application},
                                  {"access log", test_access_log},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/webserver", setup, fixture_end, tests);
}
