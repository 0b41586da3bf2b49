/* Groups under way beside one another. The test is the workers, the writer and the stores: each
 * says that it has answered when the test lets it. */
#include "store/relay/lanes.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "store/driver.h"
#include "suite.h"

enum { LANES = 3, WORKERS = 64, TEXT_SIZE = 256, IDLE_TURNS = 30, PATIENCE_US = 20000 };

/* A store that has a group under way until the test lets it answer. */
struct slow_store {
    struct store store; /* first */
    int ends[2];        /* a pipe: what is in it is the answer */
    bool sent;
    enum store_result ping;
    int pings;
    bool late;            /* the group's time is over */
    char made[TEXT_SIZE]; /* the products of the group that was made last */
};

static struct slow_store stores[LANES];
static struct relay_door door;
static struct relay_lanes *lanes;
static struct relay_request requests[WORKERS];
static int fds[WORKERS];

static enum store_result slow_ping(struct store *store)
{
    struct slow_store *s = (struct slow_store *)store;
    CHECK_FALSE(s->sent);
    s->pings++;
    return s->ping;
}

static bool slow_send(struct store *store, struct store_change *changes, size_t count,
                      struct store_wait *wait)
{
    struct slow_store *s = (struct slow_store *)store;
    bool again = false;
    CHECK_FALSE(s->sent);
    for (size_t i = 0; i < count; i++)
        again = again || changes[i].placement->again;
    s->sent = !again;
    *wait = (struct store_wait){{.fd = s->ends[0], .events = POLLIN}, INT64_MAX};
    return s->sent;
}

static bool slow_wait(struct store *store, struct store_change *changes, size_t count,
                      struct store_wait *wait)
{
    const struct slow_store *s = (const struct slow_store *)store;
    struct pollfd fd = {.fd = s->ends[0], .events = POLLIN};
    (void)changes;
    (void)count;
    wait->until_us = s->late ? 0 : INT64_MAX;
    return poll(&fd, 1, 0) == 0;
}

static enum store_result slow_make(struct store *store, struct store_change *changes, size_t count)
{
    struct slow_store *s = (struct slow_store *)store;
    struct pollfd fd = {.fd = s->ends[0], .events = POLLIN};
    size_t used = 0;
    char byte;
    s->sent = false;
    if (poll(&fd, 1, 0) == 1)
        CHECK_INT(read(s->ends[0], &byte, 1), 1);
    for (size_t i = 0; i < count; i++) {
        changes[i].result = STORE_BUSY;
        used += (size_t)snprintf(s->made + used, TEXT_SIZE - used, "%d ",
                                 (int)changes[i].request->items[0].product_id);
    }
    return STORE_OK;
}

static const struct store_driver driver = {.ping = slow_ping,
                                           .changes_send = slow_send,
                                           .changes_wait = slow_wait,
                                           .changes_make = slow_make};

static int turn(int wait_ms)
{
    enum store_result said = STORE_OK;
    return relay_lanes_turn(lanes, wait_ms, NULL, &said);
}

/* Lanes that do not know yet how long a commit takes. */
static void begin_new(int count)
{
    struct store *list[LANES];
    for (int i = 0; i < LANES; i++) {
        stores[i] = (struct slow_store){.store.driver = &driver, .ping = STORE_OK};
        REQUIRE_INT(pipe(stores[i].ends), 0);
        list[i] = &stores[i].store;
    }
    REQUIRE_TRUE(relay_door_open(&door, WORKERS));
    lanes = relay_lanes_open(list, count, &door);
    REQUIRE_NOT_NULL(lanes);
    for (int i = 0; i < WORKERS; i++) {
        size_t room;
        fds[i] = relay_door_knock(&door, &room);
        REQUIRE_COMPARE(fds[i], >=, 0);
        CHECK_INT(turn(0), 0);
    }
}

static void end(void)
{
    relay_lanes_close(lanes);
    for (int i = 0; i < WORKERS; i++)
        close(fds[i]);
    for (int i = 0; i < LANES; i++) {
        close(stores[i].ends[0]);
        close(stores[i].ends[1]);
    }
    relay_door_close(&door);
}

/* Hands over an order for up to two products, 0: none. */
static void hand_over_with(int ticket, int64_t product, int64_t other)
{
    int worker = ticket / RELAY_WAITING_MAX;
    struct relay_request *request = &requests[worker];
    *request = (struct relay_request){.number = relay_ticket_draw(&door.tickets[ticket]),
                                      .ticket = ticket,
                                      .deadline_us = INT64_MAX,
                                      .consumer = "c"};
    request->order.count = other ? 2 : 1;
    request->order.items[0] = (struct order_item){.product_id = product, .quantity = 1};
    request->order.items[1] = (struct order_item){.product_id = other, .quantity = 1};
    CHECK_TRUE(relay_message_send(fds[worker], request));
}

static void hand_over(int worker, int64_t product, int64_t other)
{
    hand_over_with(worker * RELAY_WAITING_MAX, product, other);
}

/* Turns until nothing more happens, which takes longer than to wait for a group; how many changes
 * were answered. */
static int settle(void)
{
    int made = 0;
    for (int idle = 0; idle < IDLE_TURNS;) {
        int n = turn(1);
        made += n;
        idle = n ? 0 : idle + 1;
    }
    return made;
}

/* The lane's group is answered; how many changes that were. */
static int answer(int lane)
{
    CHECK_TRUE(stores[lane].sent);
    *stores[lane].made = '\0';
    CHECK_INT(write(stores[lane].ends[1], "a", 1), 1);
    return settle();
}

static bool is_told(int worker)
{
    struct relay_answer got;
    return recv(fds[worker], &got, sizeof got, MSG_DONTWAIT) == (ssize_t)sizeof got &&
           got.number == requests[worker].number;
}

/* Hands over so many orders for the product, of each worker one after the other, but for the last
 * worker. */
static void hand_over_many(int count, int64_t product)
{
    for (int i = 0; i < count; i++)
        hand_over_with(i % (WORKERS - 1) * RELAY_WAITING_MAX + i / (WORKERS - 1), product, 0);
}

/* Lanes of stores whose commits take long. */
static void begin(int count)
{
    begin_new(count);
    hand_over(0, 1, 0);
    settle();
    CHECK_INT(answer(0), 1);
    CHECK_TRUE(is_told(0));
}

/* Which lanes have a group under way. */
#define CHECK_SENT(first, second, third)                                                           \
    do {                                                                                           \
        CHECK_INT(stores[0].sent, first);                                                          \
        CHECK_INT(stores[1].sent, second);                                                         \
        CHECK_INT(stores[2].sent, third);                                                          \
    } while (0)

/* The second group does not wait for the first, and may be answered before it. */
static void test_beside(void)
{
    begin(2);
    hand_over(0, 1, 0);
    CHECK_INT(settle(), 0);
    CHECK_SENT(true, false, false);
    hand_over(1, 2, 0);
    CHECK_INT(settle(), 0);
    CHECK_SENT(true, true, false);
    hand_over(2, 3, 0);
    CHECK_INT(settle(), 0);
    CHECK_INT(answer(1), 1);
    CHECK_TEXT(stores[1].made, "2 ");
    CHECK_FALSE(is_told(0));
    CHECK_TRUE(is_told(1));
    CHECK_SENT(true, true, false);
    CHECK_INT(answer(0), 1);
    CHECK_TRUE(is_told(0));
    CHECK_INT(answer(1), 1);
    CHECK_TRUE(is_told(2));
    CHECK_TRUE(relay_lanes_are_idle(lanes));
    end();
}

/* Where a commit takes little, what comes waits for the group under way a while, and then is one
 * group. */
static void test_patience(void)
{
    begin_new(2);
    int64_t start_us = clock_monotonic_us();
    hand_over(0, 1, 0);
    while (!stores[0].sent)
        turn(1);
    hand_over(1, 2, 0);
    hand_over(2, 3, 0);
    while (!stores[1].sent)
        turn(1);
    CHECK_COMPARE(clock_monotonic_us() - start_us, >=, PATIENCE_US);
    /* All of them: none is left for another group. */
    CHECK_INT(answer(1), 2);
    CHECK_INT(answer(0), 1);
    end();
}

/* What shares a product with a group under way waits for it, and so does what comes later and
 * shares one with that. */
static void test_shared(void)
{
    begin(2);
    hand_over(0, 1, 0);
    settle();
    hand_over(1, 1, 2);
    hand_over(2, 2, 0);
    hand_over(3, 1, 0);
    settle();
    CHECK_SENT(true, false, false);
    CHECK_FALSE(relay_lanes_are_idle(lanes));
    hand_over(4, 3, 0);
    settle();
    CHECK_SENT(true, true, false);
    CHECK_INT(answer(0), 1);
    CHECK_SENT(true, true, false);
    CHECK_INT(answer(0), 3);
    CHECK_TEXT(stores[0].made, "1 2 1 ");
    CHECK_INT(answer(1), 1);
    CHECK_TEXT(stores[1].made, "3 ");
    end();
}

/* What waits is shared out where that is much; but those for one product go together. */
static void test_share(void)
{
    enum { MANY = 36 };
    begin(3);
    for (int i = 0; i < MANY; i++)
        hand_over(i, 1 + i, 0);
    settle();
    CHECK_SENT(true, true, true);
    for (int i = 0; i < LANES; i++)
        CHECK_INT(answer(i), MANY / LANES);
    for (int i = 0; i < MANY; i++)
        hand_over(i, 1, 0);
    settle();
    CHECK_SENT(true, false, false);
    CHECK_INT(answer(0), MANY);
    end();
}

/* A few changes are one group. */
static void test_few(void)
{
    enum { FEW = 23 };
    begin(3);
    for (int i = 0; i < FEW; i++)
        hand_over(i, 1 + i, 0);
    settle();
    CHECK_SENT(true, false, false);
    CHECK_INT(answer(0), FEW);
    end();
}

/* A wait for more changes that began when one group beside others was worth it ends with that: the
 * writer sleeps until one may be begun. */
static void test_sleeps(void)
{
    enum { MANY = 36, FEW_TURNS = 10, TURNS = 1000 };
    int turns = 0;
    begin(3);
    for (int i = 0; i < MANY; i++)
        hand_over(i, 1 + i, 0);
    for (int i = 0; i < FEW_TURNS; i++)
        turn(0);
    CHECK_SENT(true, true, true);
    CHECK_INT(write(stores[0].ends[1], "a", 1), 1);
    CHECK_INT(turn(0), MANY / LANES);
    hand_over(MANY, 1 + MANY, 0);
    CHECK_INT(turn(0), 0);
    CHECK_INT(write(stores[1].ends[1], "a", 1), 1);
    CHECK_INT(turn(0), MANY / LANES);
    for (; !stores[0].sent && !stores[1].sent && turns < TURNS; turns++)
        turn(PATIENCE_US / 1000);
    CHECK_COMPARE(turns, <=, FEW_TURNS);
    relay_lanes_finish(lanes);
    end();
}

/* However many wait for a product that is held, another one is sold meanwhile. */
static void test_many_wait(void)
{
    begin(3);
    hand_over(0, 1, 0);
    settle();
    hand_over_many(RELAY_QUEUE_MAX - 1, 1);
    settle();
    CHECK_SENT(true, false, false);
    hand_over(WORKERS - 1, 2, 0);
    settle();
    CHECK_SENT(true, true, false);
    CHECK_INT(answer(1), 1);
    CHECK_TRUE(is_told(WORKERS - 1));
    CHECK_INT(answer(0), 1);
    CHECK_INT(answer(0), STORE_GROUP_MAX);
    relay_lanes_finish(lanes);
    end();
}

/* What was taken back takes nobody's place. */
static void test_taken_back(void)
{
    begin(3);
    hand_over(0, 1, 0);
    settle();
    hand_over_many(RELAY_QUEUE_MAX, 1);
    settle();
    hand_over(WORKERS - 1, 2, 0);
    settle();
    CHECK_SENT(true, false, false);
    for (int worker = 0; worker < WORKERS - 1; worker++)
        relay_door_void(&door, worker);
    settle();
    CHECK_SENT(true, true, false);
    CHECK_INT(answer(1), 1);
    CHECK_TRUE(is_told(WORKERS - 1));
    CHECK_INT(answer(0), 1);
    CHECK_TRUE(relay_lanes_are_idle(lanes));
    end();
}

/* One that is handed over again is looked for when all else is over: it may be under way itself. */
static void test_again(void)
{
    begin(2);
    hand_over(0, 1, 0);
    settle();
    hand_over(1, 2, 0);
    requests[1].again = true;
    requests[1].number = relay_ticket_draw(&door.tickets[requests[1].ticket]);
    CHECK_TRUE(relay_message_send(fds[1], &requests[1]));
    /* The one before was withdrawn by that. What was under way is counted, too. */
    CHECK_INT(settle(), 2);
    CHECK_SENT(false, false, false);
    CHECK_TRUE(is_told(0));
    CHECK_TRUE(is_told(1));
    end();
}

/* Nothing is made before each store has answered. */
static void test_not_reached(void)
{
    begin_new(2);
    stores[1].ping = STORE_UNREACHABLE;
    for (int i = 0; i < 2; i++) {
        hand_over(0, 1, 0);
        CHECK_INT(settle(), 1);
        CHECK_SENT(false, false, false);
        CHECK_TRUE(is_told(0));
        CHECK_TEXT(stores[0].made, "");
    }
    stores[1].ping = STORE_OK;
    hand_over(0, 1, 0);
    settle();
    CHECK_INT(answer(0), 1);
    hand_over(0, 1, 0);
    settle();
    CHECK_INT(answer(0), 1);
    CHECK_INT(stores[1].pings, 3);
    end();
}

/* What waited for too long is not begun, and its worker is told. */
static void test_too_late(void)
{
    begin(2);
    hand_over(0, 1, 0);
    settle();
    hand_over(1, 1, 0);
    requests[1].deadline_us = 0;
    requests[1].number = relay_ticket_draw(&door.tickets[requests[1].ticket]);
    CHECK_TRUE(relay_message_send(fds[1], &requests[1]));
    settle();
    CHECK_FALSE(is_told(1));
    CHECK_INT(answer(0), 1);
    CHECK_SENT(false, false, false);
    CHECK_TRUE(is_told(1));
    CHECK_TRUE(relay_lanes_are_idle(lanes));
    end();
}

/* A lane that never answers is ended by its deadline; the other one goes on meanwhile. */
static void test_deadline(void)
{
    begin(2);
    hand_over(0, 1, 0);
    settle();
    hand_over(1, 2, 0);
    settle();
    CHECK_INT(answer(1), 1);
    CHECK_SENT(true, false, false);
    stores[0].late = true;
    CHECK_INT(settle(), 1);
    CHECK_TEXT(stores[0].made, "1 ");
    CHECK_TRUE(is_told(0));
    end();
}

/* A connection ends while its change is under way; whoever has its place is not told. */
static void test_place_is_taken(void)
{
    size_t room;
    begin(2);
    hand_over(0, 1, 0);
    settle();
    close(fds[0]);
    settle();
    fds[0] = relay_door_knock(&door, &room);
    REQUIRE_COMPARE(fds[0], >=, 0);
    settle();
    CHECK_INT(answer(0), 1);
    CHECK_FALSE(is_told(0));
    hand_over(0, 1, 0);
    settle();
    CHECK_INT(answer(0), 1);
    CHECK_TRUE(is_told(0));
    end();
}

int main(void)
{
    static CU_TestInfo tests[] = {{"beside", test_beside},
                                  {"patience", test_patience},
                                  {"shared", test_shared},
                                  {"share", test_share},
                                  {"few", test_few},
                                  {"sleeps", test_sleeps},
                                  {"many wait", test_many_wait},
                                  {"taken back", test_taken_back},
                                  {"again", test_again},
                                  {"not reached", test_not_reached},
                                  {"too late", test_too_late},
                                  {"deadline", test_deadline},
                                  {"place is taken", test_place_is_taken},
                                  CU_TEST_INFO_NULL};
    return suite_run("unit/store/relay/lanes", NULL, NULL, tests);
}
