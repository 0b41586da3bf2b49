/* Stock and its ledger, put to every driver: whatever changes a stock, the ledger accounts for it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "check.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome;
static struct store_adjusted adjusted;

static enum store_result adjust_as(struct store *store, const char *id, int64_t product, bool set,
                                   int64_t amount)
{
    const struct store_adjustment a = {.id = id,
                                       .product_id = product,
                                       .set = set,
                                       .amount = amount,
                                       .reason = "counted, it is",
                                       .run_as = "ann",
                                       .now_us = FIXTURE_NOW_US + 5};
    adjusted = (struct store_adjusted){-1, -1};
    return store_stock_adjust(store, &a, &adjusted);
}

static enum store_result adjust(int64_t product, bool set, int64_t amount)
{
    char id[ID_TEXT_SIZE];
    id_make(FIXTURE_NOW_US, id);
    return adjust_as(fixture, id, product, set, amount);
}

struct seen {
    int64_t products, wrong;
    struct store_stock last;
};

static bool see_stock(void *context, const struct store_stock *stock)
{
    struct seen *seen = context;
    CHECK_COMPARE(stock->product_id, >, seen->last.product_id);
    seen->products++;
    seen->wrong += store_stock_sum(stock) != stock->quantity;
    seen->last = *stock;
    return true;
}

static void check_books(int64_t wrong)
{
    struct seen seen = {0};
    CHECK_INT(store_stock_list(fixture, 0, see_stock, &seen), STORE_OK);
    CHECK_INT(seen.products, 3);
    CHECK_INT(seen.wrong, wrong);
}

static void check_product(int64_t product, int64_t quantity, int64_t sum, int64_t sold,
                          int64_t cancelled)
{
    struct seen seen = {0};
    CHECK_INT(store_stock_list(fixture, product, see_stock, &seen), STORE_OK);
    CHECK_INT(seen.products, 1);
    CHECK_INT(seen.last.product_id, product);
    CHECK_INT(seen.last.quantity, quantity);
    CHECK_INT(seen.last.adjusted, sum);
    CHECK_INT(seen.last.sold, sold);
    CHECK_INT(seen.last.cancelled, cancelled);
}

static void test_adjust(void)
{
    static const struct {
        int line;
        int64_t product;
        bool set;
        int64_t amount;
        enum store_result result;
        int64_t change, quantity;
    } rows[] = {
        {__LINE__, 1, false, 5, STORE_OK, 5, 15},
        {__LINE__, 1, false, -15, STORE_OK, -15, 0},
        {__LINE__, 1, false, -1, STORE_BEYOND, 0, 0},
        {__LINE__, 1, true, 7, STORE_OK, 7, 7},
        {__LINE__, 1, true, 7, STORE_OK, 0, 7}, /* counted, and found right */
        {__LINE__, 1, true, 0, STORE_OK, -7, 0},
        {__LINE__, 1, true, -1, STORE_BEYOND, 0, 0},
        {__LINE__, 1, true, PRODUCT_QUANTITY_MAX, STORE_OK, PRODUCT_QUANTITY_MAX,
         PRODUCT_QUANTITY_MAX},
        {__LINE__, 1, false, 1, STORE_BEYOND, 0, PRODUCT_QUANTITY_MAX},
        {__LINE__, 9, false, 1, STORE_NOT_FOUND, -1, -1},
    };
    fixture_begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        enum store_result result = adjust(rows[i].product, rows[i].set, rows[i].amount);
        CHECK_INT(result, rows[i].result);
        CHECK_INT(adjusted.change, rows[i].change);
        CHECK_INT(adjusted.quantity, rows[i].quantity);
        if (result != STORE_NOT_FOUND)
            CHECK_INT(fixture_stock(1), rows[i].quantity);
        check_books(0);
    }
    fixture_end();
}

/* What is cancelled goes back into stock even above the most that an adjustment may reach. From
 * there the stock may fall, and not rise. */
static void test_above_most(void)
{
    static const struct {
        int line;
        bool set;
        int64_t amount;
        enum store_result result;
        int64_t change, quantity;
    } rows[] = {
        {__LINE__, false, 1, STORE_BEYOND, 0, PRODUCT_QUANTITY_MAX + 3},
        {__LINE__, false, -1, STORE_OK, -1, PRODUCT_QUANTITY_MAX + 2},
        {__LINE__, true, PRODUCT_QUANTITY_MAX, STORE_OK, -2, PRODUCT_QUANTITY_MAX},
        {__LINE__, false, 1, STORE_BEYOND, 0, PRODUCT_QUANTITY_MAX},
    };
    fixture_begin();
    CHECK_INT(fixture_place(fixture, "c", NULL, FIXTURE_NOW_US, fixture_request(1, 3), &outcome),
              STORE_OK);
    CHECK_INT(adjust(1, true, PRODUCT_QUANTITY_MAX), STORE_OK);
    const struct store_placement p = {
        .consumer = "c", .id = outcome.order.id, .now_us = FIXTURE_NOW_US + 1};
    CHECK_INT(fixture_order_cancel(fixture, &p, &outcome), STORE_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(adjust(1, rows[i].set, rows[i].amount), rows[i].result);
        CHECK_INT(adjusted.change, rows[i].change);
        CHECK_INT(adjusted.quantity, rows[i].quantity);
        CHECK_INT(fixture_stock(1), rows[i].quantity);
        check_books(0);
    }
    fixture_end();
}

/* One that may have been made is tried anew, by its id. */
static void test_again(void)
{
    static const char id[] = "018f0000-0000-7000-8000-000000000001";
    fixture_begin();
    for (int i = 0; i < 3; i++) {
        CHECK_INT(adjust_as(fixture, id, 1, false, -4), STORE_OK);
        CHECK_INT(adjusted.change, -4);
        CHECK_INT(adjusted.quantity, 6);
    }
    CHECK_INT(fixture_stock(1), 6);
    check_books(0);
    fixture_end();
}

/* Orders, cancellations, imports and adjustments, and the stock after each is accounted for. */
static void test_books(void)
{
    static const struct product more[] = {{1, 999, 40, "Product 1", ""},
                                          {2, 2999, 5, "Renamed", ""}};
    fixture_begin();
    check_product(1, 10, 10, 0, 0);
    CHECK_INT(fixture_place(fixture, "c", NULL, FIXTURE_NOW_US, fixture_request(1, 3), &outcome),
              STORE_OK);
    check_product(1, 7, 10, 3, 0);
    CHECK_INT(
        fixture_place(fixture, "c", NULL, FIXTURE_NOW_US + 1000, fixture_request(1, 2), &outcome),
        STORE_OK);
    const struct store_placement p = {
        .consumer = "c", .id = outcome.order.id, .now_us = FIXTURE_NOW_US + 2000};
    CHECK_INT(fixture_order_cancel(fixture, &p, &outcome), STORE_OK);
    check_product(1, 7, 10, 5, 2);
    CHECK_INT(adjust(1, false, 1), STORE_OK);
    check_product(1, 8, 11, 5, 2);
    CHECK_INT(fixture_import(more, 2), STORE_OK);
    check_product(1, 40, 43, 5, 2);
    check_product(2, 5, 5, 0, 0);
    check_books(0);
    struct seen seen = {0};
    CHECK_INT(store_stock_list(fixture, 9, see_stock, &seen), STORE_NOT_FOUND);
    fixture_end();
}

/* Whatever goes past the ledger is seen. */
static void test_wrong(void)
{
    static const char *const wrongs[] = {
        "UPDATE products SET quantity = quantity + 1 WHERE id = 2",
        "UPDATE order_lines SET quantity = quantity + 1 WHERE product_id = 1",
        "UPDATE orders SET cancelled_us = 1",
        "DELETE FROM adjustments WHERE product_id = 3",
    };
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        CHECK_OF("%s", wrongs[i]);
        fixture_begin();
        CHECK_INT(
            fixture_place(fixture, "c", NULL, FIXTURE_NOW_US, fixture_request(1, 3), &outcome),
            STORE_OK);
        check_books(0);
        CHECK_TRUE(fixture_driver->sql(fixture_url, wrongs[i]));
        check_books(1);
        fixture_end();
    }
}

/* What the entries of a ledger said, one after the other. */
struct said {
    char text[512];
    int64_t sum, quantity;
};

static bool hear_entry(void *context, const struct store_entry *entry)
{
    static const char *const kinds[] = {"adjusted", "sold", "cancelled"};
    struct said *said = context;
    size_t used = strlen(said->text);
    snprintf(said->text + used, sizeof said->text - used, "%s %" PRId64 " %s; ", kinds[entry->kind],
             entry->change, entry->reason);
    CHECK_COMPARE(entry->at_us, >, 0);
    CHECK_TRUE(*entry->id);
    if (strcmp(entry->reason, "counted, it is") == 0)
        CHECK_TEXT(entry->who, "ann");
    if (entry->kind != STORE_ENTRY_ADJUSTMENT)
        CHECK_TEXT(entry->who, "c");
    said->sum += entry->change;
    said->quantity = entry->quantity;
    return true;
}

static bool hear_no_more(void *context, const struct store_entry *entry)
{
    (void)entry;
    return --*(int *)context > 0;
}

static void test_entries(void)
{
    static const struct product counted = {1, 999, 20, "Product 1", ""};
    struct said said = {.text = ""};
    int left = 2;
    fixture_begin();
    CHECK_INT(fixture_place(fixture, "c", NULL, FIXTURE_NOW_US, fixture_request(1, 3), &outcome),
              STORE_OK);
    /* Of the same microsecond, the sale comes first. */
    const struct store_placement p = {
        .consumer = "c", .id = outcome.order.id, .now_us = FIXTURE_NOW_US};
    CHECK_INT(fixture_order_cancel(fixture, &p, &outcome), STORE_OK);
    CHECK_INT(adjust(1, false, -4), STORE_OK);
    CHECK_INT(fixture_import(&counted, 1), STORE_OK);
    CHECK_INT(store_stock_entries(fixture, 1, hear_entry, &said), STORE_OK);
    CHECK_CONTAINS(said.text, "adjusted 10 opening; ");
    CHECK_CONTAINS(said.text, "sold -3 ; cancelled 3 ; ");
    CHECK_CONTAINS(said.text, "adjusted -4 counted, it is; ");
    CHECK_CONTAINS(said.text, "adjusted 14 import; ");
    CHECK_INT(said.sum, 20);
    CHECK_INT(said.quantity, 20);
    CHECK_INT(store_stock_entries(fixture, 9, hear_entry, &said), STORE_NOT_FOUND);
    CHECK_INT(store_stock_entries(fixture, 1, hear_no_more, &left), STORE_STOPPED);
    CHECK_INT(store_ping(fixture), STORE_OK);
    fixture_end();
}

enum { RACE_PROCESSES = 6, RACE_EACH = 20 };

/* Takes and gives at the same time as the others. */
static int change(struct store *store, int number)
{
    int taken = 0;
    for (int i = 0; i < RACE_EACH; i++) {
        char id[ID_TEXT_SIZE];
        id_make(FIXTURE_NOW_US, id);
        enum store_result result = adjust_as(store, id, 1, false, number % 2 ? 1 : -1);
        if (result != STORE_OK && result != STORE_BEYOND)
            return 255;
        taken += number % 2 == 0 && result == STORE_OK;
        if (fixture_place(store, "c", NULL, FIXTURE_NOW_US, fixture_request(1, 1), &outcome) ==
            STORE_OK)
            taken++;
    }
    return taken;
}

static void test_race(void)
{
    fixture_begin();
    int taken = fixture_race(RACE_PROCESSES, change);
    CHECK_COMPARE(taken, >, 10);
    CHECK_INT(fixture_stock(1), 10 + RACE_PROCESSES / 2 * RACE_EACH - taken);
    check_books(0);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"adjust", test_adjust}, {"above the most", test_above_most},
    {"again", test_again},   {"books", test_books},
    {"wrong", test_wrong},   {"entries", test_entries},
    {"race", test_race},     CU_TEST_INFO_NULL,
};

int main(void)
{
    return fixture_run("unit/store/stock", tests);
}
