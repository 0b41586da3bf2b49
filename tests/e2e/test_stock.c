/* Stock belongs to orders, on a pair with either store: an order that is cancelled gives its lines
 * back once, a stated adjustment changes what it says, and the ledger accounts for all of it. */
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"

enum { OUT_SIZE = 16 * 1024, BODY_SIZE = 4096, PATH_SIZE = 96, THREADS = 16 };

static const char catalogue[] = CATALOGUE_HEADER "1,Nut,,0.10,100\n2,Bolt,,19.99,50\n3,Rare,,1,2\n";

static char out[OUT_SIZE];

static int setup_sqlite(void)
{
    return fixture_start(&(struct pair_options){.workers = 4, .catalogue = catalogue});
}

static int setup_postgres(void)
{
    return fixture_start_postgres(&(struct pair_options){.workers = 4, .catalogue = catalogue});
}

/* Runs a command; what it prints goes to out, what it complains of to command.log. */
static int run(const char *const *argv)
{
    pair_write(&pair, "command.log", "");
    return pair_command(&pair, argv, out, sizeof out);
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void check_complaint(const char *part)
{
    char *log = pair_read(&pair, "command.log");
    CHECK_CONTAINS(log, part);
    free(log);
}

static bool place(const char *key, const char *body)
{
    char header[PATH_SIZE];
    snprintf(header, sizeof header, "Idempotency-Key: %s", key);
    const char *const headers[] = {"Content-Type: application/json", header, NULL};
    return client_call(client,
                       &(struct client_request){
                           .method = "POST", .path = "/orders", .headers = headers, .body = body},
                       &answer) &&
           answer.status == 201;
}

/* The path at which the order of the last answer is cancelled. */
static void cancel_path(char path[PATH_SIZE])
{
    const char *location = client_header(&answer, "Location");
    snprintf(path, PATH_SIZE, "%s/cancel", location ? location : "");
}

static bool cancel(struct client *by, const char *path, struct client_answer *got)
{
    return client_call(
        by, &(struct client_request){.method = "POST", .path = path, .body = "", .body_len = 0},
        got);
}

static void check_audit(void)
{
    CHECK_INT(RUN("audit"), 0);
    CHECK_TEXT(out, "products: 3, wrong: 0\n");
}

static void test_cancel(void)
{
    static const char order[] = "{\"items\":[{\"product_id\":1,\"quantity\":3},"
                                "{\"product_id\":2,\"quantity\":1}],\"reference\":\"PO 1\"}";
    char placed[BODY_SIZE], cancelled[BODY_SIZE], path[PATH_SIZE];
    int64_t nuts = answer_stock(client, 1), bolts = answer_stock(client, 2);
    REQUIRE_TRUE(place("first", order));
    snprintf(placed, sizeof placed, "%s", answer.body);
    cancel_path(path);
    CHECK_INT(answer_stock(client, 1), nuts - 3);
    CHECK_TRUE(cancel(client, path, &answer));
    CHECK_INT(answer.status, 200);
    CHECK_START(answer.body, "{\"cancelled_at\":\"");
    CHECK_CONTAINS(answer.body, "\"reference\":\"PO 1\",\"status\":\"cancelled\",\"total\":20.29}");
    CHECK_LACKS(answer.body, "message");
    CHECK_TEXT(client_header(&answer, "Cache-Control"), "no-store");
    CHECK_NOT_NULL(client_header(&answer, "X-Request-Id"));
    snprintf(cancelled, sizeof cancelled, "%s", answer.body);
    CHECK_INT(answer_stock(client, 1), nuts);
    CHECK_INT(answer_stock(client, 2), bolts);

    /* Again, with or without a body, and as it reads now. */
    CHECK_TRUE(client_post(client, path, "{}", &answer));
    CHECK_INT(answer.status, 200);
    CHECK_TEXT(answer.body, cancelled);
    path[strlen(path) - strlen("/cancel")] = '\0';
    CHECK_TRUE(client_get(client, path, &answer));
    CHECK_TEXT(answer.body, cancelled);
    CHECK_INT(answer_stock(client, 1), nuts);

    /* The key's answer is still the first one, byte for byte, and orders nothing. */
    CHECK_TRUE(place("first", order));
    CHECK_TEXT(client_header(&answer, "Idempotent-Replayed"), "true");
    CHECK_TEXT(answer.body, placed);
    CHECK_INT(answer_stock(client, 1), nuts);
    check_audit();
}

static void test_refused(void)
{
    static const struct {
        int line;
        const char *body, *type;
        int status;
        const char *problem;
    } rows[] = {
        {__LINE__, "{\"a\":1}", "Content-Type: application/json", 422, "invalid-request"},
        {__LINE__, "[]", "Content-Type: application/json", 422, "invalid-request"},
        {__LINE__, "{", "Content-Type: application/json", 400, "malformed-json"},
        {__LINE__, "{}", "Content-Type: text/plain", 415, "unsupported-media-type"},
    };
    char path[PATH_SIZE];
    int64_t nuts = answer_stock(client, 1);
    REQUIRE_TRUE(place("refused", "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"));
    cancel_path(path);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        const char *const headers[] = {rows[i].type, NULL};
        CHECK_TRUE(client_call(
            client,
            &(struct client_request){
                .method = "POST", .path = path, .headers = headers, .body = rows[i].body},
            &answer));
        CHECK_TRUE(answer_is_problem(&answer, rows[i].status, rows[i].problem, ANSWER_POSTERN));
    }
    CHECK_TRUE(client_get(client, path, &answer));
    CHECK_TRUE(answer_is_problem(&answer, 405, "method-not-allowed", ANSWER_POSTERN));
    CHECK_TEXT(client_header(&answer, "Allow"), "POST, OPTIONS");
    CHECK_TRUE(cancel(client, "/orders/018f0000-0000-7000-8000-000000000001/cancel", &answer));
    CHECK_TRUE(answer_is_problem(&answer, 404, "unknown-order", ANSWER_POSTERN));
    CHECK_INT(answer_stock(client, 1), nuts - 1);
}

static atomic_int cancelled_count;

static void cancel_once(void *context, size_t thread)
{
    struct client_answer got;
    struct client *own = client_open(pair.port);
    (void)thread;
    if (own && cancel(own, context, &got) && got.status == 200 &&
        strstr(got.body, "\"status\":\"cancelled\""))
        atomic_fetch_add(&cancelled_count, 1);
    client_close(own);
}

static void test_at_once(void)
{
    char path[PATH_SIZE];
    int64_t bolts = answer_stock(client, 2);
    REQUIRE_TRUE(place("once", "{\"items\":[{\"product_id\":2,\"quantity\":7}]}"));
    cancel_path(path);
    atomic_store(&cancelled_count, 0);
    CHECK_TRUE(load_run(THREADS, cancel_once, path));
    CHECK_INT(atomic_load(&cancelled_count), THREADS);
    CHECK_INT(answer_stock(client, 2), bolts);
    check_audit();
}

static void test_adjust(void)
{
    static const struct {
        int line;
        const char *change;
        int status;
        const char *said;
        int64_t stock;
    } rows[] = {
        {__LINE__, "+5", 0, "product 3: +5, now 7\n", 7},
        {__LINE__, "-7", 0, "product 3: -7, now 0\n", 0},
        {__LINE__, "-1", 1, "", 0},
        {__LINE__, "=4", 0, "product 3: +4, now 4\n", 4},
        {__LINE__, "=4", 0, "product 3: +0, now 4\n", 4},
        {__LINE__, "4", 2, "", 4},
        {__LINE__, "+0", 2, "", 4},
        {__LINE__, "+", 2, "", 4},
        {__LINE__, "+01", 2, "", 4},
        {__LINE__, "=1000000001", 2, "", 4},
        {__LINE__, "+1000000000", 1, "", 4},
        {__LINE__, "=2", 0, "product 3: -2, now 2\n", 2},
    };
    CHECK_INT(answer_stock(client, 3), 2);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(RUN("stock", "3", rows[i].change, "--reason", "counted"), rows[i].status);
        CHECK_TEXT(out, rows[i].said);
        CHECK_INT(answer_stock(client, 3), rows[i].stock);
    }
    check_audit();
}

/* Of a stock that a cancellation has lifted above what an adjustment may make of it, too. */
static void test_round_trip(void)
{
    char path[PATH_SIZE], file[PATH_SIZE], exported[OUT_SIZE];
    snprintf(file, sizeof file, "%s/exported.csv", pair.dir);
    REQUIRE_TRUE(place("above", "{\"items\":[{\"product_id\":3,\"quantity\":2}]}"));
    cancel_path(path);
    CHECK_INT(RUN("stock", "3", "=1000000000"), 0);
    CHECK_TRUE(cancel(client, path, &answer));
    CHECK_INT(answer_stock(client, 3), 1000000002);
    CHECK_INT(RUN("export"), 0);
    snprintf(exported, sizeof exported, "%s", out);
    CHECK_TRUE(pair_write(&pair, "exported.csv", exported));
    CHECK_INT(RUN("stock", "3", "=2"), 0);
    CHECK_INT(RUN("import", "--set-stock", file), 0);
    CHECK_INT(RUN("export"), 0);
    CHECK_TEXT(out, exported);
    CHECK_INT(answer_stock(client, 3), 1000000002);
    check_audit();
}

static void test_usage(void)
{
    CHECK_INT(RUN("stock"), 2);
    CHECK_INT(RUN("stock", "1"), 2);
    check_complaint("usage: postern stock");
    CHECK_INT(RUN("stock", "x", "+1"), 2);
    check_complaint("\"x\" is no product's id");
    CHECK_INT(RUN("stock", "1", "+1", "--reason"), 2);
    CHECK_INT(RUN("stock", "1", "+1", "--why", "x"), 2);
    CHECK_INT(RUN("stock", "1", "+1", "--reason", "a\tb"), 2);
    check_complaint("--reason must be 0 to 255 bytes");
    CHECK_INT(RUN("stock", "1", "+1", "--as", ""), 2);
    check_complaint("--as must be 1 to 255 bytes");
    CHECK_INT(RUN("stock", "9", "+1"), 1);
    check_complaint("there is no product 9; nothing was changed");
    CHECK_INT(RUN("stock", "1", "-1000000"), 1);
    check_complaint("nothing was changed");
    CHECK_INT(RUN("stock", "--ledger", "9"), 1);
    CHECK_INT(RUN("stock", "--ledger", "1", "2"), 2);
    CHECK_INT(RUN("audit", "1"), 2);
    check_audit();
}

static void test_ledger(void)
{
    char path[PATH_SIZE];
    CHECK_INT(RUN("stock", "3", "+3", "--reason", "found behind the shelf", "--as", "ann"), 0);
    REQUIRE_TRUE(place("ledger", "{\"items\":[{\"product_id\":3,\"quantity\":2}]}"));
    cancel_path(path);
    CHECK_TRUE(cancel(client, path, &answer));
    CHECK_INT(RUN("stock", "--ledger", "3"), 0);
    CHECK_START(out, "time\twhat\tchange\tid\twho\twhy\n");
    CHECK_CONTAINS(out, "\tadjusted\t+2\t");
    CHECK_CONTAINS(out, "\topening\n");
    CHECK_CONTAINS(out, "\tadjusted\t+3\t");
    CHECK_CONTAINS(out, "\tann\tfound behind the shelf\n");
    CHECK_CONTAINS(out, "\tsold\t-2\t");
    CHECK_CONTAINS(out, "\tcancelled\t+2\t");
    CHECK_CONTAINS(out, "\nsum 5, stock 5\n");
    CHECK_INT(RUN("stock", "--ledger"), 0);
    CHECK_START(out, "product\tadjusted\tsold\tcancelled\tsum\tstock\n1\t");
    CHECK_CONTAINS(out, "\n3\t5\t2\t2\t5\t5\n");
    check_audit();
}

/* Whatever goes past the ledger is named. */
static void test_wrong(void)
{
    static const char wrong[] = "UPDATE products SET quantity = quantity + 1 WHERE id = 2";
    static const char right[] = "UPDATE products SET quantity = quantity - 1 WHERE id = 2";
    sqlite3 *db = NULL;
    char file[PAIR_PATH_SIZE + 16];
    snprintf(file, sizeof file, "%s/postern.db", pair.dir);
    for (int i = 0; i < 2; i++) {
        const char *sql = i == 0 ? wrong : right;
        if (fixture_server.pid) {
            CHECK_TRUE(postgres_server_sql(&fixture_server, "postgres", sql, NULL, 0));
        } else {
            CHECK_INT(sqlite3_open(file, &db), SQLITE_OK);
            sqlite3_busy_timeout(db, CLIENT_TIMEOUT_MS);
            CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
            sqlite3_close(db);
        }
        CHECK_INT(RUN("audit"), i == 0);
        CHECK_TEXT(out, i == 0 ? "products: 3, wrong: 1\n" : "products: 3, wrong: 0\n");
        if (i == 0)
            check_complaint("postern: product 2: adjusted 50, sold ");
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"an order is cancelled once", test_cancel},
        {"what is no cancellation changes nothing", test_refused},
        {"sixteen at once restock once", test_at_once},
        {"a stock is adjusted within its bounds", test_adjust},
        {"mistakes are named", test_usage},
        {"the ledger tells what changed a stock", test_ledger},
        {"what is exported is imported", test_round_trip},
        {"what goes past the ledger is named", test_wrong},
        CU_TEST_INFO_NULL,
    };
    int sqlite = e2e_suite_run("e2e/stock-sqlite", setup_sqlite, fixture_end, tests);
    int postgres = e2e_suite_run("e2e/stock-postgres", setup_postgres, fixture_end, tests);
    return sqlite == EXIT_SUCCESS && postgres == EXIT_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
