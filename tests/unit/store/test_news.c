/* What has changed since a look (store_news), put to every driver. */
#include <stdio.h>

#include "base/clock.h"
#include "base/id.h"
#include "check.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome;
static struct store_cursor cursor;

/* What a look told. */
struct told {
    int64_t sum, count, stop_at; /* of their ids; stop_at: how many it takes, 0 for all */
    bool all;                    /* 0 was told */
};

static bool hear(void *context, int64_t id)
{
    struct told *told = context;
    told->count++;
    told->sum += id;
    told->all = told->all || id == 0;
    return told->count != told->stop_at;
}

static struct told look(struct store_cursor *at)
{
    struct told told = {0};
    CHECK_INT(store_news(fixture, at, hear, &told), STORE_OK);
    return told;
}

/* The one product that has changed since the last look; 0: none, -1: several, or all. */
static int64_t only(void)
{
    struct told told = look(&cursor);
    return told.all || told.count > 1 ? -1 : told.sum;
}

static void begin(void)
{
    fixture_begin();
    cursor = (struct store_cursor){0};
    CHECK_INT(only(), 0);
    CHECK_INT(only(), 0);
}

static enum store_result place(int64_t product, int64_t quantity)
{
    static int64_t now_us = FIXTURE_NOW_US;
    return fixture_place(fixture, "c", NULL, now_us++, fixture_request(product, quantity),
                         &outcome);
}

static enum store_result cancel(void)
{
    const struct store_placement p = {
        .consumer = "c", .id = outcome.order.id, .now_us = FIXTURE_NOW_US};
    return fixture_order_cancel(fixture, &p, &outcome);
}

static enum store_result adjust(int64_t product, int64_t amount)
{
    char id[ID_TEXT_SIZE];
    struct store_adjusted adjusted;
    id_make(clock_now_us(), id);
    const struct store_adjustment a = {.id = id,
                                       .product_id = product,
                                       .amount = amount,
                                       .reason = "",
                                       .run_as = "t",
                                       .now_us = FIXTURE_NOW_US};
    return store_stock_adjust(fixture, &a, &adjusted);
}

static enum store_result retire(int64_t product, bool back)
{
    struct store_retired retired;
    return store_product_retire(fixture, &product, 1, back, &retired);
}

static void test_each_change(void)
{
    static const struct product changed[] = {{2, 5, 5, "Two", ""}}, added[] = {{9, 5, 5, "N", ""}};
    begin();
    CHECK_INT(place(1, 1), STORE_OK);
    CHECK_INT(only(), 1);
    CHECK_INT(only(), 0);
    CHECK_INT(cancel(), STORE_OK);
    CHECK_INT(only(), 1);
    CHECK_INT(adjust(3, -1), STORE_OK);
    CHECK_INT(only(), 3);
    CHECK_INT(fixture_import(changed, 1), STORE_OK);
    CHECK_INT(only(), 2);
    CHECK_INT(fixture_import(added, 1), STORE_OK);
    CHECK_INT(only(), 9);
    CHECK_INT(retire(2, false), STORE_OK);
    CHECK_INT(only(), 2);
    CHECK_INT(retire(2, true), STORE_OK);
    CHECK_INT(only(), 2);
    fixture_end();
}

/* Whoever goes past the calls, such as a person with a shell. */
static void test_by_hand(void)
{
    static const struct {
        int line;
        const char *sql;
        int64_t told;
    } rows[] = {
        {__LINE__, "UPDATE products SET quantity = quantity + 1 WHERE id = 2", 2},
        {__LINE__, "UPDATE products SET price_cents = 1 WHERE id = 3", 3},
        {__LINE__, "UPDATE products SET description = 'd', name = 'n' WHERE id = 1", 1},
        {__LINE__,
         "INSERT INTO products (id, price_cents, quantity, name, description)"
         " VALUES (4, 1, 1, 'n', '')",
         4},
        {__LINE__,
         "DELETE FROM adjustments WHERE product_id = 4; DELETE FROM products WHERE id = 4", 4},
        {__LINE__, "BEGIN; UPDATE products SET quantity = 7; ROLLBACK", 0},
    };
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_TRUE(fixture_driver->sql(fixture_url, rows[i].sql));
        CHECK_INT(only(), rows[i].told);
        CHECK_INT(only(), 0);
    }
    fixture_end();
}

/* A product that changed again and again is told once; several of one order each. */
static void test_once_each(void)
{
    struct order_request *request;
    struct told told;
    begin();
    for (int i = 0; i < 3; i++)
        CHECK_INT(place(1, 1), STORE_OK);
    CHECK_INT(only(), 1);
    request = fixture_request(3, 1);
    order_request_add(request, 2, 1, 1);
    CHECK_INT(fixture_place(fixture, "c", NULL, FIXTURE_NOW_US, request, &outcome), STORE_OK);
    told = look(&cursor);
    CHECK_INT(told.count, 2);
    CHECK_INT(told.sum, 5);
    fixture_end();
}

static int stop_import(void *context, struct product *product)
{
    *product = (struct product){1, 5, 5, "Half", ""};
    return (*(int *)context)++ == 0 ? 1 : -1;
}

static void test_nothing_happened(void)
{
    int given = 0;
    begin();
    CHECK_INT(place(1, 100), STORE_SHORT);
    CHECK_INT(place(99, 1), STORE_UNKNOWN_PRODUCT);
    CHECK_INT(adjust(1, -100), STORE_BEYOND);
    CHECK_INT(fixture_import_into(fixture, false, stop_import, &given), STORE_STOPPED);
    CHECK_INT(fixture_import(fixture_demo, 3), STORE_OK);
    CHECK_INT(retire(1, true), STORE_OK);
    CHECK_INT(only(), 0);
    fixture_end();
}

/* A visitor that stops has been told nothing. */
static void test_stopped(void)
{
    struct told told = {.stop_at = 1};
    begin();
    CHECK_INT(fixture_import((const struct product[]){{1, 5, 5, "A", ""}, {2, 5, 5, "B", ""}}, 2),
              STORE_OK);
    CHECK_INT(store_news(fixture, &cursor, hear, &told), STORE_STOPPED);
    told = look(&cursor);
    CHECK_INT(told.count, 2);
    CHECK_INT(told.sum, 3);
    fixture_end();
}

enum { IMPORTED = 10000 };

static int next_product(void *context, struct product *product)
{
    int *given = context;
    *product = (struct product){1000 + *given, 5, 5, "P", ""};
    return *given < IMPORTED ? (*given)++ >= 0 : 0;
}

/* So many need not be told one by one. */
static void test_many(void)
{
    int given = 0;
    struct told told;
    begin();
    CHECK_INT(fixture_import_into(fixture, false, next_product, &given), STORE_OK);
    told = look(&cursor);
    CHECK_TRUE(told.all);
    CHECK_COMPARE(told.count, <=, STORE_NEWS_MAX + 1);
    CHECK_INT(only(), 0);
    CHECK_INT(place(1, 1), STORE_OK);
    CHECK_INT(only(), 1);
    fixture_end();
}

/* Products 1001 to 1000 + STORE_NEWS_MAX, told one by one. */
static void test_as_many_as_can_be(void)
{
    char sql[100];
    int given = 0;
    struct told told;
    begin();
    CHECK_INT(fixture_import_into(fixture, false, next_product, &given), STORE_OK);
    CHECK_TRUE(look(&cursor).all);
    snprintf(sql, sizeof sql, "UPDATE products SET quantity = 1 WHERE id BETWEEN 1001 AND %d",
             1000 + STORE_NEWS_MAX);
    CHECK_TRUE(fixture_driver->sql(fixture_url, sql));
    told = look(&cursor);
    CHECK_TRUE(!told.all);
    CHECK_INT(told.count, STORE_NEWS_MAX);
    CHECK_INT(told.sum, (int64_t)STORE_NEWS_MAX * (2001 + STORE_NEWS_MAX) / 2);
    fixture_end();
}

/* What a cursor was not told is there for it, until a later one is forgotten. */
static void test_purge(void)
{
    struct store_cursor old, later;
    begin();
    CHECK_INT(place(1, 1), STORE_OK);
    CHECK_INT(only(), 1);
    old = cursor;
    CHECK_INT(place(2, 1), STORE_OK);
    CHECK_INT(place(2, 1), STORE_OK);
    CHECK_INT(only(), 2);
    later = cursor;
    CHECK_INT(place(3, 1), STORE_OK);
    CHECK_INT(store_news_purge(fixture, &old), STORE_OK);
    struct store_cursor copy = old;
    struct told told = look(&copy);
    CHECK_INT(told.count, 2);
    CHECK_INT(told.sum, 5);
    CHECK_INT(store_news_purge(fixture, &later), STORE_OK);
    copy = old;
    CHECK_TRUE(look(&copy).all);
    CHECK_INT(look(&copy).count, 0);
    CHECK_INT(only(), 3);
    CHECK_INT(place(3, 1), STORE_OK);
    CHECK_INT(only(), 3);
    CHECK_INT(store_news_purge(fixture, &cursor), STORE_OK);
    CHECK_INT(place(1, 1), STORE_OK);
    CHECK_INT(only(), 1);
    CHECK_TRUE(look(&later).all);
    fixture_end();
}

/* A cursor that is of no connection, or of another, takes nothing away and is told all. */
static void test_foreign_cursor(void)
{
    struct store_cursor foreign = {0};
    begin();
    CHECK_INT(place(1, 1), STORE_OK);
    CHECK_INT(store_news_purge(fixture, &foreign), STORE_OK);
    foreign = cursor;
    foreign.connection++;
    CHECK_INT(store_news_purge(fixture, &foreign), STORE_OK);
    CHECK_TRUE(look(&foreign).all);
    CHECK_INT(look(&foreign).count, 0);
    CHECK_INT(only(), 1);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"each change", test_each_change},
    {"changes by hand", test_by_hand},
    {"once each", test_once_each},
    {"what is refused or undone", test_nothing_happened},
    {"a visitor that stops", test_stopped},
    {"more than can be told", test_many},
    {"as many as can be told", test_as_many_as_can_be},
    {"what is forgotten", test_purge},
    {"a foreign cursor", test_foreign_cursor},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return fixture_run("unit/store/news", tests);
}
