#include "publish/roster.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "suite.h"

#define SECOND INT64_C(1000000000)
#define START  (1000 * SECOND)

enum { THREADS = 3, ROUNDS = 300, CHANGES = 500000, LINES = 200, TENTH = LINES / 10 };

static struct roster *roster;
static struct consumers consumers;
static atomic_bool stop;

static int setup(void)
{
    roster = calloc(1, sizeof *roster);
    return roster ? 0 : 1;
}

static int teardown(void)
{
    free(roster);
    return 0;
}

static void publish(const char *text, int64_t now)
{
    struct consumers_fault fault;
    consumers.count = 0;
    REQUIRE_TRUE(consumers_add_text(&consumers, text, &fault), "%s", fault.why);
    roster_publish(roster, &consumers, now);
}

static void start(const char *text)
{
    memset(roster, 0, sizeof *roster);
    publish(text, START);
}

/* Takes until it is refused, at most 1000 times. */
static int drain(const char *endpoint, int64_t now)
{
    struct roster_entry entry;
    int taken = 0;
    roster_find(roster, endpoint, &entry);
    while (taken < 1000 && roster_take(roster, &entry, now).admitted)
        taken++;
    return taken;
}

static void test_find(void)
{
    static const struct {
        int line;
        const char *endpoint, *consumer;
        bool denied;
        int rate, burst;
    } rows[] = {
        {__LINE__, "vpce-0a", "a", false, 5, 10},
        {__LINE__, "vpce-0a0", "vpce-0a0", false, 7, 7},
        {__LINE__, "vpce-0b", "b", true, 0, 0},
        {__LINE__, "vpce-0c", "a", false, 5, 10},
        {__LINE__, "vpce-0", "vpce-0", false, 2, 3},
        {__LINE__, "vpce-0d", "vpce-0d", false, 2, 3},
        {__LINE__, "-", "local", false, 0, 0},
    };
    struct roster_entry entry;
    memset(roster, 0, sizeof *roster);
    roster_find(roster, "vpce-0a", &entry);
    CHECK_TEXT(entry.consumer, "vpce-0a");
    CHECK_FALSE(entry.denied);
    CHECK_FALSE(roster_take(roster, &entry, START).limited);
    start("vpce-0c a rate=5;- local;vpce-0b b denied;* other rate=2 burst=3;vpce-0a a rate=5;"
          "vpce-0a0 - rate=7 burst=7");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        roster_find(roster, rows[i].endpoint, &entry);
        CHECK_TEXT(entry.consumer, rows[i].consumer);
        CHECK_INT(entry.denied, rows[i].denied);
        CHECK_INT(entry.limit.rate, rows[i].rate);
        CHECK_INT(entry.limit.burst, rows[i].burst);
    }
    start("vpce-0a a");
    roster_find(roster, "-", &entry);
    CHECK_TEXT(entry.consumer, "-");
    CHECK_INT(entry.limit.rate, 0);
}

static void test_buckets(void)
{
    start("vpce-0a a rate=5;vpce-0b a rate=5;vpce-0c c rate=5 burst=3;* - rate=1 burst=4");
    CHECK_INT(drain("vpce-0a", START), 10);
    CHECK_INT(drain("vpce-0b", START), 0); /* the same consumer */
    CHECK_INT(drain("vpce-0c", START), 3);
    CHECK_INT(drain("vpce-0d", START), 4); /* each unlisted endpoint for itself */
    CHECK_INT(drain("vpce-0e", START), 4);
    CHECK_INT(drain("vpce-0b", START + SECOND), 5);
    CHECK_INT(drain("vpce-0a", START + SECOND), 0);
    CHECK_INT(drain("vpce-0d", START + SECOND), 1);
    CHECK_INT(drain("-", START), 1000);
}

/* What a consumer has left stays, wherever its line goes; who is new starts full. */
static void test_levels_stay(void)
{
    start("vpce-0b b rate=5 burst=10;vpce-0c c rate=5 burst=10;* - rate=1 burst=4");
    CHECK_INT(drain("vpce-0b", START), 10);
    CHECK_INT(drain("vpce-0d", START), 4);
    publish("vpce-0a a rate=5 burst=10;vpce-0b b rate=5 burst=10;vpce-0bb b rate=5 burst=10;"
            "* - rate=1 burst=4",
            START);
    CHECK_INT(drain("vpce-0a", START), 10);
    CHECK_INT(drain("vpce-0b", START), 0);
    CHECK_INT(drain("vpce-0bb", START), 0);
    CHECK_INT(drain("vpce-0d", START), 0);
    publish("vpce-0b b rate=100 burst=200;* - rate=50 burst=50", START);
    CHECK_INT(drain("vpce-0b", START), 0);
    CHECK_INT(drain("vpce-0d", START), 0);
    CHECK_INT(drain("vpce-0b", START + SECOND / 10), 10);
    CHECK_INT(drain("vpce-0d", START + SECOND / 10), 5);
    CHECK_INT(drain("vpce-0a", START), 50); /* unlisted now */
    /* Without a limit for a while, and with one again: it starts full. */
    publish("vpce-0b b", START);
    CHECK_INT(drain("vpce-0b", START), 1000);
    publish("vpce-0b b rate=1 burst=6;vpce-0c c rate=1 burst=6", START);
    CHECK_INT(drain("vpce-0b", START), 6);
    CHECK_INT(drain("vpce-0c", START), 6);
}

/* Nor does it change if only one half of the limit does. */
static void test_half_a_limit_changes(void)
{
    static const struct {
        int line;
        const char *limits;
        int after_a_second;
    } rows[] = {
        {__LINE__, "vpce-0b b rate=5 burst=20;* - rate=5 burst=20", 5},
        {__LINE__, "vpce-0b b rate=7 burst=10;* - rate=7 burst=10", 7},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        start("vpce-0b b rate=5 burst=10;* - rate=5 burst=10");
        CHECK_INT(drain("vpce-0b", START), 10);
        CHECK_INT(drain("vpce-0d", START), 10);
        publish(rows[i].limits, START);
        CHECK_INT(drain("vpce-0b", START), 0);
        CHECK_INT(drain("vpce-0d", START), 0);
        CHECK_INT(drain("vpce-0b", START + SECOND), rows[i].after_a_second);
        CHECK_INT(drain("vpce-0d", START + SECOND), rows[i].after_a_second);
    }
}

/* More unlisted endpoints than buckets: whoever is quiet makes room, and the busy one keeps what it
 * has. */
static void test_many_unlisted(void)
{
    char id[ENDPOINT_ID_SIZE];
    start("* - rate=1 burst=4");
    CHECK_INT(drain("vpce-0a", START + 10 * SECOND), 4);
    for (int i = 0; i < 2 * ROSTER_UNLISTED_SETS * ROSTER_UNLISTED_WAYS; i++) {
        snprintf(id, sizeof id, "vpce-1%08x", i);
        struct roster_entry entry;
        roster_find(roster, id, &entry);
        CHECK_TRUE(roster_take(roster, &entry, START + 10 * SECOND).limited);
    }
    CHECK_INT(drain("vpce-0a", START + 10 * SECOND), 0);
}

/* A table that changes all the time, ids of the longest kind: each reader finds the consumers that
 * stay, with a limit of one of the two tables. */
static void fill(int round)
{
    consumers.count = LINES;
    for (int i = 0; i < LINES; i++) {
        struct consumers_line *line = &consumers.lines[i];
        *line = (struct consumers_line){.rate = 1 + round % 2, .burst = 1 + round % 2};
        snprintf(line->endpoint, sizeof line->endpoint, "vpce-%029x%030x", i,
                 i % 10 == 5 ? 0 : 1 + round % 2);
        snprintf(line->name, sizeof line->name, "n%d", i % 10 == 5 ? i : i + round % 2);
    }
    /* A short table in between: a reader that mixed the two would miss most. */
    if (round % 3 != 0)
        return;
    consumers.count = 0;
    for (int i = 5; i < LINES; i += 10)
        consumers.lines[consumers.count++] = consumers.lines[i];
}

static void *read_on(void *argument)
{
    long *wrong = argument;
    for (int i = 0; !atomic_load(&stop); i = (i + 7) % TENTH) {
        struct roster_entry entry;
        char id[ENDPOINT_ID_SIZE], name[CONSUMERS_NAME_SIZE];
        snprintf(id, sizeof id, "vpce-%029x%030x", i * 10 + 5, 0);
        snprintf(name, sizeof name, "n%d", i * 10 + 5);
        roster_find(roster, id, &entry);
        *wrong += strcmp(entry.consumer, name) != 0 || entry.limit.rate != entry.limit.burst;
        snprintf(id, sizeof id, "vpce-%029x%030x", i * 10, 0);
        roster_find(roster, id, &entry);
        *wrong += strcmp(entry.consumer, id) != 0 || entry.limit.rate != 0;
    }
    return NULL;
}

static void test_never_torn(void)
{
    pthread_t threads[THREADS];
    long wrong[THREADS] = {0};
    memset(roster, 0, sizeof *roster);
    fill(1);
    roster_publish(roster, &consumers, START);
    atomic_store(&stop, false);
    for (int i = 0; i < THREADS; i++)
        REQUIRE_INT(pthread_create(&threads[i], NULL, read_on, &wrong[i]), 0);
    for (int i = 0; i < ROUNDS; i++) {
        fill(i);
        roster_publish(roster, &consumers, START);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(wrong[i], 0, "reader %d", i);
    }
}

static pthread_barrier_t together;

static void *take_on(void *argument)
{
    long *taken = argument;
    struct roster_entry entry;
    roster_find(roster, "vpce-0a", &entry);
    pthread_barrier_wait(&together);
    for (int i = 0; i < CHANGES; i++)
        *taken += roster_take(roster, &entry, START).admitted;
    return NULL;
}

/* Of one bucket no token is given twice, and none is lost. */
static void test_exact_count(void)
{
    pthread_t threads[THREADS];
    long taken[THREADS] = {0}, all = 0;
    start("vpce-0a a rate=1 burst=1000000");
    REQUIRE_INT(pthread_barrier_init(&together, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++)
        REQUIRE_INT(pthread_create(&threads[i], NULL, take_on, &taken[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        all += taken[i];
    }
    pthread_barrier_destroy(&together);
    CHECK_INT(all, 1000000);
}

int main(void)
{
    CU_TestInfo tests[] = {{"who calls, and what holds", test_find},
                           {"whose bucket it is", test_buckets},
                           {"levels stay when the table changes", test_levels_stay},
                           {"levels stay when half a limit changes", test_half_a_limit_changes},
                           {"more unlisted endpoints than buckets", test_many_unlisted},
                           {"no reader sees a table half-written", test_never_torn},
                           {"tokens are counted exactly", test_exact_count},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/publish/roster", setup, teardown, tests);
}
