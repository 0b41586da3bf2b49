/* For whom the writer waits before it makes a group. The test is the writer and the workers too. */
#include "store/relay/lanes.h"

#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "store/driver.h"
#include "store/relay/message.h"
#include "suite.h"

enum {
    WORKERS = 2,
    LONG_US = 5000, /* commits */
    SHORT_US = 600,
    SOON_US = 40, /* less than is waited after a long one */
    WAITS = 5,
    TRIES = 15, /* of one group, so that they end before one is made that is not waited for */
    GROUPS = 10,
    WAIT_MS = 10000
};

static struct relay_door door;
static struct relay_lanes *lanes;
static int fds[WORKERS];
static struct relay_request requests[WORKERS];
static int64_t commit_us;
static sigset_t waiting; /* with which no alarm ends a wait */
static volatile sig_atomic_t alarmed;

/* Makes nothing, for as long as a commit takes. */
static enum store_result make_slowly(struct store *store, struct store_change *changes,
                                     size_t count)
{
    (void)store;
    for (size_t i = 0; i < count; i++)
        changes[i].result = STORE_BUSY;
    clock_sleep_us(commit_us);
    return STORE_OK;
}

static const struct store_driver driver = {.changes_make = make_slowly};
static struct store store = {.driver = &driver};

static void begin(void)
{
    enum store_result said;
    sigemptyset(&waiting);
    sigaddset(&waiting, SIGALRM);
    REQUIRE_TRUE(relay_door_open(&door, WORKERS));
    lanes = relay_lanes_open(&(struct store *){&store}, 1, &door);
    REQUIRE_NOT_NULL(lanes);
    for (int i = 0; i < WORKERS; i++) {
        size_t room;
        fds[i] = relay_door_knock(&door, &room);
        REQUIRE_COMPARE(fds[i], >=, 0);
    }
    /* Lets them in. */
    CHECK_INT(relay_lanes_turn(lanes, 0, NULL, &said), 0);
}

static void end(void)
{
    for (int i = 0; i < WORKERS; i++)
        close(fds[i]);
    relay_lanes_close(lanes);
    relay_door_close(&door);
}

static void prepare(int worker)
{
    requests[worker] = (struct relay_request){.number = relay_ticket_draw(&door.tickets[worker]),
                                              .ticket = worker,
                                              .deadline_us = INT64_MAX};
}

static void hand_over(int worker)
{
    prepare(worker);
    CHECK_TRUE(relay_message_send(fds[worker], &requests[worker]));
}

static void on_alarm(int signal)
{
    (void)signal;
    send(fds[1], &requests[1], offsetof(struct relay_request, order.items), MSG_NOSIGNAL);
    alarmed = 1;
}

/* Worker 1 hands its change over after a moment. */
static void hand_over_soon(void)
{
    const struct itimerval once = {.it_value.tv_usec = SOON_US};
    prepare(1);
    alarmed = 0;
    signal(SIGALRM, on_alarm);
    REQUIRE_INT(setitimer(ITIMER_REAL, &once, NULL), 0);
}

/* Makes the next group; returns how many changes it had. */
static int make(void)
{
    enum store_result said = STORE_FAULT;
    int made = 0;
    for (int64_t until = clock_monotonic_us() + (int64_t)WAIT_MS * 1000;
         made == 0 && clock_monotonic_us() < until;)
        made = relay_lanes_turn(lanes, WAIT_MS, &waiting, &said);
    CHECK_INT(said, STORE_OK);
    return made;
}

/* A group of one, then one of so many; then a change comes, and another one soon after. Returns how
 * many of these two were taken up together. */
static int take_after(int count)
{
    hand_over(0);
    CHECK_INT(make(), 1);
    for (int i = 0; i < count && count > 1; i++)
        hand_over(i);
    if (count > 1)
        CHECK_INT(make(), count);
    hand_over(0);
    hand_over_soon();
    int taken = make();
    while (!alarmed)
        clock_sleep_us(SOON_US);
    if (taken == 1)
        CHECK_INT(make(), 1);
    return taken;
}

static void test_waits(void)
{
    commit_us = LONG_US;
    begin();
    for (int i = 0; i < WAITS; i++)
        CHECK_INT(take_after(2), 2);
    end();
}

/* Nobody is waited for after a group of one, nor where a commit takes little. On a busy machine the
 * second change may come before the first is looked for, or a short commit take long, but not each
 * time. */
static void test_waits_for_nobody(void)
{
    static const struct {
        int line;
        int64_t commit_us;
        int before;
    } rows[] = {{__LINE__, LONG_US, 1}, {__LINE__, SHORT_US, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        int taken = 2;
        commit_us = rows[i].commit_us;
        for (int k = 0; k < GROUPS && taken == 2; k++) {
            begin();
            for (int t = 0; t < TRIES && taken == 2; t++)
                taken = take_after(rows[i].before);
            end();
        }
        CHECK_INT(taken, 1);
    }
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"waits", test_waits}, {"waits for nobody", test_waits_for_nobody}, CU_TEST_INFO_NULL};
    return suite_run("unit/store/relay/gather", NULL, NULL, tests);
}
