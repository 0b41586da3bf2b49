#include "server/intake.h"

#include <errno.h>
#include <fastcgi.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "server/record.h"
#include "suite.h"
#include "unit/server/whole_request.h"

enum {
    BACKLOG = 512,
    REQUEST_SECONDS = 30,
    SECOND_US = 1000000,
    STEPS = 1024,
    STARVED_STEPS = 3,
    STARVED_STEP_US = 10 * 1000
};

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_len = sizeof(sa_family_t);
static int listener = -1, call = -1;
static struct intake *intake;
static sigset_t mask;
static struct buffer request;

/* The kernel chooses an abstract name. */
static int setup(void)
{
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(listener, (const struct sockaddr *)&address, address_len) < 0)
        return 1;
    address_len = sizeof address;
    call = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    buffer_init(&request, WHOLE_REQUEST_MAX);
    sigemptyset(&mask);
    return getsockname(listener, (struct sockaddr *)&address, &address_len) < 0 ||
           listen(listener, BACKLOG) < 0;
}

static int teardown(void)
{
    buffer_free(&request);
    close(call);
    return close(listener);
}

static int connect_one(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_INT(connect(fd, (const struct sockaddr *)&address, address_len), 0);
    return fd;
}

static void give_request(int fd, const char *begin, const char *body)
{
    whole_request_write(&request, begin, body);
    whole_request_give(fd, request.data, request.len);
}

/* The next whole one; NULL once nothing happens any more. */
static struct arrival *next(void)
{
    struct arrival *whole = NULL;
    for (int i = 0; i < STEPS && !whole && intake_next(intake, 0, &mask, &whole); i++)
        continue;
    return whole;
}

static void check_next(const char *body, bool keep)
{
    struct arrival *whole = next();
    CHECK_NOT_NULL(whole);
    if (!whole)
        return;
    CHECK_BYTES(whole->in.body.data, whole->in.body.len, body, strlen(body));
    intake_done(intake, whole, keep);
}

/* Whether the other end is closed. */
static bool is_closed(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static bool open_intake(void)
{
    intake = intake_new(listener, call, REQUEST_SECONDS);
    return intake != NULL;
}

static void test_whole_at_once(void)
{
    REQUIRE_TRUE(open_intake());
    CHECK_NULL(next());
    int fd = connect_one();
    give_request(fd, ENDS, "one");
    check_next("one", false);
    CHECK_TRUE(is_closed(fd));
    CHECK_INT(intake->open, 0);
    close(fd);
    intake_free(intake);
}

static void test_pieces(void)
{
    REQUIRE_TRUE(open_intake());
    int fd = connect_one();
    whole_request_write(&request, ENDS, "piece by piece");
    for (size_t i = 0; i < request.len; i++) {
        CHECK_NULL(next(), "whole before byte %zu", i);
        CHECK_INT(intake->open, 1);
        whole_request_give(fd, request.data + i, 1);
    }
    check_next("piece by piece", false);
    close(fd);
    intake_free(intake);
}

/* One that says nothing and one with half a record come first, and hold nobody up. */
static void test_others_wait(void)
{
    REQUIRE_TRUE(open_intake());
    int silent = connect_one(), half = connect_one();
    whole_request_write(&request, ENDS, "half");
    whole_request_give(half, request.data, request.len / 2);
    for (int i = 0; i < 3; i++) {
        int fd = connect_one();
        give_request(fd, ENDS, "whole");
        check_next("whole", false);
        close(fd);
    }
    whole_request_write(&request, ENDS, "half");
    whole_request_give(half, request.data + request.len / 2, request.len - request.len / 2);
    check_next("half", false);
    CHECK_FALSE(intake_finish(intake));
    close(silent);
    CHECK_NULL(next());
    CHECK_INT(intake->open, 0);
    close(half);
    intake_free(intake);
}

static void test_kept(void)
{
    REQUIRE_TRUE(open_intake());
    int kept = connect_one(), other = connect_one();
    give_request(kept, KEEPS, "first");
    check_next("first", true);
    CHECK_FALSE(is_closed(kept));
    give_request(other, ENDS, "other");
    check_next("other", false);
    CHECK_INT(intake->open, 1);
    for (int i = 0; i < 3; i++) {
        give_request(kept, KEEPS, "next");
        check_next("next", true);
    }
    whole_request_write(&request, KEEPS, "in halves");
    whole_request_give(kept, request.data, 5);
    CHECK_NULL(next());
    CHECK_INT(intake->open, 1);
    whole_request_give(kept, request.data + 5, request.len - 5);
    check_next("in halves", true);
    close(kept);
    CHECK_NULL(next());
    CHECK_INT(intake->open, 0);
    close(other);
    intake_free(intake);
}

/* Requests at the same time on one connection are not offered. */
static void test_followed(void)
{
    REQUIRE_TRUE(open_intake());
    int fd = connect_one();
    whole_request_write(&request, KEEPS, "first");
    size_t len = request.len;
    char twice[256];
    REQUIRE_COMPARE(2 * len, <=, sizeof twice);
    memcpy(twice, request.data, len);
    memcpy(twice + len, request.data, len);
    whole_request_give(fd, twice, 2 * len);
    check_next("first", true);
    CHECK_TRUE(is_closed(fd));
    CHECK_NULL(next());
    close(fd);
    intake_free(intake);
}

static void test_broken(void)
{
    REQUIRE_TRUE(open_intake());
    int noise = connect_one(), left = connect_one();
    whole_request_give(noise, "GET / HTTP/1.1\r\n\r\n", 18);
    whole_request_write(&request, ENDS, "left");
    whole_request_give(left, request.data, request.len - 1);
    CHECK_NULL(next());
    CHECK_TRUE(is_closed(noise));
    CHECK_INT(intake->open, 1);
    shutdown(left, SHUT_WR);
    CHECK_NULL(next());
    CHECK_INT(intake->open, 0);
    close(noise);
    close(left);
    intake_free(intake);
}

/* What a web server asks before its request is answered at once. */
static void test_values(void)
{
    static const char head[] = "\1\12\0\0\0\23\0\0\16\3FCGI_MAX_CONNS";
    char got[64] = "", wanted[16];
    REQUIRE_TRUE(open_intake());
    int fd = connect_one();
    buffer_reset(&request, WHOLE_REQUEST_MAX);
    record_put(&request, FCGI_GET_VALUES, 0, "\16\0FCGI_MAX_CONNS", 16);
    whole_request_give(fd, request.data, request.len);
    CHECK_NULL(next());
    REQUIRE_COMPARE(recv(fd, got, sizeof got - 1, MSG_DONTWAIT), >=, sizeof head - 1);
    CHECK_BYTES(got, sizeof head - 1, head, sizeof head - 1);
    snprintf(wanted, sizeof wanted, "%d", INTAKE_PLACES);
    CHECK_TEXT(got + sizeof head - 1, wanted);
    give_request(fd, KEEPS, "then");
    check_next("then", true);
    CHECK_FALSE(is_closed(fd));
    close(fd);
    intake_free(intake);
}

/* Whoever asks more than there is room for is let go. */
static void test_values_without_end(void)
{
    REQUIRE_TRUE(open_intake());
    int fd = connect_one();
    buffer_reset(&request, WHOLE_REQUEST_MAX);
    for (int i = 0; i < 1000; i++)
        record_put(&request, FCGI_GET_VALUES, 0, "", 0);
    whole_request_give(fd, request.data, request.len);
    CHECK_NULL(next());
    CHECK_INT(intake->open, 0);
    close(fd);
    intake_free(intake);
}

/* Makes the one connection older, and looks what became of it. */
static bool ends_after(int fd, int64_t quiet_us, int64_t since_us)
{
    intake->arrivals[0].last_us -= quiet_us;
    intake->arrivals[0].since_us -= since_us;
    intake->swept_us = 0;
    CHECK_NULL(next());
    return is_closed(fd);
}

static void test_deadlines(void)
{
    static const struct {
        int line;
        bool kept;
        size_t begun; /* bytes of a request */
        int64_t quiet_us, since_us;
        bool ends;
    } rows[] = {
        {__LINE__, false, 0, INTAKE_SILENT_US - SECOND_US, 0, false},
        {__LINE__, false, 0, INTAKE_SILENT_US, 0, true},
        {__LINE__, false, 5, INTAKE_SILENT_US, 0, true},
        {__LINE__, false, 5, 0, (int64_t)REQUEST_SECONDS * SECOND_US - SECOND_US, false},
        {__LINE__, false, 5, 0, (int64_t)REQUEST_SECONDS * SECOND_US, true},
        {__LINE__, true, 0, INTAKE_SILENT_US, 0, false},
        {__LINE__, true, 0, INTAKE_KEPT_US, 0, true},
        {__LINE__, true, 5, INTAKE_SILENT_US, 0, true},
        {__LINE__, true, 5, 0, (int64_t)REQUEST_SECONDS * SECOND_US, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        REQUIRE_TRUE(open_intake());
        int fd = connect_one();
        if (rows[i].kept) {
            give_request(fd, KEEPS, "kept");
            check_next("kept", true);
        }
        whole_request_write(&request, ENDS, "");
        whole_request_give(fd, request.data, rows[i].begun);
        CHECK_NULL(next());
        CHECK_INT(ends_after(fd, rows[i].quiet_us, rows[i].since_us), rows[i].ends);
        close(fd);
        intake_free(intake);
    }
}

/* A request's time begins with its first byte, not with the connection that was kept. */
static void test_time_of_a_kept_one(void)
{
    REQUIRE_TRUE(open_intake());
    int fd = connect_one();
    give_request(fd, KEEPS, "kept");
    check_next("kept", true);
    CHECK_FALSE(
        ends_after(fd, (int64_t)REQUEST_SECONDS * SECOND_US, (int64_t)REQUEST_SECONDS * SECOND_US));
    whole_request_write(&request, KEEPS, "late");
    whole_request_give(fd, request.data, 5);
    CHECK_NULL(next());
    CHECK_FALSE(ends_after(fd, 0, 0));
    whole_request_give(fd, request.data + 5, request.len - 5);
    check_next("late", false);
    close(fd);
    intake_free(intake);
}

/* All places are taken: the one that has been quiet for longest makes room. */
static void test_full(void)
{
    static int fds[INTAKE_PLACES];
    REQUIRE_TRUE(open_intake());
    for (int i = 0; i < INTAKE_PLACES; i++)
        fds[i] = connect_one();
    CHECK_NULL(next());
    CHECK_INT(intake->open, INTAKE_PLACES);
    intake->arrivals[7].last_us = 1;
    int fd = connect_one();
    give_request(fd, ENDS, "late");
    check_next("late", false);
    CHECK_INT(intake->open, INTAKE_PLACES - 1);
    /* They have their places in the order in which they came. */
    for (int i = 0; i < INTAKE_PLACES; i++) {
        CHECK_INT(is_closed(fds[i]), i == 7, "%d", i);
        close(fds[i]);
    }
    CHECK_NULL(next());
    CHECK_INT(intake->open, 0);
    close(fd);
    intake_free(intake);
}

/* A body that is too long to be held is read to its end, so that it can be answered. */
static void test_long_body(void)
{
    static char body[WHOLE_REQUEST_MAX / 2];
    REQUIRE_TRUE(open_intake());
    int fd = connect_one();
    memset(body, 'x', sizeof body - 1);
    whole_request_write(&request, ENDS, body);
    struct arrival *whole = NULL;
    for (size_t sent = 0; sent < request.len && !whole;) {
        ssize_t n = send(fd, request.data + sent, request.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        REQUIRE_TRUE(n > 0 || errno == EAGAIN);
        sent += n > 0 ? (size_t)n : 0;
        whole = next();
    }
    whole = whole ? whole : next();
    CHECK_NOT_NULL(whole);
    if (!whole)
        return;
    CHECK_INT(whole->in.body.len, 0);
    CHECK_TRUE(whole->in.body.overflown);
    intake_done(intake, whole, false);
    close(fd);
    intake_free(intake);
}

/* The connections that it has go on. */
static void test_stop_accepting(void)
{
    REQUIRE_TRUE(open_intake());
    int before = connect_one();
    CHECK_NULL(next());
    intake_set_accepts(intake, false);
    int after = connect_one();
    give_request(after, ENDS, "after");
    CHECK_NULL(next());
    give_request(before, ENDS, "before");
    check_next("before", false);
    CHECK_NULL(next());
    CHECK_INT(intake->open, 0);
    intake_free(intake);
    /* Another worker takes it. */
    REQUIRE_TRUE(open_intake());
    check_next("after", false);
    intake_free(intake);
    close(before);
    close(after);
}

/* What was given out is left alone until its answer, however long that takes and whatever its
 * client does; others go on. */
static void test_served_meanwhile(void)
{
    struct arrival *whole[2], *none;
    REQUIRE_TRUE(open_intake());
    int kept = connect_one(), fresh = connect_one();
    give_request(kept, KEEPS, "kept");
    check_next("kept", true);
    give_request(kept, KEEPS, "again");
    give_request(fresh, ENDS, "fresh");
    for (int i = 0; i < 2; i++) {
        whole[i] = next();
        REQUIRE_NOT_NULL(whole[i]);
        whole[i]->last_us = whole[i]->since_us = 0;
    }
    close(kept);
    int silent = connect_one();
    intake->swept_us = 0;
    CHECK_NULL(next());
    CHECK_INT(intake_next(intake, 0, &mask, &none), INTAKE_NOTHING);
    CHECK_FALSE(is_closed(fresh));
    CHECK_FALSE(intake_finish(intake));
    int other = connect_one();
    give_request(other, ENDS, "other");
    check_next("other", false);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(whole[i]->in.body.len, strlen("fresh"));
        intake_done(intake, whole[i], false);
    }
    CHECK_TRUE(is_closed(fresh));
    close(silent);
    close(fresh);
    close(other);
    intake_free(intake);
}

/* One that does not accept is woken by a call, once. */
static void test_call(void)
{
    const uint64_t one = 1;
    struct arrival *whole;
    REQUIRE_TRUE(open_intake());
    intake_set_accepts(intake, false);
    CHECK_FALSE(intake_next(intake, 0, &mask, &whole));
    CHECK_INT(write(call, &one, sizeof one), sizeof one);
    intake_set_accepts(intake, true);
    CHECK_FALSE(intake_next(intake, 0, &mask, &whole));
    intake_set_accepts(intake, false);
    CHECK_TRUE(intake_next(intake, 0, &mask, &whole));
    CHECK_NULL(whole);
    CHECK_FALSE(intake_next(intake, 0, &mask, &whole));
    int fd = connect_one();
    give_request(fd, ENDS, "called");
    CHECK_NULL(next());
    intake_set_accepts(intake, true);
    check_next("called", false);
    close(fd);
    intake_free(intake);
}

/* Without a descriptor it pauses; the connection stays in the queue. With one it goes on. */
static void test_no_descriptor(void)
{
    struct rlimit limit, none;
    struct arrival *whole;
    REQUIRE_TRUE(open_intake());
    int fd = connect_one();
    give_request(fd, ENDS, "later");
    REQUIRE_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    REQUIRE_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
    int64_t since = clock_monotonic_us();
    for (int i = 0; i < STARVED_STEPS; i++)
        intake_next(intake, 0, &mask, &whole);
    int64_t took = clock_monotonic_us() - since;
    REQUIRE_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_COMPARE(took, >=, STARVED_STEPS * STARVED_STEP_US);
    check_next("later", false);
    close(fd);
    intake_free(intake);
}

int main(void)
{
    CU_TestInfo tests[] = {{"whole at once", test_whole_at_once},
                           {"pieces", test_pieces},
                           {"others wait", test_others_wait},
                           {"kept", test_kept},
                           {"followed", test_followed},
                           {"broken", test_broken},
                           {"values", test_values},
                           {"values without end", test_values_without_end},
                           {"deadlines", test_deadlines},
                           {"time of a kept one", test_time_of_a_kept_one},
                           {"full", test_full},
                           {"long body", test_long_body},
                           {"stop accepting", test_stop_accepting},
                           {"served meanwhile", test_served_meanwhile},
                           {"call", test_call},
                           {"no descriptor", test_no_descriptor},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/server/intake", setup, teardown, tests);
}
