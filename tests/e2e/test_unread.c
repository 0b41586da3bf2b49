/* A task that nobody reads from asks its store seldom what has changed; once somebody does, it asks
 * as often as before. Each time it asks, the time before which published answers count moves on,
 * and by that it is seen here. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/socket.h"
#include "check.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "metrics/metrics.h"
#include "publish/handover.h"

enum { LATE_MS = 60000, TICK_MS = 5, PATH_SIZE = 128, SELDOM_US = 900 * 1000, SELDOM_LOOKS = 2 };

static struct handover handover;

static int setup(void)
{
    return fixture_start(&(struct pair_options){.workers = 1});
}

static int teardown(void)
{
    handover_close(&handover);
    return fixture_end();
}

static void take(void)
{
    char path[PATH_SIZE];
    enum handover_got got = HANDOVER_FAILED;
    snprintf(path, sizeof path, "%s" HANDOVER_SUFFIX, pair.socket);
    for (int64_t until = load_now_ms() + LATE_MS; got != HANDOVER_WHOLE && load_now_ms() < until;) {
        int fd = handover_connect(path);
        while (fd >= 0 && load_now_ms() < until &&
               (got = handover_receive(fd, &handover)) == HANDOVER_YET)
            load_sleep_ms(TICK_MS);
        socket_fail(fd);
        load_sleep_ms(TICK_MS);
    }
    REQUIRE_INT(got, HANDOVER_WHOLE);
}

/* Waits for so many looks, one after the other, of which each was begun in time or each was not.
 * How many there were, at most wanted. */
static int wait_looks(bool seldom, int wanted)
{
    int64_t lease_us = atomic_load(&handover.layout->lease_us);
    int looks = -1; /* when the one before the first was is not known */
    for (int64_t until = load_now_ms() + LATE_MS; looks < wanted && load_now_ms() < until;) {
        int64_t next_us = atomic_load(&handover.layout->lease_us);
        if (next_us == lease_us) {
            load_sleep_ms(TICK_MS);
            continue;
        }
        bool fits = (next_us - lease_us >= SELDOM_US) == seldom;
        looks = looks < 0 || fits ? looks + 1 : 0;
        lease_us = next_us;
    }
    return looks;
}

static void test_unread(void)
{
    take();
    CHECK_INT(wait_looks(true, SELDOM_LOOKS), SELDOM_LOOKS);
    /* As the web server's module counts a read that it has answered. */
    metrics_attach(handover.metrics);
    metrics_observe(
        METRIC_REQUESTS, 1,
        METRICS_WITH((uint16_t)handover.layout->product_route, IS_GET, 200, metrics_consumer("-")));
    metrics_attach(NULL);
    CHECK_INT(wait_looks(false, 1), 1);
}

int main(void)
{
    CU_TestInfo tests[] = {{"unread", test_unread}, CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/unread", setup, teardown, tests);
}
