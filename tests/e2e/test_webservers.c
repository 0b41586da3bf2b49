/* Behind nginx and Apache, whether they keep their connections to the application or not: no
 * request hangs, fails or is done twice. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/ledger.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "e2e/webserver.h"

enum { WORKERS = 2, CLIENTS = 12, TURNS = 25, WAIT_MS = 15000, SPACIOUS = 60 * 1024 };

static const char order[] = "{\"items\":[{\"product_id\":1,\"quantity\":1}]}";

static struct webserver web;
static atomic_int wrong, orders;
static int round_number;

static int setup(void)
{
    static char group[64];
    static const char *const env[] = {group, NULL};
    snprintf(group, sizeof group, "POSTERN_SOCKET_GROUP=%s", webserver_group());
    return fixture_start(&(struct pair_options){
               .workers = WORKERS, .env = env, .catalogue = CATALOGUE_NUTS("1000000")}) ||
           !process_wait_workers(&pair, WORKERS, NULL, 0, WAIT_MS);
}

static int post(struct client *by, const char *key, const char *body, struct client_answer *got)
{
    char line[128];
    const char *const headers[] = {"Content-Type: application/json", line, NULL};
    snprintf(line, sizeof line, "Idempotency-Key: %s", key);
    client_call(by,
                &(struct client_request){
                    .method = "POST", .path = "/orders", .headers = headers, .body = body},
                got);
    return got->status;
}

static bool is_replay(const struct client_answer *got)
{
    return client_header(got, "Idempotent-Replayed") != NULL;
}

/* A get, an order and its replay, over and over on one kept connection. */
static void send_turns(void *context, size_t thread)
{
    struct client *own = client_open(web.port);
    struct client_answer got;
    (void)context;
    for (int i = 0; own && i < TURNS; i++) {
        char key[48];
        snprintf(key, sizeof key, "key-%d-%zu-%d", round_number, thread, i);
        if (!client_get(own, "/products/1", &got) || got.status != 200)
            atomic_fetch_add(&wrong, 1);
        if (post(own, key, order, &got) == 201 && !is_replay(&got))
            atomic_fetch_add(&orders, 1);
        else
            atomic_fetch_add(&wrong, 1);
        if (post(own, key, order, &got) != 201 || !is_replay(&got))
            atomic_fetch_add(&wrong, 1);
    }
    client_close(own);
}

/* What is not small, or refused. */
static void check_kinds(void)
{
    static char large[70 * 1024];
    static const struct {
        int line;
        const char *path;
        int status;
    } rows[] = {
        {__LINE__, "/products", 200},    {__LINE__, "/products/1?pretty", 200},
        {__LINE__, "/products/99", 404}, {__LINE__, "/orders?limit=0", 422},
        {__LINE__, "/readyz", 200},
    };
    struct client *own = client_open(web.port);
    struct client_answer got;
    REQUIRE_NOT_NULL(own);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        client_get(own, rows[i].path, &got);
        CHECK_INT(got.status, rows[i].status);
    }
    memset(large, ' ', sizeof large - 1);
    CHECK_INT(post(own, "large", large, &got), 413);
    memcpy(large, order, strlen(order));
    large[SPACIOUS] = '\0';
    CHECK_INT(post(own, "spacious", large, &got), 201);
    client_close(own);
}

static void check_server(enum webserver_kind kind, bool keep)
{
    CHECK_OF("%s, keep %d", webserver_names[kind], keep);
    int64_t stored = ledger_number(&pair, "SELECT count(*) FROM orders");
    atomic_store(&wrong, 0);
    atomic_store(&orders, 0);
    round_number++;
    REQUIRE_TRUE(webserver_start(&web, &pair, kind, keep));
    CHECK_TRUE(load_run(CLIENTS, send_turns, NULL));
    CHECK_INT(wrong, 0);
    CHECK_INT(orders, CLIENTS * TURNS);
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders") - stored, CLIENTS * TURNS);
    check_kinds();
    /* lighttpd, beside it, is not kept waiting by the connections that are kept. */
    for (int i = 0; i < 2 * WORKERS; i++) {
        client_get(client, "/products/1", &answer);
        CHECK_INT(answer.status, 200);
    }
    CHECK_INT(webserver_stop(&web), 0);
    CHECK_NO_LOG(&pair, "postern.log", "worker ended");
    CHECK_NO_LOG(&pair, "postern.log", "is stuck");
}

static void test_nginx(void)
{
    check_server(WEBSERVER_NGINX, false);
    check_server(WEBSERVER_NGINX, true);
}

static void test_apache(void)
{
    check_server(WEBSERVER_APACHE, false);
    check_server(WEBSERVER_APACHE, true);
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"nginx", test_nginx}, {"apache", test_apache}, CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/webservers", setup, fixture_end, tests);
}
