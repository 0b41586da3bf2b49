/* The master is killed alone while an order waits for the database. Another application is started
 * meanwhile, and lighttpd reads what that one publishes; the order is answered by the orphans of
 * the first, and then no stock of before counts. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/holder.h"
#include "e2e/load.h"
#include "e2e/taker.h"

/* So that nobody gives up while the test holds the product. */
static const char *const settings[] = {"POSTERN_STORE_TIMEOUT_MS=60000",
                                       "POSTERN_REQUEST_SECONDS=180", "POSTERN_DRAIN_SECONDS=120",
                                       NULL};

static struct taker taker;

static int setup(void)
{
    int failed = fixture_start_postgres(
        &(struct pair_options){.catalogue = CATALOGUE_NUTS("1000000"), .env = settings});
    return failed || !holder_open();
}

static int teardown(void)
{
    taker_close(&taker);
    holder_close();
    return fixture_end();
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
    holder_run("BEGIN; SELECT FROM products WHERE id = 1 FOR UPDATE");
    REQUIRE_TRUE(load_start(&load, 1, buy, &purchase));
    holder_check_waiting(1, 0);
    pair_stop_app(&pair, SIGKILL);
    CHECK_TRUE(pair_start_app(&pair) && pair_wait_ready(&pair));
    CHECK_TRUE(taker_take(&taker, &pair));
    CHECK_TRUE(taker_wait_published(&taker, client, 1, &answer));
    snprintf(purchase.before, sizeof purchase.before, "%s", taker.body);
    holder_run("ROLLBACK");
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
