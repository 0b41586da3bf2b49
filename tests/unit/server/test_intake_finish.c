/* What becomes of the connections that wait for a next request when their owner leaves. */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "server/intake.h"
#include "suite.h"
#include "unit/server/whole_request.h"

enum { CONNECTIONS = 2, REQUEST_SECONDS = 30, STEPS = 64 };

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct intake *intake;
static struct buffer request;
static int connections[CONNECTIONS];

static void give(int fd, const char *body)
{
    whole_request_write(&request, KEEPS, body);
    whole_request_give(fd, request.data, request.len);
}

/* The body of the next whole request is that; NULL: there is none. */
static void check_next(const char *body, bool keep)
{
    struct arrival *whole = NULL;
    sigset_t mask;
    sigemptyset(&mask);
    for (int i = 0; i < STEPS && !whole && intake_next(intake, 0, &mask, &whole); i++)
        continue;
    CHECK_INT(whole != NULL, body != NULL);
    if (!whole || !body)
        return;
    CHECK_BYTES(whole->in.body.data, whole->in.body.len, body, strlen(body));
    intake_done(intake, whole, keep);
}

static bool is_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* Each has had a request. The kernel chooses the listener's name. */
static bool open_connections(int listener, int call)
{
    socklen_t len = sizeof address;
    if (bind(listener, (const struct sockaddr *)&address, sizeof(sa_family_t)) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0 ||
        listen(listener, CONNECTIONS) != 0)
        return false;
    intake = intake_new(listener, call, REQUEST_SECONDS);
    for (int i = 0; i < CONNECTIONS && intake; i++) {
        connections[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK_INT(connect(connections[i], (const struct sockaddr *)&address, len), 0);
        give(connections[i], "first");
        check_next("first", true);
    }
    return intake != NULL;
}

/* What came before is served; who sends more is told that it cannot. */
static void test_finish(void)
{
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int call = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    buffer_init(&request, WHOLE_REQUEST_MAX);
    REQUIRE_TRUE(open_connections(listener, call));
    check_next(NULL, false);
    give(connections[0], "on its way");
    CHECK_FALSE(intake_finish(intake));
    for (int i = 0; i < CONNECTIONS; i++) {
        CHECK_INT(send(connections[i], "", 1, MSG_NOSIGNAL), -1);
        CHECK_INT(errno, EPIPE);
    }
    CHECK_FALSE(is_closed(connections[0]));
    check_next("on its way", false);
    check_next(NULL, false);
    CHECK_TRUE(intake_finish(intake));
    for (int i = 0; i < CONNECTIONS; i++) {
        CHECK_TRUE(is_closed(connections[i]));
        close(connections[i]);
    }
    intake_free(intake);
    buffer_free(&request);
    close(call);
    close(listener);
}

int main(void)
{
    CU_TestInfo tests[] = {{"finish", test_finish}, CU_TEST_INFO_NULL};
    return suite_run("unit/server/intake_finish", NULL, NULL, tests);
}
