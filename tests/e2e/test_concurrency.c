/* Many clients at once: nothing is sold twice, and nothing that could be sold is refused. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/ledger.h"
#include "e2e/load.h"
#include "e2e/pair.h"

enum {
    CLIENTS = 64,
    SCARCE_STOCK = 100,
    SCARCE_TRIES = 4,
    PRODUCTS = 10,
    MIXED_STOCK = 300,
    MIXED_TRIES = 10,
    MIXED_LINES_MAX = 5,
    MIXED_QUANTITY_MAX = 5,
    PATIENCE_MS = 60000
};

/* So slow that no order is ever given up, whatever else the machine does. */
static const char *const settings[] = {"POSTERN_STORE_TIMEOUT_MS=40000",
                                       "POSTERN_REQUEST_SECONDS=90", NULL};
static const char web[] = "server.max-read-idle := 60\n";

static struct pair pair;

struct tally {
    uint64_t seed;
    atomic_int sold; /* orders, of the scarce product */
    atomic_int short_ones;
    atomic_int wrong;                         /* answers that should not be */
    _Atomic int64_t quantities[PRODUCTS + 1]; /* by product, as the 201s tell */
};

static bool start(int products, int stock)
{
    static char text[4096];
    catalogue_write(text, sizeof text, products, stock);
    return pair_start(
        &pair,
        &(struct pair_options){.workers = 8, .catalogue = text, .env = settings, .lighttpd = web});
}

static bool post(struct client *client, const char *body, struct client_answer *answer)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    return client_call(client,
                       &(struct client_request){.method = "POST",
                                                .path = "/orders",
                                                .headers = headers,
                                                .body = body,
                                                .timeout_ms = PATIENCE_MS},
                       answer);
}

static void tally_wrong(struct tally *tally, const struct client_answer *answer)
{
    if (atomic_fetch_add(&tally->wrong, 1) < 5)
        fprintf(stderr, "concurrency: %d %s%s\n", answer->status, answer->body, answer->error);
}

/* Whether every entry of short tells of a real shortage among what was asked for. */
static bool shorts_are_true(const cJSON *json, const int64_t *asked)
{
    const cJSON *shorts = cJSON_GetObjectItemCaseSensitive(json, "short"), *row;
    bool ok = cJSON_GetArraySize(shorts) > 0;
    cJSON_ArrayForEach(row, shorts)
    {
        int64_t id = answer_number(row, "product_id");
        int64_t requested = answer_number(row, "requested");
        ok = ok && id >= 1 && id <= PRODUCTS && requested == asked[id] && asked[id] > 0 &&
             answer_number(row, "available") >= 0 && answer_number(row, "available") < requested;
    }
    return ok;
}

static void judge(struct tally *tally, const struct client_answer *answer, const int64_t *asked)
{
    cJSON *json = answer_json(answer);
    bool right = false;
    if (answer->status == 201) {
        right = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "items")) > 0;
        for (int i = 1; i <= PRODUCTS; i++)
            atomic_fetch_add(&tally->quantities[i], asked[i]);
        atomic_fetch_add(&tally->sold, 1);
    } else if (answer->status == 409) {
        right = shorts_are_true(json, asked);
        atomic_fetch_add(&tally->short_ones, 1);
    }
    if (!right)
        tally_wrong(tally, answer);
    cJSON_Delete(json);
}

static void buy_scarce(void *context, size_t thread)
{
    struct tally *tally = context;
    const int64_t asked[PRODUCTS + 1] = {0, 1};
    struct client *client = client_open(pair.port);
    struct client_answer answer;
    (void)thread;
    for (int i = 0; client && i < SCARCE_TRIES; i++) {
        post(client, "{\"items\":[{\"product_id\":1,\"quantity\":1}]}", &answer);
        judge(tally, &answer, asked);
    }
    client_close(client);
}

static void test_scarce(void)
{
    static struct tally tally;
    struct client_answer answer;
    REQUIRE_TRUE(start(1, SCARCE_STOCK));
    CHECK_TRUE(load_run(CLIENTS, buy_scarce, &tally));
    struct client *client = client_open(pair.port);
    REQUIRE_NOT_NULL(client);
    CHECK_INT(tally.wrong, 0);
    CHECK_INT(tally.sold, SCARCE_STOCK);
    CHECK_INT(tally.short_ones, CLIENTS * SCARCE_TRIES - SCARCE_STOCK);
    CHECK_INT(answer_stock(client, 1), 0);
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders"), SCARCE_STOCK);
    post(client, "{\"items\":[{\"product_id\":1,\"quantity\":1}]}", &answer);
    CHECK_CONTAINS(answer.body, "\"short\":[{\"available\":0,\"product_id\":1,"
                                "\"requested\":1}]");
    CHECK_TRUE(ledger_balances(&pair, SCARCE_STOCK));
    client_close(client);
    pair_end(&pair);
}

/* Fills in an order of some products, some named twice, and what it asks for by product. */
static void mix(uint64_t *random, char *body, size_t size, int64_t *asked)
{
    uint32_t lines = 1 + load_random(random, MIXED_LINES_MAX);
    size_t n = (size_t)snprintf(body, size, "{\"items\":[");
    memset(asked, 0, (PRODUCTS + 1) * sizeof *asked);
    for (uint32_t i = 0; i < lines; i++) {
        uint32_t id = 1 + load_random(random, PRODUCTS);
        uint32_t quantity = 1 + load_random(random, MIXED_QUANTITY_MAX);
        asked[id] += quantity;
        n += (size_t)snprintf(body + n, size - n,
                              "%s{\"product_id\":%" PRIu32 ",\"quantity\":%" PRIu32 "}",
                              i ? "," : "", id, quantity);
    }
    snprintf(body + n, size - n, "]}");
}

static void buy_mixed(void *context, size_t thread)
{
    struct tally *tally = context;
    uint64_t random = tally->seed + thread;
    struct client *client = client_open(pair.port);
    struct client_answer answer;
    for (int i = 0; client && i < MIXED_TRIES; i++) {
        char body[512];
        int64_t asked[PRODUCTS + 1];
        mix(&random, body, sizeof body, asked);
        post(client, body, &answer);
        judge(tally, &answer, asked);
    }
    client_close(client);
}

static void test_mixed(void)
{
    static struct tally tally;
    tally.seed = load_seed();
    REQUIRE_TRUE(start(PRODUCTS, MIXED_STOCK));
    CHECK_TRUE(load_run(CLIENTS, buy_mixed, &tally));
    struct client *client = client_open(pair.port);
    REQUIRE_NOT_NULL(client);
    CHECK_INT(tally.wrong, 0);
    CHECK_INT(tally.sold + tally.short_ones, CLIENTS * MIXED_TRIES);
    for (int i = 1; i <= PRODUCTS; i++)
        CHECK_INT(answer_stock(client, i), MIXED_STOCK - tally.quantities[i],
                  "product %d: %" PRId64 " left, %" PRId64 " sold", i, answer_stock(client, i),
                  tally.quantities[i]);
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders"), tally.sold);
    CHECK_TRUE(ledger_balances(&pair, MIXED_STOCK));
    client_close(client);
    pair_end(&pair);
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"one scarce product", test_scarce}, {"mixed orders", test_mixed}, CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/concurrency", NULL, NULL, tests);
}
