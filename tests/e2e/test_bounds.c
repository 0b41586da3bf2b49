/* An answer is bounded, whatever is in the store: in bytes, in the time that it takes a worker, and
 * in what it does for callers who have left. On both stores. */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/process.h"

enum {
    ANSWER_MAX = 1024 * 1024,
    TRIES = 10,
    /* A list that is refused costs the worker what the largest that fits does: at most so many
     * times as much of its CPU, and some ticks. The whole list costs twelve times as much. */
    TIMES_MAX = 3,
    SPARE_TICKS = 10,

    WAIT_MS = 15000
};

/* 200 000 products, some 90 bytes of JSON each, and 2 000 orders of a caller without endpoint. */

static const char fill_sqlite[] =
    "PRAGMA synchronous = OFF; BEGIN IMMEDIATE;"
    "WITH RECURSIVE numbers(n) AS (SELECT 4 UNION ALL SELECT n + 1 FROM numbers WHERE n < 200000)"
    "INSERT INTO products (id, price_cents, quantity, name, description)"
    " SELECT n, 999, 10, 'Product ' || n, 'Description ' || n FROM numbers;"
    "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000)"
    "INSERT INTO orders (id, consumer, created_us, total_cents, email, reference)"
    " SELECT printf('018f0000-0000-7000-8000-%012x', n), '-', 1700000000000000,"
    " 999, '', printf('%.*c', 100, 'r') FROM numbers;"
    "INSERT INTO order_lines SELECT orders.id, l.value, 1, 1, 999, 999, 'Product 1' FROM orders,"
    " json_each('[0,1,2,3,4,5,6,7,8,9]') AS l; COMMIT;";

static const char fill_postgres[] =
    "INSERT INTO products (id, price_cents, quantity, name, description)"
    " SELECT n, 999, 10, 'Product ' || n, 'Description ' || n FROM generate_series(4, 200000) AS n;"
    "INSERT INTO orders (id, consumer, created_us, total_cents, email, reference)"
    " SELECT '018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), '-', 1700000000000000, 999,"
    " '', repeat('r', 100) FROM generate_series(1, 2000) AS n;"
    "INSERT INTO order_lines (order_id, line, product_id, quantity, unit_price_cents,"
    " amount_cents, name) SELECT id, l, 1, 1, 999, 999, 'Product 1' FROM orders,"
    " generate_series(0, 9) AS l; ANALYZE;";

/* A sanitizer on a busy machine takes its time. */
#define PATIENCE "POSTERN_STORE_TIMEOUT_MS=14000"

static bool fill_file(void)
{
    char path[PAIR_PATH_SIZE + 32], *error = NULL;
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/postern.db", pair.dir);
    /* The server writes too, for its readiness. */
    bool ok = sqlite3_open(path, &db) == SQLITE_OK &&
              sqlite3_busy_timeout(db, WAIT_MS) == SQLITE_OK &&
              sqlite3_exec(db, fill_sqlite, NULL, NULL, &error) == SQLITE_OK;
    if (!ok)
        fprintf(stderr, "cannot fill %s: %s\n", path, error ? error : sqlite3_errmsg(db));
    sqlite3_free(error);
    sqlite3_close(db);
    return ok;
}

static bool start_sqlite(void)
{
    static const char *const env[] = {PATIENCE, NULL};
    return fixture_start(&(struct pair_options){.workers = 1, .env = env}) == 0 && fill_file();
}

static bool start_postgres(void)
{
    static const char *const env[] = {PATIENCE, NULL};
    return fixture_start_postgres(&(struct pair_options){.workers = 1, .env = env}) == 0 &&
           postgres_server_sql(&fixture_server, "postgres", fill_postgres, NULL, 0);
}

/* The worker's CPU time for some requests; checks their status. */
static long ticks_of(const char *method, const char *path, const char *header, int status)
{
    const char *const headers[] = {header, NULL};
    pid_t worker = 0;
    CHECK_INT(pair_workers(&pair, &worker, 1), 1);
    long before = process_ticks(worker);
    for (int i = 0; i < TRIES; i++) {
        client_call(client,
                    &(struct client_request){.method = method, .path = path, .headers = headers},
                    &answer);
        CHECK_INT(answer.status, status);
    }
    long after = process_ticks(worker);
    CHECK_COMPARE(before, >=, 0);
    CHECK_COMPARE(after, >=, before);
    return after - before;
}

/* Nearly as much as fits into one answer; the default catalogue's ids do not end a page. */
static void check_list_too_long(const char *store)
{
    static const struct {
        int line;
        const char *method, *path, *header;
    } rows[] = {
        {__LINE__, "GET", "/products", NULL},
        {__LINE__, "HEAD", "/products", NULL},
        {__LINE__, "GET", "/products", "If-None-Match: *"},
        {__LINE__, "GET", "/products?pretty", NULL},
        {__LINE__, "GET", "/products?after=5", NULL},
    };
    long fits = ticks_of("GET", "/products?after=190000", NULL, 200);
    printf("  %s: so many lists that fit took %ld ticks\n", store, fits);
    CHECK_COMPARE(answer.body_len, >, ANSWER_MAX / 2);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        long took = ticks_of(rows[i].method, rows[i].path, rows[i].header, 422);
        CHECK_COMPARE(took, <=, fits * TIMES_MAX + SPARE_TICKS, "%s: those that fit: %ld", store,
                      fits);
        if (strcmp(rows[i].method, "GET") == 0)
            CHECK_TRUE(answer_is_problem(&answer, 422, "list-too-long", ANSWER_POSTERN));
    }
}

/* Follows the pages of 1000; each is within the bound, and together they are all orders. */
static void check_cut_pages(void)
{
    char path[256] = "/orders?limit=1000&pretty";
    int pages = 0, orders = 0;
    for (bool more = true; more && pages < 20; pages++) {
        CHECK_TRUE(client_get(client, path, &answer));
        REQUIRE_INT(answer.status, 200);
        CHECK_COMPARE(answer.body_len, <=, ANSWER_MAX);
        cJSON *json = answer_json(&answer);
        orders += cJSON_GetArraySize(json);
        cJSON_Delete(json);
        const char *link = client_header(&answer, "Link");
        more = link != NULL;
        if (link)
            snprintf(path, sizeof path, "%.*s", (int)strcspn(link + 1, ">"), link + 1);
    }
    CHECK_INT(orders, 2000);
    CHECK_COMPARE(pages, >, 2, "no page ended early");
}

static void check_default_page(void)
{
    CHECK_TRUE(client_get(client, "/orders", &answer));
    CHECK_INT(answer.status, 200);
    cJSON *json = answer_json(&answer);
    CHECK_INT(cJSON_GetArraySize(json), 100);
    cJSON_Delete(json);
    const char *link = client_header(&answer, "Link");
    CHECK_START(link, "</orders?limit=100&after=018f0000-0000-7000-8000-00000000076d>");
}

static void test_sqlite(void)
{
    REQUIRE_TRUE(start_sqlite());
    check_list_too_long("sqlite");
    check_default_page();
    check_cut_pages();
    fixture_end();
}

static void test_postgres(void)
{
    REQUIRE_TRUE(start_postgres());
    check_list_too_long("postgresql");
    check_default_page();
    check_cut_pages();
    CHECK_NO_LOG(&pair, "postern.log", "the store cannot be");
    fixture_end();
}

/* Orders that wait for a worker take nothing from stock if the web server has given them up: it
 * closes the connection when the caller has left. One that only ends what it sends still waits. */
static void test_callers_leave(void)
{
    static const char *const variables[] = {"REQUEST_METHOD=POST", "PATH_INFO=/orders",
                                            "CONTENT_TYPE=application/json", NULL};
    static const char body[] = "{\"items\":[{\"product_id\":1,\"quantity\":1}]}";
    char text[1024];
    bool closed;
    pid_t worker;
    REQUIRE_INT(fixture_start(&(struct pair_options){.workers = 1}), 0);
    REQUIRE_INT(pair_workers(&pair, &worker, 1), 1);
    CHECK_TRUE(process_stop(worker));
    for (int i = 0; i < 5; i++) {
        int left = fastcgi_begin(&pair, variables, body);
        CHECK_COMPARE(left, >=, 0);
        close(left);
    }
    int half = fastcgi_begin(&pair, variables, body);
    shutdown(half, SHUT_WR);
    kill(worker, SIGCONT);
    client_raw_read(half, text, sizeof text, WAIT_MS, &closed);
    close(half);
    CHECK_INT(answer_stock(client, 1), 9, "of 10, and one order was waited for");
    CHECK_LOG(&pair, "postern.log", "request not begun: client left", WAIT_MS);
    fixture_end();
}

int main(void)
{
    static CU_TestInfo tests[] = {{"sqlite", test_sqlite},
                                  {"postgres", test_postgres},
                                  {"callers leave", test_callers_leave},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/bounds", NULL, NULL, tests);
}
