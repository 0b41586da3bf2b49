#include "server/probe.h"

#include <linux/sockios.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "suite.h"

enum { PATH_SIZE = 96, TIMEOUT_MS = 20000, SHORT_MS = 50, REQUEST_SIZE = 512, NO_ANSWER = -1 };

#define RECORD "\1\6\0\1\0\50\0\0"

static char folder[] = "/tmp/postern-probe-XXXXXX";
static char path[PATH_SIZE];
static int listen_fd;

static int setup(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/s.sock", folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listen_fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return -1;
    return listen(listen_fd, 1);
}

static int teardown(void)
{
    close(listen_fd);
    unlink(path);
    return rmdir(folder);
}

/* The next byte when the one before was read. */
static bool send_bytes(int fd, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int queued = 1;
        if (send(fd, bytes + i, 1, MSG_NOSIGNAL) != 1)
            return false;
        while (ioctl(fd, SIOCOUTQ, &queued) == 0 && queued > 0)
            sched_yield();
    }
    return true;
}

/* A child that takes one connection, reads the request, checks that it asks for the path, answers,
 * in one piece or byte by byte, and leaves; a silent one waits until the other side has left. */
static pid_t serve_once(const char *asked, const char *answer, size_t len, bool bytes)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    char request[REQUEST_SIZE] = "";
    int fd = accept(listen_fd, NULL, NULL);
    ssize_t n = recv(fd, request, sizeof request, 0);
    bool right = n > 0 && memmem(request, (size_t)n, asked, strlen(asked)) != NULL;
    if (answer && bytes)
        right = send_bytes(fd, answer, len) && right;
    else if (answer)
        right = send(fd, answer, len, MSG_NOSIGNAL) == (ssize_t)len && right;
    else
        right = recv(fd, request, sizeof request, 0) == 0 && right;
    close(fd);
    _exit(right ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void test_get(void)
{
#define ANSWER(text) text, sizeof(text) - 1
    static const struct {
        int line;
        const char *path, *answer;
        size_t len;
        int timeout_ms, status;
        bool bytes;
    } rows[] = {
        {__LINE__, "/healthz", ANSWER(RECORD "Status: 200 OK\r\n"), TIMEOUT_MS, 200, true},
        {__LINE__, "/healthz", ANSWER(RECORD "Status: 200 OK\r\nA: b\r\n\r\n{}"), TIMEOUT_MS, 200,
         false},
        {__LINE__, "/readyz", ANSWER(RECORD "Status: 503 Gone\r\n\r\n"), TIMEOUT_MS, 503, false},
        {__LINE__, "/healthz", ANSWER(RECORD "Status: 200"), TIMEOUT_MS, NO_ANSWER, false},
        {__LINE__, "/healthz", ANSWER("\1\6\0"), TIMEOUT_MS, NO_ANSWER, false},
        {__LINE__, "/healthz", ANSWER("HTTP/1.1 200 OK\r\n\r\n"), TIMEOUT_MS, NO_ANSWER, false},
        {__LINE__, "/healthz", "", 0, TIMEOUT_MS, NO_ANSWER, false},
        {__LINE__, "/healthz", NULL, 0, SHORT_MS, NO_ANSWER, false},
    };
#undef ANSWER
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        const char *error = "";
        int left = 0;
        pid_t child = serve_once(rows[i].path, rows[i].answer, rows[i].len, rows[i].bytes);
        int status = probe_get(path, rows[i].path, rows[i].timeout_ms, &error);
        CHECK_INT(status, rows[i].status);
        if (status <= 0)
            CHECK_OTHER_TEXT(error, "");
        CHECK_INT(waitpid(child, &left, 0), child);
        CHECK_INT(left, 0);
    }
}

/* A part comes just in time, and the rest too late for all, but not for the wait that it ended. */
static void test_too_late(void)
{
    enum { WHOLE_MS = 400, SOON_MS = 300, LATER_MS = 300 };
    static const char start[] = RECORD "Status: ", rest[] = "200 OK\r\n";
    const char *error = "";
    pid_t child = fork();
    if (child == 0) {
        int fd = accept(listen_fd, NULL, NULL);
        clock_sleep_us(SOON_MS * INT64_C(1000));
        send(fd, start, sizeof start - 1, MSG_NOSIGNAL);
        clock_sleep_us(LATER_MS * INT64_C(1000));
        send(fd, rest, sizeof rest - 1, MSG_NOSIGNAL);
        _exit(EXIT_SUCCESS);
    }
    CHECK_INT(probe_get(path, "/healthz", WHOLE_MS, &error), NO_ANSWER);
    CHECK_INT(waitpid(child, NULL, 0), child);
}

static void test_nobody_listens(void)
{
    const char *error = "";
    CHECK_INT(probe_get("/nonexistent/s.sock", "/healthz", TIMEOUT_MS, &error), NO_ANSWER);
    CHECK_TEXT(error, "No such file or directory");
}

int main(void)
{
    CU_TestInfo tests[] = {{"get", test_get},
                           {"too late", test_too_late},
                           {"nobody listens", test_nobody_listens},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/server/probe", setup, teardown, tests);
}
