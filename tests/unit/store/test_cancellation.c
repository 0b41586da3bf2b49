/* Orders that are cancelled, put to every driver: each line goes back into stock, once. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "check.h"
#include "suite.h"
#include "unit/store/store_fixture.h"

static struct store_outcome outcome;
static struct order read_order;
static char placed[ID_TEXT_SIZE];

/* Places an order for two of product 1 and one of product 2, and notes its id. */
static void place(const char *key)
{
    struct order_request *request = fixture_request(1, 2);
    order_request_add(request, 2, 1, 1);
    CHECK_INT(fixture_place(fixture, "c", key, FIXTURE_NOW_US, request, &outcome), STORE_OK);
    snprintf(placed, sizeof placed, "%s", outcome.order.id);
}

static enum store_result cancel_at(struct store *store, const char *consumer, const char *id,
                                   int64_t now_us, bool again)
{
    const struct store_placement p = {
        .consumer = consumer, .id = id, .now_us = now_us, .again = again};
    memset(&outcome, 0, sizeof outcome);
    return fixture_order_cancel(store, &p, &outcome);
}

static enum store_result cancel(const char *consumer, const char *id)
{
    return cancel_at(fixture, consumer, id, FIXTURE_NOW_US + 1000000, false);
}

static void check_stock(int64_t first, int64_t second)
{
    CHECK_INT(fixture_stock(1), first);
    CHECK_INT(fixture_stock(2), second);
}

static void test_once(void)
{
    fixture_begin();
    place("k");
    CHECK_INT(outcome.order.cancelled_us, 0);
    check_stock(8, 4);
    CHECK_INT(store_order_get(fixture, "c", placed, &read_order), STORE_OK);
    CHECK_INT(read_order.cancelled_us, 0);
    CHECK_INT(cancel("c", placed), STORE_OK);
    check_stock(10, 5);
    int64_t when = outcome.order.cancelled_us;
    CHECK_COMPARE(when, >, 0);
    CHECK_TEXT(outcome.order.id, placed);
    CHECK_INT(outcome.order.count, 2);
    CHECK_INT(outcome.order.lines[1].product_id, 2);
    CHECK_INT(outcome.order.total_cents, 2 * 999 + 1999);
    for (int again = 0; again < 2; again++) {
        CHECK_INT(cancel_at(fixture, "c", placed, FIXTURE_NOW_US + 9000000, again), STORE_OK);
        CHECK_INT(outcome.order.cancelled_us, when);
        CHECK_INT(outcome.order.count, 2);
    }
    check_stock(10, 5);
    CHECK_INT(store_order_get(fixture, "c", placed, &read_order), STORE_OK);
    CHECK_INT(read_order.cancelled_us, when);
    CHECK_INT(read_order.count, 2);
    fixture_end();
}

/* An order of nobody, or of another consumer, stays as it is. */
static void test_not_found(void)
{
    fixture_begin();
    place(NULL);
    CHECK_INT(cancel("d", placed), STORE_NOT_FOUND);
    CHECK_INT(cancel("c", "018f0000-0000-7000-8000-000000000001"), STORE_NOT_FOUND);
    check_stock(8, 4);
    CHECK_INT(store_order_get(fixture, "c", placed, &read_order), STORE_OK);
    CHECK_INT(read_order.cancelled_us, 0);
    fixture_end();
}

/* Its key still stands for it, and not for another order. */
static void test_replay(void)
{
    fixture_begin();
    place("k");
    CHECK_INT(cancel("c", placed), STORE_OK);
    struct order_request *request = fixture_request(1, 2);
    order_request_add(request, 2, 1, 1);
    CHECK_INT(fixture_place(fixture, "c", "k", FIXTURE_NOW_US, request, &outcome), STORE_REPLAYED);
    CHECK_TEXT(outcome.order.id, placed);
    check_stock(10, 5);
    fixture_end();
}

static bool see_cancelled(void *context, const struct order *order)
{
    int64_t *sum = context;
    *sum += order->cancelled_us != 0;
    return true;
}

static void test_list(void)
{
    int64_t cancelled = 0;
    fixture_begin();
    place(NULL);
    CHECK_INT(cancel("c", placed), STORE_OK);
    CHECK_INT(
        fixture_place(fixture, "c", NULL, FIXTURE_NOW_US + 1000, fixture_request(1, 1), &outcome),
        STORE_OK);
    CHECK_INT(store_order_list(fixture, &(struct store_order_filter){.consumer = "c"},
                               see_cancelled, &cancelled),
              STORE_OK);
    CHECK_INT(cancelled, 1);
    fixture_end();
}

/* In one group with orders: what one gives back, the next may take. */
static void test_group(void)
{
    static struct store_outcome outcomes[5];
    static struct order_request requests[5];
    struct store_placement placements[5];
    struct store_change changes[5];
    char ids[5][ID_TEXT_SIZE];
    static const struct {
        enum store_use use;
        int64_t quantity; /* of product 3, of which there are 2 */
        enum store_result result;
    } rows[5] = {{STORE_USE_ORDER, 1, STORE_SHORT},
                 {STORE_USE_CANCEL, 0, STORE_OK},
                 {STORE_USE_ORDER, 2, STORE_OK},
                 {STORE_USE_CANCEL, 0, STORE_OK}, /* of the same order */
                 {STORE_USE_ORDER, 1, STORE_SHORT}};
    fixture_begin();
    CHECK_INT(
        fixture_place(fixture, "c", NULL, FIXTURE_NOW_US - 1000, fixture_request(3, 2), &outcome),
        STORE_OK);
    snprintf(placed, sizeof placed, "%s", outcome.order.id);
    for (int i = 0; i < 5; i++) {
        bool cancels = rows[i].use == STORE_USE_CANCEL;
        id_make(FIXTURE_NOW_US + i, ids[i]);
        requests[i] = *fixture_request(3, rows[i].quantity);
        placements[i] = (struct store_placement){
            .consumer = "c", .id = cancels ? placed : ids[i], .now_us = FIXTURE_NOW_US};
        changes[i] = (struct store_change){rows[i].use,      cancels ? NULL : &requests[i],
                                           &placements[i],   &outcomes[i],
                                           STORE_RESULT_MAX, NULL};
    }
    CHECK_INT(store_changes_make(fixture, changes, 5), STORE_OK);
    for (int i = 0; i < 5; i++)
        CHECK_INT(changes[i].result, rows[i].result, "change %d", i);
    CHECK_COMPARE(outcomes[1].order.cancelled_us, >, 0);
    CHECK_INT(outcomes[3].order.cancelled_us, outcomes[1].order.cancelled_us);
    CHECK_INT(fixture_stock(3), 0);
    fixture_end();
}

enum { RACE_PROCESSES = 16 };

static int cancel_placed(struct store *store, int number)
{
    (void)number;
    return cancel_at(store, "c", placed, FIXTURE_NOW_US, false) == STORE_OK &&
           outcome.order.cancelled_us != 0;
}

static void test_race(void)
{
    fixture_begin();
    place("k");
    CHECK_INT(fixture_race(RACE_PROCESSES, cancel_placed), RACE_PROCESSES);
    check_stock(10, 5);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"once", test_once}, {"not found", test_not_found}, {"replay", test_replay},
    {"list", test_list}, {"group", test_group},         {"race", test_race},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return fixture_run("unit/store/cancellation", tests);
}
