/* The writer's groups under way on PostgreSQL: one stands still while another one is served; the
 * server ends the session of one; the writer is killed with all of them. Every answer is true, and
 * each order is there once. */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "check.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/holder.h"
#include "e2e/load.h"
#include "e2e/process.h"

enum { WORKERS = 3, BUYERS = 2, STOCK = 1000, WAIT_MS = 45000 };

/* So that nobody gives up while the test holds a product. */
static const char *const settings[] = {"POSTERN_STORE_TIMEOUT_MS=60000",
                                       "POSTERN_REQUEST_SECONDS=180", NULL};

static int64_t orders, sold[BUYERS + 1];

static int setup(void)
{
    static char catalogue[1024];
    catalogue_write(catalogue, sizeof catalogue, BUYERS + 1, STOCK);
    int failed = fixture_start_postgres(
        &(struct pair_options){.workers = WORKERS, .catalogue = catalogue, .env = settings});
    return failed || !holder_open();
}

static int teardown(void)
{
    holder_close();
    return fixture_end();
}

/* An order of each product, one after the other: together they could be one group. */
struct purchase {
    atomic_int turn; /* the last that may go */
    int status[BUYERS];
};

static void buy(void *context, size_t thread)
{
    struct purchase *purchase = context;
    while ((size_t)atomic_load(&purchase->turn) < thread)
        load_sleep_ms(1);
    struct client *mine = client_open(pair.port);
    struct client_answer got;
    char body[64];
    snprintf(body, sizeof body, "{\"items\":[{\"product_id\":%zu,\"quantity\":1}]}", thread + 1);
    client_post(mine, "/orders", body, &got);
    purchase->status[thread] = got.status;
    if (got.status != 201)
        fprintf(stderr, "lanes: %d %s%s\n", got.status, got.body, got.error);
    client_close(mine);
}

static int64_t sold_of(int product)
{
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT %d - quantity FROM products WHERE id = %d", STOCK, product);
    return holder_number(sql);
}

/* Holds the products that are bought, until both orders wait for them. */
static void begin(struct load *load, struct purchase *purchase)
{
    *purchase = (struct purchase){.turn = 0};
    CHECK_TRUE(pair_wait_ready(&pair));
    orders = holder_number("SELECT count(*) FROM orders");
    for (int i = 1; i <= BUYERS; i++)
        sold[i] = sold_of(i);
    holder_run("BEGIN; SELECT FROM products WHERE id <= 2 FOR UPDATE");
    CHECK_TRUE(load_start(load, BUYERS, buy, purchase));
    holder_check_waiting(1, 0);
    atomic_store(&purchase->turn, 1);
    holder_check_waiting(BUYERS, 0);
}

/* Each order is acknowledged, and is there once. */
static void end(struct load *load, const struct purchase *purchase)
{
    load_join(load);
    for (int i = 0; i < BUYERS; i++) {
        CHECK_INT(purchase->status[i], 201);
        CHECK_INT(sold_of(i + 1) - sold[i + 1], 1);
    }
    CHECK_INT(holder_number("SELECT count(*) FROM orders") - orders, BUYERS);
    CHECK_INT(holder_number("SELECT count(*) FROM order_lines"),
              holder_number("SELECT count(*) FROM orders"));
}

/* One product is held: who buys another one is served meanwhile. */
static void test_one_stands_still(void)
{
    static struct load load;
    static struct purchase purchase;
    CHECK_TRUE(pair_wait_ready(&pair));
    int64_t before = sold_of(1);
    holder_run("BEGIN; SELECT FROM products WHERE id = 1 FOR UPDATE");
    CHECK_TRUE(load_start(&load, 1, buy, &purchase));
    holder_check_waiting(1, 0);
    for (int i = 0; i < 5; i++) {
        client_post(client, "/orders", "{\"items\":[{\"product_id\":3,\"quantity\":1}]}", &answer);
        CHECK_INT(answer.status, 201);
    }
    CHECK_TRUE(fixture_wait_status("/readyz", 200, WAIT_MS));
    CHECK_INT(sold_of(1), before);
    holder_check_waiting(1, 0);
    holder_run("ROLLBACK");
    load_join(&load);
    CHECK_INT(purchase.status[0], 201);
    CHECK_INT(sold_of(1), before + 1);
}

/* The server ends one session of those that wait. */
static void test_session_is_ended(void)
{
    static struct load load;
    static struct purchase purchase;
    char sql[64];
    begin(&load, &purchase);
    int64_t pid = holder_number("SELECT max(pid) FROM pg_stat_activity WHERE " HOLDER_WAITS);
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%" PRId64 ")::INTEGER", pid);
    CHECK_INT(holder_number(sql), 1);
    /* The other one still waits, and what was lost waits anew. */
    holder_check_waiting(BUYERS, pid);
    holder_run("ROLLBACK");
    end(&load, &purchase);
}

/* The writer is killed with both; the next one begins once both sessions are over, whether the
 * products are free by then or not. */
static void test_writer_dies(void)
{
    for (int freed = 0; freed < 2; freed++) {
        static struct load load;
        static struct purchase purchase;
        pid_t writer, next = 0;
        CHECK_OF("freed %d", freed);
        begin(&load, &purchase);
        REQUIRE_INT(pair_children(&pair, "postern-writer", &writer, 1), 1);
        kill(writer, SIGKILL);
        if (freed)
            holder_run("ROLLBACK");
        CHECK_TRUE(process_wait_end(writer, WAIT_MS));
        for (int64_t until = load_now_ms() + WAIT_MS;
             pair_children(&pair, "postern-writer", &next, 1) != 1 && load_now_ms() < until;)
            load_sleep_ms(10);
        if (!freed) {
            /* The next one hands them over again, and again they wait. */
            holder_check_waiting(1, 0);
            holder_run("ROLLBACK");
        }
        end(&load, &purchase);
    }
}

int main(void)
{
    static CU_TestInfo tests[] = {{"one stands still", test_one_stands_still},
                                  {"session is ended", test_session_is_ended},
                                  {"writer dies", test_writer_dies},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/lanes", setup, teardown, tests);
}
