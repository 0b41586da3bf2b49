/* A relay with many changes that wait at a time. The test is the workers and the writer. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "store/relay/relay.h"
#include "suite.h"
#include "unit/store/relay/parcel.h"
#include "unit/store/relay/relay_fixture.h"
#include "unit/store/store_fixture.h"

enum { WORKERS = 3, TIMEOUT_MS = 15000, WAIT_MS = 20000 };

/* Where nobody takes anything up, the way to the writer is full in the end; each waits for no
 * longer than its own time. */
static void test_nothing_is_taken(void)
{
    enum { ROUNDS = 8, TIME_MS = 20 };
    static struct parcel parcels[RELAY_WAITING_MAX];
    int busy = 0;
    relay_fixture_begin(WORKERS);
    struct relay *relay = relay_open(&door, 0, TIME_MS);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < RELAY_WAITING_MAX; i++)
            parcel_hand_over(relay, &parcels[i], 1, 1);
        for (int i = 0; i < RELAY_WAITING_MAX; i++)
            busy += parcel_await(relay)->result == STORE_BUSY;
    }
    CHECK_INT(busy, ROUNDS * RELAY_WAITING_MAX);
    CHECK_INT(relay_waiting(relay), 0);
    CHECK_TRUE(relay_due_us(relay) == INT64_MAX);
    relay_close(relay);
    CHECK_INT(relay_fixture_turn(0), 0);
    CHECK_INT(fixture_stock(1), 10);
    relay_fixture_end();
}

/* Makes groups until so many changes are made; returns how many groups it took. */
static int make(int count)
{
    int groups = 0;
    for (int made = 0; made < count; groups++) {
        int n = relay_fixture_make();
        REQUIRE_COMPARE(n, >, 0);
        made += n;
    }
    return groups;
}

/* All that a relay can hold at a time: made together, and each has its own answer. */
static void test_all_at_once(void)
{
    static struct parcel parcels[RELAY_WAITING_MAX];
    int ok = 0, lacking = 0;
    relay_fixture_begin(WORKERS);
    struct relay *relay = relay_open(&door, 0, TIMEOUT_MS);
    for (int i = 0; i < RELAY_WAITING_MAX; i++)
        parcel_hand_over(relay, &parcels[i], i % 3 == 2 ? 9 : 1, 1);
    CHECK_INT(relay_waiting(relay), RELAY_WAITING_MAX);
    CHECK_COMPARE(make(RELAY_WAITING_MAX), <=, 2);
    for (int i = 0; i < RELAY_WAITING_MAX; i++) {
        const struct store_change *change = parcel_await(relay);
        const struct parcel *parcel = change->owner;
        bool unknown = (parcel - parcels) % 3 == 2;
        CHECK_TRUE(parcel_is_right(change, unknown ? 9 : 1, 1));
        CHECK_INT(change->result == STORE_UNKNOWN_PRODUCT, unknown);
        ok += change->result == STORE_OK;
        lacking += change->result == STORE_SHORT;
    }
    CHECK_INT(ok, 10);
    CHECK_INT(ok + lacking, RELAY_WAITING_MAX - RELAY_WAITING_MAX / 3);
    CHECK_INT(fixture_stock(1), 0);
    CHECK_NULL(relay_next(relay));
    relay_close(relay);
    relay_fixture_end();
}

/* One that has many waiting does not keep another one's from the group. */
static void test_in_turn(void)
{
    static struct parcel many[RELAY_WAITING_MAX], more[RELAY_WAITING_MAX], few[2];
    relay_fixture_begin(WORKERS);
    struct relay *first = relay_open(&door, 0, TIMEOUT_MS);
    struct relay *second = relay_open(&door, 1, TIMEOUT_MS);
    struct relay *third = relay_open(&door, 2, TIMEOUT_MS);
    for (int i = 0; i < RELAY_WAITING_MAX; i++)
        parcel_hand_over(first, &many[i], 9, 1);
    for (int i = 0; i < RELAY_WAITING_MAX; i++)
        parcel_hand_over(second, &more[i], 9, 1);
    for (int i = 0; i < 2; i++)
        parcel_hand_over(third, &few[i], 1, 1);
    CHECK_INT(relay_fixture_turn(0), 0); /* they are let in */
    CHECK_INT(relay_fixture_make(), STORE_GROUP_MAX);
    CHECK_INT(fixture_stock(1), 8);
    make(2 * RELAY_WAITING_MAX + 2 - STORE_GROUP_MAX);
    for (int i = 0; i < RELAY_WAITING_MAX; i++) {
        CHECK_INT(parcel_await(first)->result, STORE_UNKNOWN_PRODUCT);
        CHECK_INT(parcel_await(second)->result, STORE_UNKNOWN_PRODUCT);
    }
    for (int i = 0; i < 2; i++)
        CHECK_TRUE(parcel_await(third)->owner == &few[i]);
    relay_close(first);
    relay_close(second);
    relay_close(third);
    relay_fixture_end();
}

/* The connection that waits in the door, which it does not leave. */
static int peek(void)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    char byte;
    int fd = -1;
    struct iovec content = {&byte, sizeof byte};
    struct msghdr message = {.msg_iov = &content,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    REQUIRE_INT(recvmsg(door.inner_fd, &message, MSG_PEEK), 1);
    memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
    return fd;
}

/* The writer does not wait for room for an answer: it ends the connection. The relay reads what
 * came before, hands over again the rest, and each is told what became of it. */
static void test_answers_find_no_room(void)
{
    enum { WAITING = 10 };
    static struct parcel parcels[WAITING];
    const int size = 1; /* the kernel makes it a few kilobytes */
    int at_once = 0, told = 0;
    relay_fixture_begin(WORKERS);
    struct relay *relay = relay_open(&door, 0, TIMEOUT_MS);
    for (int i = 0; i < WAITING; i++)
        parcel_hand_over(relay, &parcels[i], 1, 1);
    int fd = peek();
    REQUIRE_INT(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    close(fd);
    CHECK_INT(make(WAITING), 1);
    for (int64_t until = clock_monotonic_us() + (int64_t)WAIT_MS * 1000;
         told < WAITING && clock_monotonic_us() < until;) {
        const struct store_change *change = relay_next(relay);
        if (!change) {
            at_once = at_once ? at_once : told;
            relay_fixture_turn(1);
            continue;
        }
        CHECK_INT(change->result, STORE_OK);
        CHECK_TRUE(parcel_is_right(change, 1, 1));
        told++;
    }
    CHECK_INT(told, WAITING);
    CHECK_COMPARE(at_once, >, 0);
    CHECK_COMPARE(at_once, <, WAITING);
    CHECK_INT(fixture_stock(1), 0);
    relay_close(relay);
    relay_fixture_end();
}

/* No more is handed over than answers have room for, so the writer ends no connection; the rest
 * follows as answers come. A cancelled order may have any number of lines. */
static void test_room_is_kept(void)
{
    static struct parcel parcels[RELAY_WAITING_MAX];
    int told = 0, first = 0;
    relay_fixture_begin(WORKERS);
    struct relay *relay = relay_open(&door, 0, TIMEOUT_MS);
    parcel_hand_over(relay, &parcels[0], 1, 1);
    make(1);
    CHECK_INT(parcel_await(relay)->result, STORE_OK);
    int fd = relay_fd(relay);
    for (int i = 0; i < RELAY_WAITING_MAX; i++) {
        parcels[i].placement.id = parcels[0].id;
        parcels[i].placement.consumer = "c";
        parcels[i].change =
            (struct store_change){.use = STORE_USE_CANCEL, .placement = &parcels[i].placement};
        relay_hand_over(relay, &parcels[i].change, NULL);
    }
    first = relay_fixture_make();
    CHECK_COMPARE(first, >, 0);
    CHECK_COMPARE(first, <, RELAY_WAITING_MAX);
    while (told < RELAY_WAITING_MAX) {
        const struct store_change *change = relay_next(relay);
        told += change != NULL;
        if (change)
            CHECK_INT(change->result, STORE_OK);
        else
            relay_fixture_turn(0);
    }
    CHECK_INT(relay_fd(relay), fd);
    CHECK_INT(fixture_stock(1), 10);
    relay_close(relay);
    relay_fixture_end();
}

/* Those whose answers are large leave room for others. */
static void test_large_leave_room(void)
{
    static struct parcel parcels[RELAY_WAITING_MAX];
    const struct parcel *small = &parcels[RELAY_WAITING_MAX - 1];
    bool told = false;
    relay_fixture_begin(WORKERS);
    struct relay *relay = relay_open(&door, 0, TIMEOUT_MS);
    parcel_hand_over(relay, &parcels[0], 1, 1);
    make(1);
    CHECK_INT(parcel_await(relay)->result, STORE_OK);
    CHECK_NULL(relay_next(relay));
    for (int i = 0; i < RELAY_WAITING_MAX - 1; i++) {
        parcels[i].placement =
            (struct store_placement){.consumer = "c", .id = parcels[0].id, .now_us = 1};
        parcels[i].change =
            (struct store_change){.use = STORE_USE_CANCEL, .placement = &parcels[i].placement};
        relay_hand_over(relay, &parcels[i].change, NULL);
    }
    parcel_hand_over(relay, &parcels[RELAY_WAITING_MAX - 1], 1, 1);
    /* The first that the writer makes are not all, and the last one is among them. */
    CHECK_COMPARE(relay_fixture_make(), <, RELAY_WAITING_MAX);
    for (const struct store_change *change; (change = relay_next(relay));)
        told = told || change->owner == small;
    CHECK_TRUE(told);
    while (relay_waiting(relay) > 0) {
        if (!relay_next(relay))
            relay_fixture_turn(0);
    }
    CHECK_INT(fixture_stock(1), 9);
    relay_close(relay);
    relay_fixture_end();
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"nothing is taken", test_nothing_is_taken},
        {"all at once", test_all_at_once},
        {"in turn", test_in_turn},
        {"answers find no room", test_answers_find_no_room},
        {"room is kept", test_room_is_kept},
        {"large leave room", test_large_leave_room},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/store/relay/many", NULL, NULL, tests);
}
