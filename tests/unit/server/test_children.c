/* What the master keeps of a process that has ended: nothing that others would wait for, and when
 * the next one may start. The processes are this test's own. */
#include "server/children.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "suite.h"

enum { WORKERS = 2, WRITER = WORKERS, WAIT_US = 10 * 1000 * 1000, TICK_US = 1000, STAYS = -1 };

static struct config config = {
    .workers = WORKERS, .request_seconds = 60, .store_timeout_ms = 60000};
static struct listener listener = {.fd = -1, .probe_fd = -1};
static struct relay_door door;
static struct children children;

static void begin(void)
{
    REQUIRE_TRUE(relay_door_open(&door, WORKERS));
    struct child given = {.config = &config,
                          .listener = &listener,
                          .door = &door,
                          .master = getpid(),
                          .board = scoreboard_open(WORKERS, children_count(&config, &listener))};
    REQUIRE_NOT_NULL(given.board);
    REQUIRE_TRUE(children_open(&children, &given));
}

static void end(void)
{
    scoreboard_close(children.given.board);
    children_close(&children);
    relay_door_close(&door);
}

/* A process that does nothing, and ends by itself only with an exit status to end with. */
static pid_t begin_process(int exit_status)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (exit_status != STAYS)
        _exit(exit_status);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        pause();
}

/* Puts a process in the place, as one that was started then. */
static void put(int i, int64_t started_us, int exit_status)
{
    struct children_one *one = &children.list[i];
    one->pid = begin_process(exit_status);
    REQUIRE_COMPARE(one->pid, >, 0);
    one->started_us = started_us;
    children.alive[one->kind]++;
}

/* Waits until the end of the process in the place is noted. */
static void reap(int i, bool ending)
{
    for (int64_t until = clock_monotonic_us() + WAIT_US;
         children.list[i].pid && clock_monotonic_us() < until; clock_sleep_us(TICK_US))
        children_reap(&children, ending);
    REQUIRE_INT(children.list[i].pid, 0);
}

static void take_away(int i)
{
    kill(children.list[i].pid, SIGKILL);
    reap(i, false);
}

/* A drain waits for who is busy, and the writer begins what waits: neither is to be left of a
 * worker that died with a request. */
static void test_nothing_is_left(void)
{
    begin();
    struct scoreboard *board = children.given.board;
    for (int i = 0; i <= WRITER; i++) {
        put(i, clock_monotonic_us(), STAYS);
        atomic_store(&board->slots[i].busy_since_us, clock_monotonic_us());
    }
    uint64_t numbers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        numbers[i] = relay_ticket_draw(&door.tickets[(size_t)i * RELAY_WAITING_MAX]);
    take_away(0);
    CHECK_INT(children.alive[CHILDREN_WORKER], WORKERS - 1);
    CHECK_INT(atomic_load(&board->slots[0].busy_since_us), 0);
    CHECK_FALSE(relay_ticket_take(&door.tickets[0], numbers[0]));
    /* The others go on. */
    CHECK_COMPARE(atomic_load(&board->slots[1].busy_since_us), >, 0);
    CHECK_TRUE(relay_ticket_take(&door.tickets[RELAY_WAITING_MAX], numbers[1]));
    CHECK_FALSE(scoreboard_is_quiet(board, 0, 0));
    take_away(1);
    CHECK_TRUE(scoreboard_is_quiet(board, 0, 0));
    CHECK_INT(children.alive[CHILDREN_WORKER], 0);
    take_away(WRITER);
    CHECK_INT(atomic_load(&board->slots[WRITER].busy_since_us), 0);
    CHECK_INT(children.alive[CHILDREN_WRITER], 0);
    end();
}

static void test_delay(void)
{
    /* One that is to have lived for no time starts in the future, for this machine may be slow. */
    enum { SECOND = 1000 * 1000, YOUNG = -600 * SECOND };
    static const struct {
        int line;
        int64_t lived_us, backoff_us, delay_us, next_us;
    } rows[] = {
        {__LINE__, YOUNG, 0, 0, 50000},
        {__LINE__, YOUNG, 50000, 50000, 100000},
        {__LINE__, YOUNG, 2400000, 2400000, 4800000},
        {__LINE__, YOUNG, 3200000, 3200000, 5000000},
        {__LINE__, YOUNG, 5000000, 5000000, 5000000},
        {__LINE__, SECOND, 0, 0, 50000},
        {__LINE__, SECOND, 5000000, 0, 50000},
    };
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct children_one *one = &children.list[0];
        one->backoff_us = rows[i].backoff_us;
        int64_t before = clock_monotonic_us();
        put(0, before - rows[i].lived_us, STAYS);
        take_away(0);
        CHECK_COMPARE(one->respawn_us, >=, before + rows[i].delay_us);
        CHECK_COMPARE(one->respawn_us, <=, clock_monotonic_us() + rows[i].delay_us);
        CHECK_INT(one->backoff_us, rows[i].next_us);
    }
    end();
}

/* Whoever is busy for too long is killed, whatever his place; the writer has longer. */
static void test_stuck(void)
{
    static const int64_t second_us = INT64_C(1000000);
    static const struct {
        int line, place;
        int seconds; /* since it is busy; 0: it waits */
        bool killed;
    } rows[] = {
        {__LINE__, 0, 0, false}, {__LINE__, 0, 1, false},       {__LINE__, 0, 61, true},
        {__LINE__, 1, 61, true}, {__LINE__, WRITER, 61, false}, {__LINE__, WRITER, 124, true},
    };
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        int place = rows[i].place;
        struct scoreboard_slot *slot = &children.given.board->slots[place];
        int64_t since = rows[i].seconds ? clock_monotonic_us() - rows[i].seconds * second_us : 0;
        put(place, clock_monotonic_us(), STAYS);
        atomic_store(&slot->busy_since_us, since);
        atomic_store(&slot->accepts, true);
        children_kill_stuck(&children);
        CHECK_INT(atomic_load(&slot->busy_since_us), rows[i].killed ? 0 : since);
        CHECK_INT(atomic_load(&slot->accepts), !rows[i].killed);
        if (rows[i].killed)
            reap(place, false);
        else
            take_away(place);
    }
    end();
}

/* An end is logged unless it was wanted, and went well. */
static void test_log(void)
{
    static const struct {
        int line;
        bool ending;
        int exit_status;
        const char *said;
    } rows[] = {
        {__LINE__, false, 0, "\"worker ended\",\"pid\":%d,\"exit\":0,\"signal\":0}"},
        {__LINE__, false, 3, "\"worker ended\",\"pid\":%d,\"exit\":3,\"signal\":0}"},
        {__LINE__, true, 0, ""},
        {__LINE__, true, 3, "\"worker ended\",\"pid\":%d,\"exit\":3,\"signal\":0}"},
    };
    char log[1024], said[256];
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        FILE *file = tmpfile();
        int saved = dup(STDERR_FILENO);
        REQUIRE_TRUE(file && dup2(fileno(file), STDERR_FILENO) >= 0);
        put(0, clock_monotonic_us(), rows[i].exit_status);
        int pid = children.list[0].pid;
        reap(0, rows[i].ending);
        dup2(saved, STDERR_FILENO);
        close(saved);
        rewind(file);
        log[fread(log, 1, sizeof log - 1, file)] = '\0';
        fclose(file);
        snprintf(said, sizeof said, rows[i].said, pid);
        if (*said)
            CHECK_CONTAINS(log, said);
        else
            CHECK_TEXT(log, "");
    }
    end();
}

int main(void)
{
    static CU_TestInfo tests[] = {{"nothing is left of one that died", test_nothing_is_left},
                                  {"the delay before the next one", test_delay},
                                  {"one that is stuck", test_stuck},
                                  {"the log of an end", test_log},
                                  CU_TEST_INFO_NULL};
    return suite_run("unit/server/children", NULL, NULL, tests);
}
