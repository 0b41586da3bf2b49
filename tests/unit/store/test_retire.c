/* Products that are taken out of sale and brought back, put to every driver. */

#include "base/clock.h"
#include "check.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome;
static struct store_retired retired;

static enum store_result retire(int64_t id, bool back)
{
    return store_product_retire(fixture, &id, 1, back, &retired);
}

/* The ids of the products that are listed, in one number. */
static bool add_id(void *context, const struct product *product)
{
    *(int64_t *)context = *(int64_t *)context * 10 + product->id;
    return true;
}

static int64_t listed(int64_t after, int64_t limit)
{
    int64_t ids = 0;
    CHECK_INT(store_product_list(fixture, after, limit, add_id, &ids), STORE_OK);
    return ids;
}

static enum store_result place(int64_t product, int64_t quantity)
{
    static int64_t now_us = FIXTURE_NOW_US;
    return fixture_place(fixture, "c", NULL, now_us++, fixture_request(product, quantity),
                         &outcome);
}

static void test_gone_and_back(void)
{
    int64_t quantity = -1;
    fixture_begin();
    CHECK_INT(place(2, 1), STORE_OK);
    CHECK_INT(retire(2, false), STORE_OK);
    CHECK_INT(retired.changed, 1);
    CHECK_INT(listed(0, 0), 13);
    CHECK_INT(listed(0, 2), 13);
    CHECK_INT(listed(1, 1), 3);
    CHECK_INT(store_product_get(fixture, 2, fixture_see_quantity, &quantity), STORE_NOT_FOUND);
    CHECK_INT(place(2, 1), STORE_UNKNOWN_PRODUCT);
    CHECK_INT(outcome.unknown_count, 1);
    CHECK_INT(outcome.unknown[0], 2);
    /* Not for want of stock either. */
    CHECK_INT(place(2, 100), STORE_UNKNOWN_PRODUCT);
    CHECK_INT(retire(2, false), STORE_OK);
    CHECK_INT(retired.changed, 0);
    CHECK_INT(retire(2, true), STORE_OK);
    CHECK_INT(retired.changed, 1);
    CHECK_INT(listed(0, 0), 123);
    CHECK_INT(fixture_stock(2), 4);
    CHECK_INT(place(2, 4), STORE_OK);
    fixture_end();
}

/* An order keeps its lines, and its replay its answer. */
static void test_old_orders_stay(void)
{
    static struct order order;
    static struct store_outcome again;
    fixture_begin();
    CHECK_INT(fixture_place(fixture, "c", "k", FIXTURE_NOW_US, fixture_request(2, 3), &outcome),
              STORE_OK);
    CHECK_INT(retire(2, false), STORE_OK);
    CHECK_INT(store_order_get(fixture, "c", outcome.order.id, &order), STORE_OK);
    CHECK_INT(order.count, 1);
    CHECK_TEXT(order.lines[0].name, "Product 2");
    CHECK_INT(fixture_place(fixture, "c", "k", FIXTURE_NOW_US, fixture_request(2, 3), &again),
              STORE_REPLAYED);
    CHECK_TEXT(again.order.id, outcome.order.id);
    fixture_end();
}

/* Of an order that names one that is there, one that is short and one that is retired, the last is
 * what is wrong. */
static void test_among_others(void)
{
    struct order_request *request;
    fixture_begin();
    CHECK_INT(retire(2, false), STORE_OK);
    request = fixture_request(1, 1);
    order_request_add(request, 3, 100, 1);
    order_request_add(request, 2, 1, 2);
    order_request_add(request, 9, 1, 3);
    CHECK_INT(fixture_place(fixture, "c", NULL, FIXTURE_NOW_US, request, &outcome),
              STORE_UNKNOWN_PRODUCT);
    CHECK_INT(outcome.unknown_count, 2);
    CHECK_INT(outcome.unknown[0], 2);
    CHECK_INT(outcome.unknown[1], 9);
    CHECK_INT(fixture_stock(1), 10);
    fixture_end();
}

static void test_several(void)
{
    static const int64_t ids[] = {3, 1, 3}, unknown[] = {1, 9, 8};
    static int64_t many[STORE_RETIRE_MAX];
    fixture_begin();
    CHECK_INT(store_product_retire(fixture, unknown, 3, false, &retired), STORE_NOT_FOUND);
    CHECK_INT(retired.missing, 8);
    CHECK_INT(listed(0, 0), 123);
    CHECK_INT(store_product_retire(fixture, ids, 3, false, &retired), STORE_OK);
    CHECK_INT(retired.changed, 2);
    CHECK_INT(listed(0, 0), 2);
    CHECK_INT(store_product_retire(fixture, ids, 2, true, &retired), STORE_OK);
    CHECK_INT(listed(0, 0), 123);
    for (int i = 0; i < STORE_RETIRE_MAX; i++)
        many[i] = PRODUCT_ID_MAX;
    many[STORE_RETIRE_MAX - 1] = 1;
    CHECK_INT(store_product_retire(fixture, many, STORE_RETIRE_MAX, false, &retired),
              STORE_NOT_FOUND);
    CHECK_INT(retired.missing, PRODUCT_ID_MAX);
    fixture_end();
}

struct given {
    struct fixture_products products;
    int64_t told;
};

static int next(void *context, struct product *product)
{
    return fixture_next(&((struct given *)context)->products, product);
}

static void tell(void *context, enum store_verdict verdict, const struct product *was,
                 const struct product *would_be)
{
    (void)was;
    ((struct given *)context)->told = (int64_t)verdict * 100 + would_be->id;
}

/* An import that names it is refused: whoever wrote the file did not know. */
static void test_import_is_refused(void)
{
    static const struct product file[] = {
        {1, 5, PRODUCT_NOT_GIVEN, NULL, NULL},
        {2, 5, 7, "Two", ""},
        {3, 5, PRODUCT_NOT_GIVEN, NULL, NULL},
    };
    static const enum store_quantity quantities[] = {STORE_QUANTITY_REFUSE, STORE_QUANTITY_SET,
                                                     STORE_QUANTITY_KEEP};
    struct store_imported imported;
    fixture_begin();
    CHECK_INT(retire(2, false), STORE_OK);
    for (size_t i = 0; i < sizeof quantities / sizeof quantities[0]; i++) {
        CHECK_OF("quantity %zu", i);
        struct given given = {.products = {file, 3, 0, 0}};
        const struct store_import import = {
            .next = next, .tell = tell, .context = &given, .quantity = quantities[i]};
        CHECK_INT(store_product_import(fixture, &import, &imported), STORE_REFUSED);
        CHECK_INT(imported.counts[STORE_RETIRED], 1);
        CHECK_INT(given.told, STORE_RETIRED * 100 + 2);
    }
    CHECK_INT(retire(2, true), STORE_OK);
    CHECK_INT(fixture_stock(2), 5);
    fixture_end();
}

/* An import into an empty store only finds that it is none. */
static void test_retired_is_not_empty(void)
{
    static const int64_t all[] = {1, 2, 3};
    struct fixture_products given = {fixture_demo, 3, 0, 0};
    fixture_begin();
    CHECK_INT(store_product_retire(fixture, all, 3, false, &retired), STORE_OK);
    CHECK_INT(listed(0, 0), 0);
    CHECK_INT(fixture_import_into(fixture, true, fixture_next, &given), STORE_NOT_EMPTY);
    fixture_end();
}

enum { BUYERS = 5, ROUNDS = 40 };

/* One takes a product out and brings it back, again and again; the others buy it and another, each
 * until it has bought once at least: in the end the products are for sale. */
static int buy_or_retire(struct store *store, int number)
{
    static const int64_t ids[] = {2, 1};
    const int64_t until_us = clock_monotonic_us() + FIXTURE_TIMEOUT_MS * INT64_C(1000);
    int bought = 0;
    for (int n = 0; n < ROUNDS || (number && !bought && clock_monotonic_us() < until_us); n++) {
        struct order_request *request = fixture_request(1, 1);
        order_request_add(request, 2, 1, 1);
        enum store_result result =
            number == 0 ? store_product_retire(store, ids, 2, n % 2, &retired)
                        : fixture_place(store, "c", NULL, FIXTURE_NOW_US + n, request, &outcome);
        if (result != STORE_OK && result != STORE_UNKNOWN_PRODUCT)
            return 255;
        bought += number && result == STORE_OK;
    }
    return bought;
}

static void test_race(void)
{
    static const struct product many[] = {{1, 1, 1000, "P", ""}, {2, 1, 1000, "Q", ""}};
    fixture_begin();
    CHECK_INT(fixture_import(many, 2), STORE_OK);
    int bought = fixture_race(BUYERS, buy_or_retire);
    CHECK_COMPARE(bought, >=, BUYERS - 1);
    CHECK_INT(fixture_stock(1), 1000 - bought);
    CHECK_INT(fixture_stock(2), 1000 - bought);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"gone, and back", test_gone_and_back},
    {"old orders stay", test_old_orders_stay},
    {"among others", test_among_others},
    {"several at once", test_several},
    {"an import is refused", test_import_is_refused},
    {"a store of retired products is not empty", test_retired_is_not_empty},
    {"retired while they are bought", test_race},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return fixture_run("unit/store/retire", tests);
}
