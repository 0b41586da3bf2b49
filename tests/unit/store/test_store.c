/* The contract in store.h, put to every driver. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "check.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome, again;
static struct order read_order;

static void test_migrate(void)
{
    int from = -1, to = -1, version;
    fixture_begin_empty();
    CHECK_COMPARE(store_ping(fixture), !=, STORE_OK);
    CHECK_INT(store_migrate(fixture, &from, &to), STORE_OK);
    CHECK_INT(from, 0);
    CHECK_COMPARE(to, >, 0);
    CHECK_INT(store_ping(fixture), STORE_OK);
    version = to;
    CHECK_INT(store_migrate(fixture, &from, &to), STORE_OK);
    CHECK_INT(from, version);
    CHECK_INT(to, version);
    fixture_end();
}

static int migrate_once(struct store *store, int number)
{
    int from = -1, to = -1;
    (void)number;
    if (store_migrate(store, &from, &to) != STORE_OK || store_ping(store) != STORE_OK)
        return 255;
    return from == 0;
}

static void test_migrate_race(void)
{
    fixture_begin_empty();
    CHECK_INT(fixture_race(8, migrate_once), 1);
    CHECK_INT(store_ping(fixture), STORE_OK);
    fixture_end();
}

/* Collects "id:cents:quantity:name:description " of each product, up to stop_at of them. */
struct seen {
    char text[512];
    int count, stop_at;
};

static bool see_product(void *context, const struct product *p)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%lld:%lld:%lld:%s:%s ", (long long)p->id,
             (long long)p->price_cents, (long long)p->quantity, p->name, p->description);
    return ++seen->count != seen->stop_at;
}

static void test_product_get(void)
{
    struct seen seen = {.stop_at = 0}, stopped = {.stop_at = 1};
    fixture_begin();
    CHECK_INT(store_product_get(fixture, 2, see_product, &seen), STORE_OK);
    CHECK_TEXT(seen.text, "2:1999:5:Product 2:Description for product 2 ");
    CHECK_INT(store_product_get(fixture, 4, see_product, &seen), STORE_NOT_FOUND);
    CHECK_INT(seen.count, 1);
    CHECK_INT(store_product_get(fixture, 1, see_product, &stopped), STORE_STOPPED);
    fixture_end();
}

static void test_product_list(void)
{
    static const struct {
        int line;
        int64_t after, limit;
        int stop_at;
        enum store_result result;
        const char *text;
    } rows[] = {
        {__LINE__, 0, 0, 0, STORE_OK,
         "1:1:1:a:x 7:2:2:b:y 9007199254740991:9999999999:1000000000:ü: "},
        {__LINE__, 0, 2, 0, STORE_OK, "1:1:1:a:x 7:2:2:b:y "},
        {__LINE__, 1, 1, 0, STORE_OK, "7:2:2:b:y "},
        {__LINE__, 6, 1, 0, STORE_OK, "7:2:2:b:y "},
        {__LINE__, 9007199254740991, 0, 0, STORE_OK, ""},
        {__LINE__, 0, 0, 1, STORE_STOPPED, "1:1:1:a:x "},
    };
    static const struct product products[] = {
        {PRODUCT_ID_MAX, 9999999999, PRODUCT_QUANTITY_MAX, "ü", ""},
        {7, 2, 2, "b", "y"},
        {1, 1, 1, "a", "x"},
    };
    int from, to;
    fixture_begin_empty();
    CHECK_INT(store_migrate(fixture, &from, &to), STORE_OK);
    CHECK_INT(fixture_import(products, 3), STORE_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct seen seen = {.stop_at = rows[i].stop_at};
        CHECK_INT(store_product_list(fixture, rows[i].after, rows[i].limit, see_product, &seen),
                  rows[i].result);
        CHECK_TEXT(seen.text, rows[i].text);
    }
    fixture_end();
}

static void check_same_order(const struct order *a, const struct order *b)
{
    CHECK_TEXT(a->id, b->id);
    CHECK_INT(a->created_us, b->created_us);
    CHECK_INT(a->total_cents, b->total_cents);
    CHECK_TEXT(a->email, b->email);
    CHECK_TEXT(a->reference, b->reference);
    CHECK_INT(a->count, b->count);
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        CHECK_INT(a->lines[i].product_id, b->lines[i].product_id);
        CHECK_INT(a->lines[i].quantity, b->lines[i].quantity);
        CHECK_INT(a->lines[i].unit_price_cents, b->lines[i].unit_price_cents);
        CHECK_INT(a->lines[i].amount_cents, b->lines[i].amount_cents);
        CHECK_TEXT(a->lines[i].name, b->lines[i].name);
    }
}

static void test_order(void)
{
    struct order_request *request = fixture_request(3, 2);
    int64_t before = clock_now_us();
    order_request_add(request, 1, 4, 1);
    order_request_set_email(request, "ada@example.com");
    order_request_set_reference(request, "ref \"1\"");
    fixture_begin();
    CHECK_INT(fixture_place(fixture, "vpce-1", NULL, clock_now_us(), request, &outcome), STORE_OK);
    CHECK_INT(outcome.order.total_cents, 2 * 2999 + 4 * 999);
    CHECK_COMPARE(outcome.order.created_us, >=, before);
    CHECK_COMPARE(outcome.order.created_us, <=, clock_now_us());
    CHECK_INT(outcome.order.count, 2);
    CHECK_INT(outcome.order.lines[0].product_id, 3);
    CHECK_TEXT(outcome.order.email, "ada@example.com");
    CHECK_INT(fixture_stock(3), 0);
    CHECK_INT(fixture_stock(1), 6);
    CHECK_INT(fixture_stock(2), 5);
    CHECK_INT(store_order_get(fixture, "vpce-1", outcome.order.id, &read_order), STORE_OK);
    check_same_order(&read_order, &outcome.order);
    CHECK_INT(store_order_get(fixture, "vpce-2", outcome.order.id, &read_order), STORE_NOT_FOUND);
    CHECK_INT(store_order_get(fixture, "vpce-1", "no such id", &read_order), STORE_NOT_FOUND);
    fixture_end();
}

static void test_order_refused(void)
{
    struct order_request *request = fixture_request(1, 1);
    order_request_add(request, 9, 1, 1);
    order_request_add(request, 3, 3, 2);
    order_request_add(request, 8, 1, 3);
    fixture_begin();
    CHECK_INT(fixture_place(fixture, "c", "k", FIXTURE_NOW_US, request, &outcome),
              STORE_UNKNOWN_PRODUCT);
    CHECK_INT(outcome.unknown_count, 2);
    CHECK_INT(outcome.unknown[0], 9);
    CHECK_INT(outcome.unknown[1], 8);
    request = fixture_request(3, 3);
    order_request_add(request, 1, 10, 1);
    order_request_add(request, 2, 6, 2);
    CHECK_INT(fixture_place(fixture, "c", "k", FIXTURE_NOW_US, request, &outcome), STORE_SHORT);
    CHECK_INT(outcome.short_count, 2);
    CHECK_INT(outcome.shorts[0].product_id, 3);
    CHECK_INT(outcome.shorts[0].requested, 3);
    CHECK_INT(outcome.shorts[0].available, 2);
    CHECK_INT(outcome.shorts[1].product_id, 2);
    CHECK_INT(fixture_stock(1), 10);
    /* A refusal is not remembered: the key is still free. */
    CHECK_INT(fixture_place(fixture, "c", "k", FIXTURE_NOW_US, fixture_request(1, 1), &outcome),
              STORE_OK);
    fixture_end();
}

static void test_order_100_lines(void)
{
    static struct product products[ORDER_LINES_MAX];
    struct order_request *request = fixture_request(100, 1);
    for (int i = 0; i < ORDER_LINES_MAX; i++)
        products[i] = (struct product){i + 1, i, 1, "P", ""};
    for (int i = ORDER_LINES_MAX - 1; i > 0; i--)
        order_request_add(request, i, 1, 0);
    fixture_begin();
    CHECK_INT(fixture_import(products, ORDER_LINES_MAX), STORE_OK);
    CHECK_INT(fixture_place(fixture, "c", "k", FIXTURE_NOW_US, request, &outcome), STORE_OK);
    CHECK_INT(store_order_get(fixture, "c", outcome.order.id, &read_order), STORE_OK);
    CHECK_INT(read_order.count, ORDER_LINES_MAX);
    CHECK_INT(read_order.total_cents, 99 * 100 / 2);
    check_same_order(&read_order, &outcome.order);
    CHECK_INT(fixture_place(fixture, "c", NULL, FIXTURE_NOW_US, request, &again), STORE_SHORT);
    CHECK_INT(again.short_count, ORDER_LINES_MAX);
    fixture_end();
}

/* The first answer comes back whole, whatever became of the product since. */
static void test_replay_is_first_answer(void)
{
    static const struct product dearer = {1, 5000, 0, "Other", ""};
    fixture_begin();
    CHECK_INT(fixture_place(fixture, "c", "k", FIXTURE_NOW_US, fixture_request(1, 2), &outcome),
              STORE_OK);
    CHECK_INT(fixture_import(&dearer, 1), STORE_OK);
    CHECK_INT(fixture_place(fixture, "c", "k", FIXTURE_NOW_US + 5, fixture_request(1, 2), &again),
              STORE_REPLAYED);
    check_same_order(&again.order, &outcome.order);
    fixture_end();
}

/* The orders that a list is of, in the order in which they were placed. */
enum { LISTED = 5 };
static char listed[LISTED][ID_TEXT_SIZE];

/* Collects which of them each order is, and the product of each line. */
static bool see_order(void *context, const struct order *order)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    int which = 0;
    while (which < LISTED && strcmp(order->id, listed[which]) != 0)
        which++;
    used += (size_t)snprintf(seen->text + used, sizeof seen->text - used, "%d:", which);
    for (size_t i = 0; i < order->count; i++)
        used += (size_t)snprintf(seen->text + used, sizeof seen->text - used, "%lld",
                                 (long long)order->lines[i].product_id);
    snprintf(seen->text + used, sizeof seen->text - used, " ");
    return ++seen->count != seen->stop_at;
}

static void place_listed(void)
{
    for (int i = 0; i < LISTED; i++) {
        struct order_request *request = fixture_request(1, 1);
        if (i % 2 == 0)
            order_request_add(request, 2, 1, 1);
        if (i != 2)
            order_request_set_reference(request, "PO 1");
        CHECK_INT(fixture_place(fixture, i == 1 ? "b" : "a", NULL,
                                FIXTURE_NOW_US + (int64_t)i * 1000000, request, &outcome),
                  STORE_OK);
        snprintf(listed[i], sizeof listed[i], "%s", outcome.order.id);
    }
}

static void test_order_list(void)
{
    static const struct {
        int line;
        struct store_order_filter filter;
        int stop_at;
        enum store_result result;
        const char *text;
    } rows[] = {
        {__LINE__, {"a", NULL, NULL, 0}, 0, STORE_OK, "4:12 3:1 2:12 0:12 "},
        {__LINE__, {"a", NULL, NULL, 2}, 0, STORE_OK, "4:12 3:1 "},
        {__LINE__, {"a", NULL, listed[3], 1}, 0, STORE_OK, "2:12 "},
        {__LINE__, {"a", NULL, listed[3], 9}, 0, STORE_OK, "2:12 0:12 "},
        {__LINE__, {"a", NULL, listed[0], 0}, 0, STORE_OK, ""},
        {__LINE__, {"b", NULL, NULL, 0}, 0, STORE_OK, "1:1 "},
        {__LINE__, {"c", NULL, NULL, 0}, 0, STORE_OK, ""},
        {__LINE__, {"a", NULL, NULL, 0}, 2, STORE_STOPPED, "4:12 3:1 "},
        {__LINE__, {"a", "PO 1", NULL, 0}, 0, STORE_OK, "4:12 3:1 0:12 "},
        {__LINE__, {"a", "PO 1", NULL, 2}, 0, STORE_OK, "4:12 3:1 "},
        {__LINE__, {"a", "PO 1", listed[3], 2}, 0, STORE_OK, "0:12 "},
        {__LINE__, {"a", "PO 1", NULL, 0}, 1, STORE_STOPPED, "4:12 "},
        {__LINE__, {"b", "PO 1", NULL, 0}, 0, STORE_OK, "1:1 "},
        {__LINE__, {"c", "PO 1", NULL, 0}, 0, STORE_OK, ""},
        {__LINE__, {"a", "PO", NULL, 0}, 0, STORE_OK, ""},
        {__LINE__, {"a", "po 1", NULL, 0}, 0, STORE_OK, ""},
        {__LINE__, {"a", "PO _", NULL, 0}, 0, STORE_OK, ""},
    };
    fixture_begin();
    place_listed();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct seen seen = {.stop_at = rows[i].stop_at};
        CHECK_INT(store_order_list(fixture, &rows[i].filter, see_order, &seen), rows[i].result);
        CHECK_TEXT(seen.text, rows[i].text);
    }
    fixture_end();
}

/* A stopped visit leaves nothing behind that would keep others, or this handle, from writing. */
static void test_stopped_leaves_nothing(void)
{
    struct seen seen = {.stop_at = 1};
    fixture_begin();
    struct store *other = fixture_open();
    CHECK_INT(store_product_list(fixture, 0, 0, see_product, &seen), STORE_STOPPED);
    CHECK_INT(fixture_place(other, "c", NULL, FIXTURE_NOW_US, fixture_request(1, 1), &outcome),
              STORE_OK);
    CHECK_INT(fixture_stock(1), 9);
    CHECK_INT(fixture_place(fixture, "c", NULL, FIXTURE_NOW_US, fixture_request(1, 1), &outcome),
              STORE_OK);
    store_close(other);
    fixture_end();
}

enum { RACE_PROCESSES = 8, RACE_STOCK = 100 };

/* Buys one at a time until there is no more; returns how many it got. */
static int buy_all(struct store *store, int number)
{
    int got = 0;
    while (got <= RACE_STOCK) {
        enum store_result result = fixture_place(store, number % 2 ? "a" : "b", NULL,
                                                 FIXTURE_NOW_US, fixture_request(1, 1), &outcome);
        if (result == STORE_SHORT && outcome.shorts[0].available == 0)
            return got;
        if (result != STORE_OK)
            return 255;
        got++;
    }
    return 255;
}

static void test_scarce_product_race(void)
{
    static const struct product scarce = {1, 1, RACE_STOCK, "Scarce", ""};
    int64_t sold = 0;
    fixture_begin();
    CHECK_INT(fixture_import(&scarce, 1), STORE_OK);
    CHECK_INT(fixture_race(RACE_PROCESSES, buy_all), RACE_STOCK);
    CHECK_INT(fixture_stock(1), 0);
    CHECK_INT(store_order_list(fixture, &(struct store_order_filter){.consumer = "a"},
                               fixture_add_sold, &sold),
              STORE_OK);
    CHECK_INT(store_order_list(fixture, &(struct store_order_filter){.consumer = "b"},
                               fixture_add_sold, &sold),
              STORE_OK);
    CHECK_INT(sold, RACE_STOCK);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"migrate", test_migrate},
    {"migrate race", test_migrate_race},
    {"product get", test_product_get},
    {"product list", test_product_list},
    {"order", test_order},
    {"order refused", test_order_refused},
    {"order of 100 lines", test_order_100_lines},
    {"replay is the first answer", test_replay_is_first_answer},
    {"order list", test_order_list},
    {"stopped leaves nothing", test_stopped_leaves_nothing},
    {"scarce product race", test_scarce_product_race},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return fixture_run("unit/store/store", tests);
}
