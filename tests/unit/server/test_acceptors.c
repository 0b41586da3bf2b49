#include "server/acceptors.h"

#include <poll.h>

#include "base/clock.h"
#include "check.h"
#include "suite.h"

enum { WORKERS = 6, OTHERS = 2, ENOUGH = 2, LONG_US = 1000 * 1000 };

static struct scoreboard *board;
static struct acceptors acceptors;

static int setup(void)
{
    board = scoreboard_open(WORKERS, WORKERS + OTHERS);
    return !board || !acceptors_open(&acceptors, board, 1);
}

static int teardown(void)
{
    acceptors_close(&acceptors);
    scoreboard_close(board);
    return 0;
}

/* The first so many workers accept; nobody is called. */
static void begin(int count)
{
    acceptors_hear(acceptors.call_fd);
    atomic_store(&board->keeps, false);
    for (int i = 0; i < WORKERS; i++) {
        atomic_store(&board->slots[i].busy_since_us, 0);
        atomic_store(&board->slots[i].accepts, i < count);
    }
}

static int count(void)
{
    int n = 0;
    for (int i = 0; i < WORKERS; i++)
        n += atomic_load(&board->slots[i].accepts);
    return n;
}

/* Takes the call, if there is one. */
static bool is_called(void)
{
    struct pollfd call = {.fd = acceptors.call_fd, .events = POLLIN};
    bool called = poll(&call, 1, 0) == 1;
    acceptors_hear(acceptors.call_fd);
    return called;
}

static void test_enough(void)
{
    static const struct {
        int line, cpus, enough;
    } rows[] = {{__LINE__, 1, ENOUGH}, {__LINE__, 2, 2}, {__LINE__, 3, 3}, {__LINE__, 64, 64}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acceptors some;
        CHECK_ROW(rows[i].line);
        CHECK_TRUE(acceptors_open(&some, board, rows[i].cpus));
        CHECK_INT(some.enough, rows[i].enough);
        acceptors_close(&some);
    }
}

/* All begin; those that are too many go, whatever their turn. */
static void test_spare(void)
{
    begin(0);
    for (int i = 0; i < WORKERS; i++)
        acceptors_join(&board->slots[i]);
    CHECK_INT(count(), WORKERS);
    for (int i = WORKERS - 1; i >= 0; i--)
        CHECK_INT(acceptors_can_spare(&acceptors, &board->slots[i]), i >= ENOUGH, "worker %d", i);
    CHECK_INT(count(), ENOUGH);
    CHECK_FALSE(is_called());
}

/* Who leaves calls another, but only if there are too few. */
static void test_leave(void)
{
    begin(ENOUGH + 1);
    acceptors_leave(&acceptors, &board->slots[0]);
    CHECK_FALSE(is_called());
    acceptors_leave(&acceptors, &board->slots[1]);
    CHECK_TRUE(is_called());
    /* It has left already. */
    acceptors_leave(&acceptors, &board->slots[1]);
    CHECK_FALSE(is_called());
    /* Who was called comes, and stays. */
    acceptors_join(&board->slots[WORKERS - 1]);
    CHECK_FALSE(acceptors_can_spare(&acceptors, &board->slots[WORKERS - 1]));
    CHECK_INT(count(), ENOUGH);
    /* Who waited comes back, and then there are too many again. */
    acceptors_join(&board->slots[0]);
    CHECK_TRUE(acceptors_can_spare(&acceptors, &board->slots[0]));
}

/* One that is busy for long does not accept. The master sees it, and that one has died. */
static void test_mend(void)
{
    begin(ENOUGH);
    acceptors_mend(&acceptors);
    CHECK_FALSE(is_called());
    /* Not yet for long, however slow this machine is. */
    atomic_store(&board->slots[0].busy_since_us, clock_monotonic_us() + LONG_US);
    acceptors_mend(&acceptors);
    CHECK_FALSE(is_called());
    atomic_store(&board->slots[0].busy_since_us, clock_monotonic_us() - LONG_US);
    acceptors_mend(&acceptors);
    CHECK_TRUE(is_called());
    acceptors_join(&board->slots[ENOUGH]);
    CHECK_FALSE(acceptors_can_spare(&acceptors, &board->slots[ENOUGH]));
    acceptors_mend(&acceptors);
    CHECK_FALSE(is_called());
    /* As when the master buries it. */
    atomic_store(&board->slots[1].accepts, false);
    acceptors_mend(&acceptors);
    CHECK_TRUE(is_called());
}

/* Where the web server keeps connections, nobody can be spared. One is called, and the
 * others see it at their next look. */
static void test_need_all(void)
{
    begin(WORKERS);
    CHECK_TRUE(acceptors_can_spare(&acceptors, &board->slots[0]));
    acceptors_need_all(&acceptors);
    CHECK_TRUE(is_called());
    acceptors_join(&board->slots[0]);
    CHECK_FALSE(acceptors_can_spare(&acceptors, &board->slots[0]));
    CHECK_INT(count(), WORKERS);
    acceptors_need_all(&acceptors);
    CHECK_FALSE(is_called());
}

int main(void)
{
    CU_TestInfo tests[] = {{"enough", test_enough},     {"spare", test_spare},
                           {"leave", test_leave},       {"mend", test_mend},
                           {"need all", test_need_all}, CU_TEST_INFO_NULL};
    return suite_run("unit/server/acceptors", setup, teardown, tests);
}
