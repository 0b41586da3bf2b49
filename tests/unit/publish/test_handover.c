/* The memory arrives whole and of the right version, or not at all. */
#include "publish/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "publish/answers.h"
#include "suite.h"
#include "unit/publish/giver.h"

enum { SOON_MS = 50, LATE_MS = 20000, SLOW_MS = 1000, FDS = 16 };

static struct giver giver;

static int setup(void)
{
    return !giver_open(&giver, 0);
}

static int teardown(void)
{
    giver_close(&giver);
    return 0;
}

/* Descriptors that this process has open. */
static int open_fds(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void test_whole(void)
{
    struct handover handover;
    int before = open_fds(), client = handover_connect(giver.path);
    REQUIRE_COMPARE(client, >=, 0);
    int server = accept(giver.listen_fd, NULL, NULL);
    CHECK_INT(handover_receive(client, &handover), HANDOVER_YET);
    CHECK_TRUE(handover_send(server, giver.fds));
    REQUIRE_INT(handover_receive(client, &handover), HANDOVER_WHOLE);
    atomic_store(&giver.roster->generation, 7);
    CHECK_INT(atomic_load(&handover.roster->generation), 7);
    atomic_store(&handover.roster->generation, 0);
    CHECK_INT(atomic_load(&giver.roster->generation), 0);
    answers_lease(&giver.answers, 12);
    CHECK_INT(atomic_load(&handover.layout->lease_us), 12);
    CHECK_INT(handover.layout->product_route, 2);
    CHECK_COMPARE(atomic_load(&handover.metrics->series), >, 0);
    /* The reader cannot write: a page that it has is of a private or read-only kind. */
    CHECK_INT(mprotect(handover.layout, 4096, PROT_READ | PROT_WRITE), -1);
    handover_close(&handover);
    CHECK_NULL(handover.layout);
    close(server);
    CHECK_INT(handover_receive(client, &handover), HANDOVER_FAILED);
    close(client);
    CHECK_INT(open_fds(), before, "every descriptor is closed");
}

/* Sends a message as the application would, with a fault. */
static void send_as(int connection, uint64_t magic, uint64_t shape, const int *given, size_t count)
{
    uint64_t message[2] = {magic, shape};
    char control[CMSG_SPACE(FDS * sizeof(int))] __attribute__((aligned(8))) = "";
    struct iovec bytes = {message, shape ? sizeof message : sizeof message[0]};
    struct msghdr whole = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (count) {
        struct cmsghdr *header = (struct cmsghdr *)(void *)control;
        whole.msg_control = control;
        whole.msg_controllen = CMSG_SPACE(count * sizeof(int));
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        memcpy(CMSG_DATA(header), given, count * sizeof(int));
    }
    REQUIRE_COMPARE(sendmsg(connection, &whole, 0), >, 0);
}

/* Memory that is not as it has to be: of another size, of a size that can change, of no memory. */
static int unfit(size_t size, bool fixed)
{
    int fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    REQUIRE_INT(ftruncate(fd, (off_t)size), 0);
    if (fixed)
        REQUIRE_INT(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
    return fd;
}

static void test_unfit(void)
{
    const int small = unfit(4096, true), loose = unfit(sizeof(struct layout), false),
              blank = unfit(sizeof(struct layout), true),
              file = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int *const all = giver.fds;
    const uint64_t magic = LAYOUT_MAGIC, shape = layout_shape();
    const struct {
        int line;
        uint64_t magic, shape;
        int given[HANDOVER_PARTS + 1];
        size_t count;
    } rows[] = {
        {__LINE__, magic + 1, shape, {all[0], all[1], all[2]}, 3},
        {__LINE__, magic, shape + 1, {all[0], all[1], all[2]}, 3},
        {__LINE__, magic, 0, {all[0], all[1], all[2]}, 3}, /* too short */
        {__LINE__, magic, shape, {0}, 0},
        {__LINE__, magic, shape, {all[0], all[1]}, 2},
        {__LINE__, magic, shape, {all[0], all[1], all[2], all[2]}, 4},
        {__LINE__, magic, shape, {all[1], all[0], all[2]}, 3}, /* exchanged */
        {__LINE__, magic, shape, {small, all[1], all[2]}, 3},
        {__LINE__, magic, shape, {loose, all[1], all[2]}, 3},
        {__LINE__, magic, shape, {blank, all[1], all[2]}, 3}, /* without the magic within */
        {__LINE__, magic, shape, {file, all[1], all[2]}, 3},
        {__LINE__, magic, shape, {all[0], all[1], small}, 3},
    };
    int before = open_fds();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct handover handover;
        int pair[2];
        CHECK_ROW(rows[i].line);
        REQUIRE_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        send_as(pair[0], rows[i].magic, rows[i].shape, rows[i].given, rows[i].count);
        CHECK_INT(handover_receive(pair[1], &handover), HANDOVER_FAILED);
        CHECK_INT(errno, EPROTO);
        close(pair[0]);
        close(pair[1]);
        CHECK_INT(open_fds(), before, "every descriptor is closed");
    }
    close(small);
    close(loose);
    close(blank);
    close(file);
}

static void *look(void *ms)
{
    return handover_look(giver.path, *(const int *)ms) ? ms : NULL;
}

static void test_look(void)
{
    int late = LATE_MS, soon = SOON_MS, asked = 0;
    pthread_t thread;
    void *done;
    REQUIRE_INT(pthread_create(&thread, NULL, look, &late), 0);
    int server = accept(giver.listen_fd, NULL, NULL);
    CHECK_TRUE(handover_send(server, giver.fds));
    while (asked == 0)
        asked = handover_is_asked(server);
    CHECK_INT(asked, 1);
    CHECK_TRUE(handover_answer(server));
    pthread_join(thread, &done);
    CHECK_NOT_NULL(done);
    CHECK_INT(handover_is_asked(server), -1, "it has left");
    close(server);
    /* Nobody answers. */
    CHECK_NULL(look(&soon));
    server = accept(giver.listen_fd, NULL, NULL);
    close(server);
    CHECK_FALSE(handover_look("/nowhere/at/all", LATE_MS));
}

/* Each step takes a part of the time that there is for all. */
static void test_slow_look(void)
{
    int ms = SLOW_MS;
    pthread_t thread;
    void *done;
    int64_t start_us = clock_monotonic_us();
    REQUIRE_INT(pthread_create(&thread, NULL, look, &ms), 0);
    int server = accept(giver.listen_fd, NULL, NULL);
    clock_sleep_us(SLOW_MS * 900L);
    /* On a slow machine too late even for the first step. */
    (void)handover_send(server, giver.fds);
    pthread_join(thread, &done);
    CHECK_NULL(done);
    CHECK_COMPARE(clock_monotonic_us() - start_us, <, SLOW_MS * 1850L);
    close(server);
}

/* The application stands still, and nobody accepts: no place in the queue is waited for longer. */
static void test_full_queue(void)
{
    int clients[FDS], count = 0, soon = SOON_MS;
    while (count < FDS && (clients[count] = handover_connect(giver.path)) >= 0)
        count++;
    CHECK_INT(errno, EAGAIN);
    REQUIRE_COMPARE(count, <, FDS);
    CHECK_NULL(look(&soon));
    while (count-- > 0) {
        close(accept(giver.listen_fd, NULL, NULL));
        close(clients[count]);
    }
}

static void test_not_asked(void)
{
    int pair[2];
    REQUIRE_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    CHECK_INT(handover_is_asked(pair[0]), 0);
    CHECK_INT(send(pair[1], "lock", 4, 0), 4);
    CHECK_INT(handover_is_asked(pair[0]), -1);
    CHECK_INT(send(pair[1], "l", 1, 0), 1);
    CHECK_INT(handover_is_asked(pair[0]), -1);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"whole", test_whole},
        {"unfit", test_unfit},
        {"look", test_look},
        {"slow look", test_slow_look},
        {"full queue", test_full_queue},
        {"not asked", test_not_asked},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/publish/handover", setup, teardown, tests);
}
