/* Where lighttpd finds no room: for an answer on its way, and for many bodies at once. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "e2e/proxy.h"
#include "e2e/wire.h"

/* A list of this many is beyond the 64 KiB that lighttpd keeps in memory, and within a whole
 * answer. */
enum { PRODUCTS = 4000, WAIT_MS = 20000 };

/* What web has in docker-compose.yml, and how many unfinished bodies must fit. */
enum { MEM_LIMIT_KB = 128 * 1024, BODIES = 1000, BODY = 64 * 1024, ENDPOINTS = 5, NOBODYS = 60 };

static int setup(void)
{
    static const char *const env[] = {PROXY_ENVIRONMENT, NULL};
    static char catalogue[PRODUCTS * 96];
    catalogue_write(catalogue, sizeof catalogue, PRODUCTS, 1);
    return fixture_start(&(struct pair_options){.env = env,
                                                .module = true,
                                                .catalogue = catalogue,
                                                .lighttpd = PROXY_LIGHTTPD
                                                "server.modules += (\"mod_postern_errors\")\n"});
}

static void set_uploads(bool there)
{
    char path[PAIR_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/uploads", pair.dir);
    if (there) {
        CHECK_INT(mkdir(path, 0700), 0);
        return;
    }
    /* It is empty once lighttpd has closed the last answer's file. */
    int removed = rmdir(path);
    for (int64_t end = load_now_ms() + WAIT_MS; removed != 0 && load_now_ms() < end;) {
        load_sleep_ms(5);
        removed = rmdir(path);
    }
    CHECK_INT(removed, 0);
}

/* An answer that lighttpd cannot keep is an error and the connection's end, and no half of it is
 * sent; smaller ones, HEAD and 304 come as ever. */
static void test_no_room_for_an_answer(void)
{
    const char *const any[] = {"If-None-Match: *", NULL}, *const id[] = {"X-Request-Id: mine",
                                                                         NULL};
    const struct client_request whole = {.method = "GET", .path = "/products", .headers = id},
                                head = {.method = "HEAD", .path = "/products"},
                                same = {.method = "GET", .path = "/products", .headers = any};
    set_uploads(false);
    for (int i = 0; i < 3; i++) {
        CHECK_TRUE(client_call(client, &whole, &answer));
        CHECK_TRUE(answer_is_problem(&answer, 503, "service-unavailable", ANSWER_LIGHTTPD));
        CHECK_TEXT(client_header(&answer, "X-Request-Id"), "mine");
        CHECK_TEXT(client_header(&answer, "Connection"), "close");
        CHECK_NULL(client_header(&answer, "ETag"));
    }
    CHECK_TRUE(client_get(client, "/products?limit=10", &answer));
    CHECK_INT(answer.status, 200);
    CHECK_TRUE(client_call(client, &head, &answer));
    CHECK_INT(answer.status, 200);
    CHECK_TRUE(client_call(client, &same, &answer));
    CHECK_INT(answer.status, 304);
    set_uploads(true);
    CHECK_TRUE(client_call(client, &whole, &answer));
    CHECK_INT(answer.status, 200);
    CHECK_COMPARE(answer.body_len, >, 64 * 1024);
}

/* A body whose length is told is kept in memory, and needs no folder. One that comes in chunks may
 * need it; then nothing is begun, and the caller is told to try again. */
static void test_no_room_for_a_body(void)
{
    static const char text[] = "{\"items\":[{\"product_id\":1,\"quantity\":1}]}";
    static char body[BODY + 1];
    memset(body, ' ', BODY);
    memcpy(body, text, sizeof text - 1);
    const char *const json[] = {"Content-Type: application/json", NULL};
    struct client_request order = {
        .method = "POST", .path = "/orders", .headers = json, .body = body, .body_len = BODY};
    set_uploads(false);
    CHECK_TRUE(client_call(client, &order, &answer));
    CHECK_INT(answer.status, 201);
    order.chunked = true;
    CHECK_TRUE(client_call(client, &order, &answer));
    CHECK_TRUE(answer_is_problem(&answer, 503, NULL, ANSWER_POSTERN));
    CHECK_TEXT(client_header(&answer, "Connection"), "close");
    set_uploads(true);
}

/* Opens a connection with all but the last byte of a body. */
static int begin_body(int number, const char *body)
{
    static const char head[] =
        "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 65536\r\n\r\n";
    char id[] = "vpce-00000000000000000";
    id[sizeof id - 2] = (char)('0' + number % ENDPOINTS);
    int fd = number < NOBODYS ? client_raw_open(pair.port) : proxy_open_of(pair.port, id);
    CHECK_TRUE(client_raw_send(fd, head, sizeof head - 1) && client_raw_send(fd, body, BODY - 1),
               "%d", number);
    return fd;
}

static void test_memory(void)
{
    static char body[BODY];
    int fds[BODIES];
    struct rlimit files = {.rlim_cur = 0};
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &files), 0);
    memset(body, ' ', sizeof body);
    int64_t before = process_memory_kb(pair.web);
    for (int i = 0; i < BODIES; i++)
        fds[i] = begin_body(i, body);
    CHECK_TRUE(client_get(client, "/products/1", &answer));
    int64_t full = process_memory_kb(pair.web), least = (int64_t)BODIES * (BODY / 1024) * 9 / 10;
    /* It may not have read all of them yet. */
    for (int64_t until = load_now_ms() + WAIT_MS; full <= least && load_now_ms() < until;) {
        load_sleep_ms(20);
        full = process_memory_kb(pair.web);
    }
    printf("  %d unfinished bodies: lighttpd has %lld KiB, before %lld\n", BODIES, (long long)full,
           (long long)before);
    CHECK_COMPARE(full, >, least, "they are not there");
    CHECK_COMPARE(full, <, MEM_LIMIT_KB * 9 / 10);
    for (int i = 0; i < BODIES; i++)
        close(fds[i]);
    CHECK_TRUE(client_get(client, "/products/1", &answer));
}

int main(void)
{
    static CU_TestInfo tests[] = {{"no room for an answer", test_no_room_for_an_answer},
                                  {"no room for a body", test_no_room_for_a_body},
                                  {"memory", test_memory},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/room", setup, fixture_end, tests);
}
