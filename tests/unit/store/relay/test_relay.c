/* The relay: what a worker is told of an order that it handed over, whatever becomes of the writer.
 * The test is the writer; each worker is a process of its own. */
#include "store/relay/relay.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "store/relay/message.h"
#include "suite.h"
#include "unit/store/relay/parcel.h"
#include "unit/store/relay/relay_fixture.h"
#include "unit/store/store_fixture.h"

enum {
    WORKERS = 20,
    TICKETS = WORKERS * RELAY_WAITING_MAX,
    TIMEOUT_MS = 15000, /* of orders that are not to run into it */
    SHORT_MS = 300,
    TAKEN_MS = 2500, /* within which the test takes up an order that is to run into its deadline */
    WAIT_MS = 20000
};

static struct store_outcome outcome;
static pid_t pids[WORKERS];

/* Places one order through a relay, and ends with the result. */
static void place(int worker, int timeout_ms, int64_t product, int64_t quantity)
{
    static struct parcel parcel;
    relay_door_keep(&door, RELAY_WORKER);
    struct relay *relay = relay_open(&door, worker, timeout_ms);
    parcel_hand_over(relay, &parcel, product, quantity);
    const struct store_change *change = parcel_await(relay);
    bool right = parcel_is_right(change, product, quantity) && relay_waiting(relay) == 0;
    enum store_result result = change->result;
    relay_close(relay);
    _exit(right ? (int)result : 255);
}

static void start(int worker, int timeout_ms, int64_t product, int64_t quantity)
{
    pids[worker] = fork();
    if (pids[worker] == 0)
        place(worker, timeout_ms, product, quantity);
}

/* What a worker was told; STORE_RESULT_MAX if it died. */
static enum store_result told(int worker)
{
    int status = 0;
    CHECK_INT(waitpid(pids[worker], &status, 0), pids[worker]);
    return WIFEXITED(status) ? (enum store_result)WEXITSTATUS(status) : STORE_RESULT_MAX;
}

static void test_results(void)
{
    static const struct {
        int line;
        int64_t product, quantity;
        enum store_result result;
    } rows[] = {{__LINE__, 1, 4, STORE_OK},
                {__LINE__, 1, 7, STORE_SHORT},
                {__LINE__, 9, 1, STORE_UNKNOWN_PRODUCT},
                {__LINE__, 1, 6, STORE_OK}};
    relay_fixture_begin(WORKERS);
    for (int i = 0; i < 4; i++) {
        CHECK_ROW(rows[i].line);
        start(i, TIMEOUT_MS, rows[i].product, rows[i].quantity);
        CHECK_INT(relay_fixture_make(), 1);
        enum store_result result = told(i);
        CHECK_INT(result, rows[i].result);
    }
    CHECK_INT(fixture_stock(1), 0);
    relay_fixture_end();
}

/* What comes while one group is made is the next group. */
static void test_many(void)
{
    int groups = 0;
    relay_fixture_begin(WORKERS);
    for (int i = 0; i < WORKERS; i++)
        start(i, TIMEOUT_MS, 1 + i % 2, 1);
    for (int taken = 0; taken < WORKERS; groups++) {
        int n = relay_fixture_make();
        REQUIRE_COMPARE(n, >, 0);
        taken += n;
    }
    int placed = 0;
    for (int i = 0; i < WORKERS; i++) {
        enum store_result result = told(i);
        placed += result == STORE_OK;
        CHECK_TRUE(result == STORE_OK || result == STORE_SHORT, "%s", store_result_names[result]);
    }
    CHECK_INT(placed, 15);
    CHECK_INT(fixture_stock(1) + fixture_stock(2), 0);
    CHECK_COMPARE(groups, <=, WORKERS);
    relay_fixture_end();
}

/* Nobody takes it up in time: it is taken back, and never made. */
static void test_not_taken(void)
{
    relay_fixture_begin(WORKERS);
    start(0, SHORT_MS, 1, 1);
    enum store_result result = told(0);
    CHECK_INT(result, STORE_BUSY);
    CHECK_INT(relay_fixture_turn(0), 0);
    CHECK_INT(relay_fixture_turn(0), 0);
    CHECK_INT(fixture_stock(1), 10);
    /* A worker that died while it waited is the same. */
    start(1, TIMEOUT_MS, 1, 1);
    clock_sleep_us((int64_t)SHORT_MS * 1000);
    kill(pids[1], SIGKILL);
    CHECK_INT(told(1), STORE_RESULT_MAX);
    relay_door_void(&door, 1);
    for (int i = 0; i < 3; i++)
        CHECK_INT(relay_fixture_turn(0), 0);
    CHECK_INT(fixture_stock(1), 10);
    relay_fixture_end();
}

/* Waits for a connection, and takes up the request that comes over it. */
static int take_by_hand(struct relay_request *request)
{
    int fd = -1, got = -1;
    for (int64_t until = clock_monotonic_us() + (int64_t)WAIT_MS * 1000;
         got <= 0 && clock_monotonic_us() < until; clock_sleep_us(1000)) {
        if (fd < 0)
            fd = relay_door_answer(&door);
        if (fd >= 0)
            got = relay_message_receive(fd, TICKETS, request);
    }
    CHECK_INT(got, 1);
    CHECK_TRUE(relay_ticket_take(&door.tickets[request->ticket], request->number));
    return fd;
}

/* It is taken up, and the writer stands still: nobody knows. */
static void test_silence(void)
{
    static struct relay_request request;
    relay_fixture_begin(WORKERS);
    start(0, TAKEN_MS, 1, 1);
    int fd = take_by_hand(&request);
    enum store_result result = told(0);
    CHECK_INT(result, STORE_UNKNOWN);
    close(fd);
    relay_fixture_end();
}

/* The writer dies before it took the change up, and after it. */
static void test_writer_dies(void)
{
    static struct relay_request request;
    for (int taken = 0; taken < 2; taken++) {
        CHECK_OF("taken %d", taken);
        relay_fixture_begin(WORKERS);
        start(0, TIMEOUT_MS, 1, 1);
        if (taken)
            close(take_by_hand(&request));
        relay_lanes_close(lanes);
        relay_fixture_open_writer();
        CHECK_INT(relay_fixture_make(), 1);
        enum store_result result = told(0);
        CHECK_INT(result, STORE_OK);
        CHECK_INT(fixture_stock(1), 9);
        relay_fixture_end();
    }
}

/* The writer dies after the commit, and before its answer; the product is sold out by then. */
static void test_writer_dies_after_commit(void)
{
    static struct relay_request request;
    relay_fixture_begin(WORKERS);
    relay_lanes_close(lanes);
    start(0, TIMEOUT_MS, 1, 10);
    int fd = take_by_hand(&request);
    struct store_placement placement = relay_message_placement(&request);
    CHECK_INT(fixture_order_place(fixture, &request.order, &placement, &outcome), STORE_OK);
    close(fd);
    relay_fixture_open_writer();
    CHECK_INT(relay_fixture_make(), 1);
    enum store_result result = told(0);
    CHECK_INT(result, STORE_OK);
    CHECK_INT(fixture_stock(1), 0);
    relay_fixture_end();
}

/* The writer dies with the change, and there is no other in time. */
static void test_no_other_writer(void)
{
    static struct relay_request request;
    relay_fixture_begin(WORKERS);
    start(0, TAKEN_MS, 1, 1);
    close(take_by_hand(&request));
    relay_lanes_close(lanes);
    lanes = NULL;
    enum store_result result = told(0);
    CHECK_INT(result, STORE_UNKNOWN);
    relay_fixture_end();
}

/* A request that is none is passed over. */
static void test_no_request(void)
{
    static struct relay_request request;
    size_t room;
    relay_fixture_begin(WORKERS);
    int fd = relay_door_knock(&door, &room);
    REQUIRE_COMPARE(fd, >=, 0);
    request.order.count = 1;
    request.deadline_us = INT64_MAX;
    request.ticket = TICKETS;
    CHECK_TRUE(relay_message_send(fd, &request));
    request.ticket = -1;
    CHECK_TRUE(relay_message_send(fd, &request));
    request.ticket = 0;
    CHECK_INT(send(fd, &request, 10, 0), 10);
    CHECK_INT(send(fd, &request, sizeof request, 0), sizeof request);
    for (int i = 0; i < 8; i++)
        CHECK_INT(relay_fixture_turn(0), 0);
    close(fd);
    start(1, TIMEOUT_MS, 1, 1);
    CHECK_INT(relay_fixture_make(), 1);
    CHECK_INT(told(1), STORE_OK);
    relay_fixture_end();
}

static void test_over(void)
{
    relay_fixture_begin(WORKERS);
    CHECK_INT(relay_fixture_turn(0), 0);
    CHECK_FALSE(relay_lanes_are_over(lanes));
    close(door.outer_fd);
    door.outer_fd = -1;
    CHECK_INT(relay_fixture_turn(0), 0);
    CHECK_TRUE(relay_lanes_are_over(lanes));
    relay_fixture_end();
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"results", test_results},
        {"many", test_many},
        {"not taken", test_not_taken},
        {"silence", test_silence},
        {"writer dies", test_writer_dies},
        {"writer dies after the commit", test_writer_dies_after_commit},
        {"no other writer", test_no_other_writer},
        {"no request", test_no_request},
        {"over", test_over},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/store/relay", NULL, NULL, tests);
}
