/* The master is killed alone while an order waits for the database. Another application is started
 * meanwhile, and lighttpd reads what that one publishes; the order is answered by the orphans of
 * the first, and then no stock of before counts. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/taker.h"

enum { WAIT_MS = 45000 };

/* So that nobody gives up while the test holds the product. */
static const char *const settings[] = {"POSTERN_STORE_TIMEOUT_MS=60000",
                                       "POSTERN_REQUEST_SECONDS=180", "POSTERN_DRAIN_SECONDS=120",
                                       NULL};

static PGconn *beside; /* holds the product */
static struct taker taker;

static int setup(void)
{
    static char url[POSTGRES_SERVER_URL_SIZE];
    int failed = fixture_start_postgres(
        &(struct pair_options){.catalogue = CATALOGUE_NUTS("1000000"), .env = settings});
    if (failed)
        return failed;
    postgres_server_url(&fixture_server, "postgres", url);
    beside = PQconnectdb(url);
    return PQstatus(beside) != CONNECTION_OK;
}

static int teardown(void)
{
    taker_close(&taker);
    PQfinish(beside);
    return fixture_end();
}

static void run(const char *sql)
{
    PGresult *result = PQexec(beside, sql);
    CHECK_TRUE(PQresultStatus(result) == PGRES_COMMAND_OK ||
                   PQresultStatus(result) == PGRES_TUPLES_OK,
               "%s", PQerrorMessage(beside));
    PQclear(result);
}

static void wait_for_lock(void)
{
    char count[32] = "";
    for (int64_t until = load_now_ms() + WAIT_MS;
         strtoll(count, NULL, 10) == 0 && load_now_ms() < until; load_sleep_ms(5))
        CHECK_TRUE(postgres_server_sql(&fixture_server, "postgres",
                                       "SELECT count(*) FROM pg_stat_activity WHERE "
                                       "application_name = 'postern' AND wait_event_type = 'Lock'",
                                       count, sizeof count));
    CHECK_TEXT(count, "1");
}

struct purchase {
    char before[TAKER_BODY_SIZE];
    int status;
    bool old; /* what was published before is found after the answer */
};

static void buy(void *context, size_t thread)
{
    struct purchase *purchase = context;
    struct client *mine = client_open(pair.port);
    struct client_answer got;
    (void)thread;
    client_post(mine, "/orders", "{\"items\":[{\"product_id\":1,\"quantity\":1}]}", &got);
    purchase->status = got.status;
    purchase->old = taker_finds(&taker, 1) && strcmp(taker.body, purchase->before) == 0;
    client_close(mine);
}

static void test_answer_of_an_orphan(void)
{
    static struct load load;
    static struct purchase purchase;
    run("BEGIN; SELECT FROM products WHERE id = 1 FOR UPDATE");
    REQUIRE_TRUE(load_start(&load, 1, buy, &purchase));
    wait_for_lock();
    pair_stop_app(&pair, SIGKILL);
    CHECK_TRUE(pair_start_app(&pair) && pair_wait_ready(&pair));
    CHECK_TRUE(taker_take(&taker, &pair));
    CHECK_TRUE(taker_wait_published(&taker, client, 1, &answer));
    snprintf(purchase.before, sizeof purchase.before, "%s", taker.body);
    run("ROLLBACK");
    load_join(&load);
    CHECK_INT(purchase.status, 201);
    CHECK_FALSE(purchase.old, "the stock of before is published after the order's answer");
}

int main(void)
{
    static CU_TestInfo tests[] = {{"answer of an orphan", test_answer_of_an_orphan},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/orphan", setup, teardown, tests);
}
