/* The contract of consumer_rename, put to every driver. */
#include <stdio.h>

#include "check.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

#define DAY_US (INT64_C(86400) * 1000000)

static struct store_outcome outcome;
static struct store_renamed renamed;

/* Places an order of so many of product 1, at a time of its own. */
static enum store_result place(const char *consumer, const char *key, int64_t now_us, int quantity)
{
    return fixture_place(fixture, consumer, key, now_us, fixture_request(1, quantity), &outcome);
}

static enum store_result rename_to(const char *from, const char *to, bool merge)
{
    const struct store_rename rename = {from, to, merge, FIXTURE_NOW_US};
    renamed = (struct store_renamed){-1, -1, -1};
    return store_consumer_rename(fixture, &rename, &renamed);
}

static bool count_order(void *context, const struct order *order)
{
    int *count = context;
    (void)order;
    ++*count;
    return true;
}

/* How many orders a consumer has; -1 if the store failed. */
static int orders_of(const char *consumer)
{
    int count = 0;
    return store_order_list(fixture, &(struct store_order_filter){.consumer = consumer},
                            count_order, &count) == STORE_OK
               ? count
               : -1;
}

static void check_renamed(int orders, int keys, int dropped)
{
    CHECK_INT(renamed.orders, orders);
    CHECK_INT(renamed.keys, keys);
    CHECK_INT(renamed.dropped, dropped);
}

static void test_rename(void)
{
    int64_t now = FIXTURE_NOW_US;
    fixture_begin();
    CHECK_INT(place("old", "k", now, 1), STORE_OK);
    CHECK_INT(place("old", NULL, now + 1000, 1), STORE_OK);
    CHECK_INT(place("other", "k", now + 2000, 1), STORE_OK);
    CHECK_INT(rename_to("old", "new", false), STORE_OK);
    check_renamed(2, 1, 0);
    CHECK_INT(orders_of("old"), 0);
    CHECK_INT(orders_of("new"), 2);
    CHECK_INT(orders_of("other"), 1);
    /* The key goes along: the same order is not placed twice. */
    CHECK_INT(place("new", "k", now + 3000, 1), STORE_REPLAYED);
    CHECK_INT(place("new", "k", now + 3000, 2), STORE_KEY_REUSED);
    CHECK_INT(place("old", "k", now + 4000, 2), STORE_OK);
    CHECK_INT(fixture_stock(1), 10 - 5);
    /* And back, into a name that has orders by now. */
    CHECK_INT(rename_to("new", "old", false), STORE_TAKEN);
    CHECK_INT(orders_of("new"), 2);
    fixture_end();
}

static void test_nothing_to_rename(void)
{
    int64_t now = FIXTURE_NOW_US;
    fixture_begin();
    CHECK_INT(rename_to("old", "new", false), STORE_NOT_FOUND);
    CHECK_INT(rename_to("old", "new", true), STORE_NOT_FOUND);
    CHECK_INT(place("new", "k", now, 1), STORE_OK);
    CHECK_INT(rename_to("old", "new", true), STORE_NOT_FOUND);
    CHECK_INT(rename_to("old", "new", false), STORE_NOT_FOUND);
    CHECK_INT(place("new", "k", now, 1), STORE_REPLAYED);
    fixture_end();
}

/* Orders alone are enough to keep a name, and so are keys; an expired key is nothing. */
static void test_taken(void)
{
    int64_t now = FIXTURE_NOW_US;
    fixture_begin();
    CHECK_INT(place("old", "k", now, 1), STORE_OK);
    CHECK_INT(place("new", NULL, now + 1000, 1), STORE_OK);
    CHECK_INT(rename_to("old", "new", false), STORE_TAKEN);
    CHECK_INT(orders_of("old"), 1);
    CHECK_INT(orders_of("new"), 1);
    CHECK_INT(place("old", "k", now + 2000, 1), STORE_REPLAYED);
    CHECK_INT(rename_to("old", "new", true), STORE_OK);
    check_renamed(1, 1, 0);
    CHECK_INT(orders_of("new"), 2);
    CHECK_INT(place("new", "k", now + 3000, 1), STORE_REPLAYED);
    fixture_end();
}

/* Where both have a key, the new name's stays; what has expired is in nobody's way. */
static void test_keys_that_collide(void)
{
    int64_t now = FIXTURE_NOW_US;
    fixture_begin();
    CHECK_INT(place("new", "late", now, 2), STORE_OK);
    fixture_age_keys(DAY_US / 2);
    CHECK_INT(place("old", "both", now + 1000, 1), STORE_OK);
    CHECK_INT(place("old", "mine", now + 2000, 1), STORE_OK);
    CHECK_INT(place("old", "late", now + 3000, 1), STORE_OK);
    CHECK_INT(place("new", "both", now + 4000, 2), STORE_OK);
    fixture_age_keys(DAY_US / 2);
    CHECK_INT(rename_to("old", "new", true), STORE_OK);
    check_renamed(3, 2, 1);
    CHECK_INT(orders_of("new"), 5);
    CHECK_INT(orders_of("old"), 0);
    CHECK_INT(place("new", "both", now + 5000, 2), STORE_REPLAYED);
    CHECK_INT(place("new", "both", now + 5000, 1), STORE_KEY_REUSED);
    CHECK_INT(place("new", "mine", now + 5000, 1), STORE_REPLAYED);
    CHECK_INT(place("new", "late", now + 5000, 1), STORE_REPLAYED);
    fixture_end();
}

static int rename_or_place(struct store *store, int number)
{
    enum { ORDERS = 20 };
    if (number == 0) {
        const struct store_rename rename = {"old", "new", true, FIXTURE_NOW_US};
        for (int i = 0; i < ORDERS; i++) {
            enum store_result result = store_consumer_rename(store, &rename, &renamed);
            if (result != STORE_OK && result != STORE_NOT_FOUND)
                return 255;
        }
        return 0;
    }
    for (int i = 0; i < ORDERS; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d-%d", number, i);
        enum store_result result = fixture_place(store, number % 2 ? "old" : "new", key,
                                                 FIXTURE_NOW_US + number * INT64_C(1000) + i,
                                                 fixture_request(1, 1), &outcome);
        if (result != STORE_OK)
            return 255;
    }
    return ORDERS;
}

/* Orders come in under both names meanwhile: none fails, and none is lost. */
static void test_rename_under_load(void)
{
    static const struct product many = {1, 1, 1000, "Many", ""};
    fixture_begin();
    CHECK_INT(fixture_import(&many, 1), STORE_OK);
    CHECK_INT(fixture_race(4, rename_or_place), 60);
    enum store_result last = rename_to("old", "new", true);
    CHECK_TRUE(last == STORE_OK || last == STORE_NOT_FOUND);
    CHECK_INT(orders_of("old"), 0);
    CHECK_INT(orders_of("new"), 60);
    CHECK_INT(fixture_stock(1), 1000 - 60);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"rename", test_rename},
    {"nothing to rename", test_nothing_to_rename},
    {"a name that is taken", test_taken},
    {"keys that collide", test_keys_that_collide},
    {"rename under load", test_rename_under_load},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return fixture_run("unit/store/consumer", tests);
}
