/* The contract of idempotency keys in store.h, put to every driver. */
#include <stdio.h>

#include "base/id.h"
#include "check.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

#define MINUTE_US (INT64_C(60) * 1000000)

enum { RACE_PROCESSES = 8, RACE_STOCK = 100, RACE_KEYS = 20 };

static struct store_outcome outcome;

static void test_key(void)
{
    static const int64_t day = ORDER_KEY_LIFETIME_US;
    static const struct {
        int line;
        const char *consumer, *key;
        int64_t later_us, quantity; /* later than the row before */
        enum store_result result;
        int64_t stock;
        int replays; /* the row whose order comes back */
    } rows[] = {
        {__LINE__, "a", "k", 0, 1, STORE_OK, 9, 0},
        {__LINE__, "a", "k", 0, 1, STORE_REPLAYED, 9, 0},
        {__LINE__, "a", "k", 0, 2, STORE_KEY_REUSED, 9, 0},
        {__LINE__, "b", "k", 0, 2, STORE_OK, 7, 3}, /* keys are scoped by consumer */
        {__LINE__, "a", "K", 0, 1, STORE_OK, 6, 4}, /* and by case */
        {__LINE__, "a", "k", day - MINUTE_US, 1, STORE_REPLAYED, 6, 0},
        {__LINE__, "a", "k", MINUTE_US, 2, STORE_OK, 4, 6}, /* expired: free again */
        {__LINE__, "a", "k", 0, 2, STORE_REPLAYED, 4, 6},
        {__LINE__, "a", "k", 0, 1, STORE_KEY_REUSED, 4, 6},
        {__LINE__, "b", "k", day, 1, STORE_OK, 3, 9},
        {__LINE__, "a", "x", day, 1, STORE_OK, 2, 10},
        {__LINE__, "a", "x", day - MINUTE_US, 1, STORE_REPLAYED, 2, 10},
    };
    char ids[sizeof rows / sizeof rows[0]][ID_TEXT_SIZE];
    fixture_begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        fixture_age_keys(rows[i].later_us);
        enum store_result result =
            fixture_place(fixture, rows[i].consumer, rows[i].key, FIXTURE_NOW_US,
                          fixture_request(1, rows[i].quantity), &outcome);
        snprintf(ids[i], sizeof ids[i], "%s", outcome.order.id);
        CHECK_INT(result, rows[i].result);
        CHECK_INT(fixture_stock(1), rows[i].stock);
        if (result != STORE_KEY_REUSED)
            CHECK_TEXT(ids[i], ids[rows[i].replays]);
    }
    fixture_end();
}

/* A key is kept for as long as its caller says. */
static void test_key_expiry(void)
{
    static const struct {
        int line;
        int64_t later_us, kept_us;
        enum store_result result;
    } rows[] = {
        {__LINE__, 0, 10 * MINUTE_US, STORE_OK},
        {__LINE__, 9 * MINUTE_US, 1000 * MINUTE_US, STORE_REPLAYED}, /* which does not prolong it */
        {__LINE__, MINUTE_US, 20 * MINUTE_US, STORE_OK},
        {__LINE__, 19 * MINUTE_US, MINUTE_US, STORE_REPLAYED},
        {__LINE__, MINUTE_US, MINUTE_US, STORE_OK},
    };
    fixture_begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char id[ID_TEXT_SIZE];
        id_make(FIXTURE_NOW_US, id);
        const struct store_placement placement = {
            .consumer = "a",
            .key = "k",
            .id = id,
            .now_us = FIXTURE_NOW_US,
            .key_lifetime_us = rows[i].kept_us,
        };
        CHECK_ROW(rows[i].line);
        fixture_age_keys(rows[i].later_us);
        CHECK_INT(fixture_order_place(fixture, fixture_request(1, 1), &placement, &outcome),
                  rows[i].result);
    }
    fixture_end();
}

/* Every process sends the same keys; returns how many orders it was the one to place. */
static int place_keys(struct store *store, int number)
{
    int placed = 0;
    (void)number;
    for (int i = 0; i < RACE_KEYS; i++) {
        enum store_result result;
        char key[16];
        snprintf(key, sizeof key, "key-%d", i);
        do {
            result =
                fixture_place(store, "c", key, FIXTURE_NOW_US, fixture_request(1, 1), &outcome);
        } while (result == STORE_KEY_IN_FLIGHT);
        if (result != STORE_OK && result != STORE_REPLAYED)
            return 255;
        placed += result == STORE_OK;
    }
    return placed;
}

static void test_key_race(void)
{
    static const struct product many = {1, 1, RACE_STOCK, "Many", ""};
    fixture_begin();
    CHECK_INT(fixture_import(&many, 1), STORE_OK);
    CHECK_INT(fixture_race(RACE_PROCESSES, place_keys), RACE_KEYS);
    CHECK_INT(fixture_stock(1), RACE_STOCK - RACE_KEYS);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"key", test_key},
    {"key expiry", test_key_expiry},
    {"key race", test_key_race},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return fixture_run("unit/store/keys", tests);
}
