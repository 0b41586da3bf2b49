/* Connecting before a deadline, and closing without taking the answer back. */
#include "base/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "suite.h"

enum { PATH_SIZE = 96, LONG_SIZE = 256, QUEUED_MAX = 16, SOON_MS = 50, LATE_MS = 20000, GONE = -1 };

static char folder[] = "/tmp/postern-socket-XXXXXX";
static char path[PATH_SIZE], missing[PATH_SIZE], too_long[LONG_SIZE];
static int listen_fd;

static int setup(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%.60s/s.sock", folder);
    snprintf(missing, sizeof missing, "%.60s/missing", folder);
    memset(too_long, 'a', sizeof too_long - 1);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listen_fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    return listen(listen_fd, 1);
}

static int teardown(void)
{
    close(listen_fd);
    unlink(path);
    return rmdir(folder);
}

static void test_connect(void)
{
    char byte = 'a';
    int fd = socket_connect(path, LATE_MS), accepted = accept(listen_fd, NULL, NULL);
    REQUIRE_COMPARE(fd, >=, 0);
    CHECK_INT(send(fd, &byte, 1, 0), 1);
    CHECK_INT(recv(accepted, &byte, 1, 0), 1);
    close(accepted);
    close(fd);
    CHECK_INT(socket_connect(missing, LATE_MS), -1);
    CHECK_INT(errno, ENOENT);
    CHECK_INT(socket_connect(too_long, LATE_MS), -1);
    CHECK_INT(errno, ENAMETOOLONG);
}

/* Nobody accepts: once the queue is full, it waits no longer than it may. */
static void test_full_queue(void)
{
    int fds[QUEUED_MAX], count = 0;
    while (count < QUEUED_MAX && (fds[count] = socket_connect(path, SOON_MS)) >= 0)
        count++;
    CHECK_INT(errno, EAGAIN);
    CHECK_COMPARE(count, >, 0);
    REQUIRE_COMPARE(count, <, QUEUED_MAX);
    while (count-- > 0) {
        close(accept(listen_fd, NULL, NULL));
        close(fds[count]);
    }
}

/* One that took the connection says nothing. */
static void test_silence(void)
{
    char byte;
    int fd = socket_connect(path, SOON_MS), accepted = accept(listen_fd, NULL, NULL);
    CHECK_INT(recv(fd, &byte, 1, 0), -1);
    CHECK_INT(errno, EAGAIN);
    close(accepted);
    close(fd);
}

static void test_fail(void)
{
    int fd = dup(listen_fd);
    errno = EPERM;
    CHECK_INT(socket_fail(fd), -1);
    CHECK_INT(errno, EPERM);
    CHECK_INT(fcntl(fd, F_GETFD), -1);
    errno = EPERM;
    CHECK_INT(socket_fail(GONE), -1);
    CHECK_INT(errno, EPERM);
}

static void test_close(void)
{
    int fd = dup(listen_fd), closed = fd;
    errno = EPERM;
    socket_close(&fd);
    CHECK_INT(errno, EPERM);
    CHECK_INT(fd, -1);
    CHECK_INT(fcntl(closed, F_GETFD), -1);
    socket_close(&fd);
    CHECK_INT(fd, -1);
}

/* The client sends more than is read before it is answered. */
static void test_close_answered(void)
{
    static const char question[] = "a question, and more";
    char answer[sizeof "an answer"] = "";
    int ends[2];
    REQUIRE_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    CHECK_INT(send(ends[0], question, sizeof question, 0), sizeof question);
    CHECK_INT(send(ends[1], "an answer", sizeof answer, 0), sizeof answer);
    socket_close_answered(ends[1]);
    CHECK_INT(recv(ends[0], answer, sizeof answer, 0), sizeof answer);
    CHECK_TEXT(answer, "an answer");
    CHECK_INT(recv(ends[0], answer, sizeof answer, 0), 0);
    close(ends[0]);
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"connect", test_connect}, {"a full queue", test_full_queue},
        {"silence", test_silence}, {"fail", test_fail},
        {"close", test_close},     {"close what was answered", test_close_answered},
        CU_TEST_INFO_NULL};
    return suite_run("unit/base/socket", setup, teardown, tests);
}
