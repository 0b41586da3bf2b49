/* Groups of changes (store_changes_make), put to every driver: they end as if made one by one. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "check.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

enum { GROUP_MAX = 64 };

/* The changes of a test, in the order in which they are made. */
static struct order_request requests[GROUP_MAX];
static struct store_placement placements[GROUP_MAX];
static struct store_outcome outcomes[GROUP_MAX];
static struct store_change changes[GROUP_MAX];
static char ids[GROUP_MAX][ID_TEXT_SIZE];
static size_t count;

static struct order read_order;

static void add(const char *key, int64_t product, int64_t quantity)
{
    id_make(FIXTURE_NOW_US + (int64_t)count, ids[count]);
    requests[count] = *fixture_request(product, quantity);
    placements[count] = (struct store_placement){.consumer = "c",
                                                 .key = key,
                                                 .id = ids[count],
                                                 .now_us = FIXTURE_NOW_US,
                                                 .key_lifetime_us = ORDER_KEY_LIFETIME_US};
    changes[count] = (struct store_change){STORE_USE_ORDER,  &requests[count], &placements[count],
                                           &outcomes[count], STORE_RESULT_MAX, NULL};
    count++;
}

static int64_t sold(void)
{
    int64_t sum = 0;
    CHECK_INT(store_order_list(fixture, &(struct store_order_filter){.consumer = "c"},
                               fixture_add_sold, &sum),
              STORE_OK);
    return sum;
}

/* Each row is a change; the stock is 10, 5 and 2. replays is the row whose order comes back. */
static const struct {
    int line;
    const char *key;
    int64_t product, quantity;
    enum store_result result;
    int replays;
} rows[] = {
    {__LINE__, NULL, 1, 6, STORE_OK, 0},
    {__LINE__, "k", 1, 5, STORE_SHORT, -1},   /* the one before has left 4 */
    {__LINE__, "k", 1, 2, STORE_OK, 2},       /* a refusal is not remembered */
    {__LINE__, "k", 1, 2, STORE_REPLAYED, 2}, /* the same key in the same group */
    {__LINE__, "k", 1, 1, STORE_KEY_REUSED, -1},
    {__LINE__, NULL, 9, 1, STORE_UNKNOWN_PRODUCT, -1},
    {__LINE__, "l", 3, 2, STORE_OK, 6},
    {__LINE__, "m", 3, 1, STORE_SHORT, -1},
    {__LINE__, NULL, 1, 2, STORE_OK, 8},
    {__LINE__, "k", 1, 2, STORE_REPLAYED, 2},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static void check_row(size_t i)
{
    const struct store_outcome *outcome = &outcomes[i];
    CHECK_ROW(rows[i].line);
    CHECK_INT(changes[i].result, rows[i].result, "%s", store_result_names[changes[i].result]);
    if (rows[i].replays < 0)
        return;
    CHECK_TEXT(outcome->order.id, ids[rows[i].replays]);
    CHECK_INT(store_order_get(fixture, "c", outcome->order.id, &read_order), STORE_OK);
    CHECK_INT(read_order.lines[0].quantity, rows[i].quantity);
    CHECK_INT(outcome->order.lines[0].quantity, rows[i].quantity);
    CHECK_TEXT(outcome->order.lines[0].name, read_order.lines[0].name);
}

/* As one group, and one by one: the same comes out. */
static void test_as_one_by_one(void)
{
    for (int grouped = 0; grouped < 2; grouped++) {
        CHECK_OF("%s", grouped ? "grouped" : "one by one");
        fixture_begin();
        count = 0;
        for (size_t i = 0; i < ROWS; i++)
            add(rows[i].key, rows[i].product, rows[i].quantity);
        for (size_t i = 0; i < ROWS && !grouped; i++)
            CHECK_INT(store_changes_make(fixture, &changes[i], 1), STORE_OK);
        if (grouped)
            CHECK_INT(store_changes_make(fixture, changes, count), STORE_OK);
        for (size_t i = 0; i < ROWS; i++)
            check_row(i);
        CHECK_INT(outcomes[1].shorts[0].available, 4);
        CHECK_INT(outcomes[5].unknown[0], 9);
        CHECK_INT(fixture_stock(1), 0);
        CHECK_INT(fixture_stock(3), 0);
        CHECK_INT(sold(), 12);
        fixture_end();
    }
}

/* Nothing is to be committed. */
static void test_all_refused(void)
{
    fixture_begin();
    count = 0;
    for (int i = 0; i < 3; i++)
        add("k", 1, 11);
    CHECK_INT(store_changes_make(fixture, changes, count), STORE_OK);
    for (size_t i = 0; i < count; i++) {
        CHECK_INT(changes[i].result, STORE_SHORT);
        CHECK_INT(outcomes[i].shorts[0].available, 10);
    }
    CHECK_INT(sold(), 0);
    fixture_end();
}

/* What the database itself refuses is one change's failure: here an id that is there already. */
static void test_one_is_faulty(void)
{
    fixture_begin();
    count = 0;
    for (int i = 0; i < 5; i++)
        add(NULL, 1, 1);
    placements[3].id = ids[1];
    CHECK_INT(store_changes_make(fixture, changes, count), STORE_OK);
    for (size_t i = 0; i < count; i++)
        CHECK_INT(changes[i].result, i == 3 ? STORE_FAULT : STORE_OK, "change %zu", i);
    CHECK_INT(fixture_stock(1), 6);
    CHECK_INT(sold(), 4);
    CHECK_INT(store_ping(fixture), STORE_OK);
    fixture_end();
}

/* Changes of which an earlier call may have made some: each is there once, and comes back whole. */
static void test_again(void)
{
    static const struct {
        int line;
        const char *key;
        int64_t quantity;
        bool before;
    } again[] = {
        {__LINE__, NULL, 4, true},
        {__LINE__, "k", 4, true},
        {__LINE__, NULL, 1, false},
        {__LINE__, "l", 1, false},
        {__LINE__, NULL, 1, false} /* of which there is no more */
    };
    fixture_begin();
    count = 0;
    for (size_t i = 0; i < 5; i++) {
        add(again[i].key, 1, again[i].quantity);
        if (again[i].before)
            CHECK_INT(store_changes_make(fixture, &changes[i], 1), STORE_OK);
        changes[i].result = STORE_RESULT_MAX;
        placements[i].again = true;
        memset(&outcomes[i], 0, sizeof outcomes[i]);
    }
    CHECK_INT(store_changes_make(fixture, changes, count), STORE_OK);
    for (size_t i = 0; i < 5; i++) {
        CHECK_ROW(again[i].line);
        CHECK_INT(changes[i].result, i == 4 ? STORE_SHORT : STORE_OK);
        if (i < 4)
            CHECK_TEXT(outcomes[i].order.id, ids[i]);
    }
    CHECK_INT(fixture_stock(1), 0);
    CHECK_INT(sold(), 10);
    fixture_end();
}

/* A single order that is placed again, too. */
static void test_again_alone(void)
{
    fixture_begin();
    for (int i = 0; i < 2; i++) {
        count = 0;
        add("k", 3, 2);
        snprintf(ids[0], sizeof ids[0], "0198b6f0-0000-7000-8000-000000000001");
        placements[0].again = i > 0;
        CHECK_INT(fixture_order_place(fixture, &requests[0], &placements[0], &outcomes[0]),
                  STORE_OK);
    }
    CHECK_INT(fixture_stock(3), 0);
    fixture_end();
}

static void test_full_group(void)
{
    static const struct product many = {1, 1, 1000, "Many", ""};
    fixture_begin();
    CHECK_INT(fixture_import(&many, 1), STORE_OK);
    count = 0;
    for (int i = 0; i < GROUP_MAX; i++)
        add(NULL, 1, 2);
    CHECK_INT(store_changes_make(fixture, changes, count), STORE_OK);
    for (int i = 0; i < GROUP_MAX; i++)
        CHECK_INT(changes[i].result, STORE_OK);
    CHECK_INT(fixture_stock(1), 1000 - 2 * GROUP_MAX);
    CHECK_INT(sold(), 2 * GROUP_MAX);
    fixture_end();
}

enum { RACE_PROCESSES = 6, RACE_GROUP = 8, RACE_STOCK = 100 };

/* Buys in groups, of two products in either order, until there is no more. */
static int buy_in_groups(struct store *store, int number)
{
    int got = 0;
    for (bool more = true; more && got <= RACE_STOCK;) {
        count = 0;
        for (int i = 0; i < RACE_GROUP; i++) {
            add(NULL, number % 2 ? 1 : 2, 1);
            order_request_add(&requests[i], number % 2 ? 2 : 1, 1, 1);
        }
        if (store_changes_make(store, changes, count) != STORE_OK)
            return 255;
        for (int i = 0; i < RACE_GROUP; i++) {
            if (changes[i].result != STORE_OK && changes[i].result != STORE_SHORT)
                return 255;
            got += changes[i].result == STORE_OK;
            more = changes[i].result == STORE_OK;
        }
    }
    return got;
}

static void test_race(void)
{
    static const struct product scarce[] = {{1, 1, RACE_STOCK, "One", ""},
                                            {2, 1, RACE_STOCK, "Two", ""}};
    fixture_begin();
    CHECK_INT(fixture_import(scarce, 2), STORE_OK);
    CHECK_INT(fixture_race(RACE_PROCESSES, buy_in_groups), RACE_STOCK);
    CHECK_INT(fixture_stock(1), 0);
    CHECK_INT(fixture_stock(2), 0);
    CHECK_INT(sold(), 2 * RACE_STOCK);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"as one by one", test_as_one_by_one},
    {"all refused", test_all_refused},
    {"one is faulty", test_one_is_faulty},
    {"again", test_again},
    {"again alone", test_again_alone},
    {"full group", test_full_group},
    {"race", test_race},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return fixture_run("unit/store/changes", tests);
}
