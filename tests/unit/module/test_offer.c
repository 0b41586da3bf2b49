/* The memory counts while its lease lasts, and for a while after it came, which only an application
 * that runs can have sent. The times are the test's own. */
#include "module/offer.h"

#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "publish/answers.h"
#include "suite.h"
#include "unit/publish/giver.h"

/* Each test begins at another time, which the one before has not reached. */
#define EACH_US INT64_C(100000000)

#define LEASE_US ((int64_t)LAYOUT_LEASE_US)

static struct giver giver;

static int setup(void)
{
    return !giver_open(&giver, SOCK_NONBLOCK);
}

static int teardown(void)
{
    giver_close(&giver);
    return 0;
}

/* Sends the memory to whoever has connected; false if nobody has. */
static bool send_memory(void)
{
    int fd = accept(giver.listen_fd, NULL, NULL);
    bool sent = fd >= 0 && handover_send(fd, giver.fds);
    if (fd >= 0)
        close(fd);
    return sent;
}

static void test_lease(void)
{
    struct offer offer = {.path = giver.path};
    int64_t now_us = EACH_US;
    CHECK_NULL(offer_look(&offer, now_us));
    CHECK_TRUE(send_memory());
    answers_lease(&giver.answers, now_us + 10);
    CHECK_NOT_NULL(offer_look(&offer, now_us + 1));
    CHECK_NOT_NULL(offer_running(&offer, now_us + 1));
    CHECK_NULL(offer_look(&offer, now_us + 10));
    answers_lease(&giver.answers, now_us + 10 * LEASE_US);
    CHECK_NOT_NULL(offer_running(&offer, now_us + 9 * LEASE_US));
    CHECK_NULL(offer_running(&offer, now_us + 10 * LEASE_US));
    offer_close(&offer);
}

/* As of an application that does not reach its store. */
static void test_without_lease(void)
{
    struct offer offer = {.path = giver.path};
    int64_t now_us = 2 * EACH_US;
    answers_lease(&giver.answers, 0);
    while (accept(giver.listen_fd, NULL, NULL) >= 0)
        continue;
    CHECK_NULL(offer_running(&offer, now_us));
    CHECK_NULL(offer_running(&offer, now_us + 1));
    CHECK_TRUE(send_memory());
    CHECK_NOT_NULL(offer_running(&offer, now_us + 2));
    CHECK_NULL(offer_look(&offer, now_us + 3));
    CHECK_NOT_NULL(offer_running(&offer, now_us + 1 + LAYOUT_LEASE_US));
    CHECK_NULL(offer_running(&offer, now_us + 2 + LAYOUT_LEASE_US));
    CHECK_TRUE(send_memory(), "it did not ask again");
    CHECK_NOT_NULL(offer_running(&offer, now_us + 3 * LEASE_US));
    offer_close(&offer);
    CHECK_NULL(offer_running(&offer, now_us + 3 * LEASE_US));
}

static void test_nowhere(void)
{
    struct offer offer = {.path = NULL};
    CHECK_NULL(offer_running(&offer, 3 * EACH_US));
    offer_close(&offer);
}

int main(void)
{
    static CU_TestInfo tests[] = {{"lease", test_lease},
                                  {"without a lease", test_without_lease},
                                  {"nowhere", test_nowhere},
                                  CU_TEST_INFO_NULL};
    return suite_run("module/offer", setup, teardown, tests);
}
