/* The memory counts while its lease lasts, and for a while after it came, which only an application
 * that runs can have sent. The times are the test's own. */
#include "module/offer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/shared.h"
#include "check.h"
#include "metrics/metrics.h"
#include "publish/answers.h"
#include "suite.h"

enum { PATH_SIZE = 96 };

/* Each test begins at another time, which the one before has not reached. */
#define EACH_US INT64_C(100000000)

#define LEASE_US ((int64_t)LAYOUT_LEASE_US)

static char folder[] = "/tmp/postern-offer-XXXXXX";
static char path[PATH_SIZE];
static int listen_fd, roster_fd, fds[HANDOVER_PARTS];
static struct answers answers;
static struct roster *roster;

static int setup(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!mkdtemp(folder) || !answers_make(&answers, 1, 2) || !metrics_open())
        return 1;
    roster = shared_make("test", sizeof *roster, false, &roster_fd);
    fds[HANDOVER_ANSWERS] = answers.fd;
    fds[HANDOVER_ROSTER] = roster_fd;
    fds[HANDOVER_METRICS] = metrics_fd();
    snprintf(path, sizeof path, "%.60s/s", folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (!roster || bind(listen_fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    return listen(listen_fd, 4);
}

static int teardown(void)
{
    shared_unmap(roster, sizeof *roster);
    close(roster_fd);
    answers_close(&answers);
    metrics_close();
    close(listen_fd);
    unlink(path);
    return rmdir(folder);
}

/* Sends the memory to whoever has connected; false if nobody has. */
static bool send_memory(void)
{
    int fd = accept(listen_fd, NULL, NULL);
    bool sent = fd >= 0 && handover_send(fd, fds);
    if (fd >= 0)
        close(fd);
    return sent;
}

static void test_lease(void)
{
    struct offer offer = {.path = path};
    int64_t now_us = EACH_US;
    CHECK_NULL(offer_look(&offer, now_us));
    CHECK_TRUE(send_memory());
    answers_lease(&answers, now_us + 10);
    CHECK_NOT_NULL(offer_look(&offer, now_us + 1));
    CHECK_NOT_NULL(offer_running(&offer, now_us + 1));
    CHECK_NULL(offer_look(&offer, now_us + 10));
    answers_lease(&answers, now_us + 10 * LEASE_US);
    CHECK_NOT_NULL(offer_running(&offer, now_us + 9 * LEASE_US));
    CHECK_NULL(offer_running(&offer, now_us + 10 * LEASE_US));
    offer_close(&offer);
}

/* As of an application that does not reach its store. */
static void test_without_lease(void)
{
    struct offer offer = {.path = path};
    int64_t now_us = 2 * EACH_US;
    answers_lease(&answers, 0);
    while (accept(listen_fd, NULL, NULL) >= 0)
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
