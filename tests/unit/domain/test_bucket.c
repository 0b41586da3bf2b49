#include "domain/bucket.h"

#include "check.h"
#include "suite.h"

#define SECOND INT64_C(1000000000)
#define START  (1000 * SECOND)

/* Takes what it can, a request each step of the fake clock, and counts. */
static int take_for(const struct bucket_limit *limit, int64_t *full, int64_t from, int64_t until,
                    int64_t step)
{
    int taken = 0;
    for (int64_t now = from; now < until; now += step)
        taken += bucket_take(limit, *full, now, full);
    return taken;
}

static void test_rate(void)
{
    static const struct {
        int line;
        struct bucket_limit limit;
        int64_t span, step;
        int least, most; /* that are admitted, starting full */
    } rows[] = {
        {__LINE__, {10, 1}, 10 * SECOND, SECOND / 1000, 100, 100},
        {__LINE__, {10, 20}, 10 * SECOND, SECOND / 1000, 119, 120},
        {__LINE__, {1, 1}, 10 * SECOND, SECOND / 100, 10, 10},
        {__LINE__, {1, 5}, SECOND / 2, SECOND / 100, 5, 5},
        {__LINE__, {50, 100}, 30 * SECOND, SECOND / 500, 1599, 1600},
        {__LINE__, {3, 3}, 100 * SECOND, SECOND / 90, 302, 303},
        /* Intervals that are no whole number of nanoseconds. */
        {__LINE__, {30000, 1}, SECOND, 1000, 29000, 30001},
        {__LINE__, {99999, 100}, SECOND, 2000, 100000, 100102},
        /* Who keeps to the rate is never refused, even with a burst of one. */
        {__LINE__, {50, 1}, 10 * SECOND, SECOND / 50, 500, 500},
        {__LINE__, {100000, 1000000}, SECOND, 1000, 1000000, 1000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t full = 0;
        CHECK_ROW(rows[i].line);
        int taken = take_for(&rows[i].limit, &full, START, START + rows[i].span, rows[i].step);
        CHECK_COMPARE(taken, >=, rows[i].least);
        CHECK_COMPARE(taken, <=, rows[i].most);
    }
}

/* The bucket refills to its burst, and no further, however long nobody comes. */
static void test_idle(void)
{
    const struct bucket_limit limit = {5, 10};
    int64_t full = 0;
    CHECK_INT(take_for(&limit, &full, START, START + 100, 1), 10);
    CHECK_INT(take_for(&limit, &full, START + SECOND, START + SECOND + 100, 1), 5);
    CHECK_INT(take_for(&limit, &full, START + 3600 * SECOND, START + 3600 * SECOND + 100, 1), 10);
    /* A refusal costs nothing. */
    int64_t before = full;
    CHECK_FALSE(bucket_take(&limit, full, START + 3600 * SECOND, &full));
    CHECK_INT(full, before);
}

static void test_tell(void)
{
    static const struct {
        int line;
        struct bucket_limit limit;
        int64_t lack;
        int quota, window_s, left, reset_s;
    } rows[] = {
        {__LINE__, {50, 100}, 0, 100, 2, 100, 1},
        {__LINE__, {50, 100}, SECOND / 50, 100, 2, 99, 1},
        {__LINE__, {50, 100}, SECOND / 50 - 1, 100, 2, 99, 1},
        {__LINE__, {50, 100}, SECOND / 50 + 1, 100, 2, 98, 1},
        {__LINE__, {50, 100}, 3 * SECOND / 2, 100, 2, 25, 2},
        {__LINE__, {50, 100}, 2 * SECOND, 100, 2, 0, 1},
        {__LINE__, {1, 5}, 5 * SECOND, 5, 5, 0, 1},
        {__LINE__, {1, 5}, 5 * SECOND - 1, 5, 5, 0, 1},
        {__LINE__, {1, 5}, 4 * SECOND, 5, 5, 1, 4},
        {__LINE__, {1, 5}, 2 * SECOND + 1, 5, 5, 2, 3},
        /* A burst that is no multiple of the rate: the rate that is told stays the true one. */
        {__LINE__, {20, 30}, 0, 40, 2, 30, 1},
        {__LINE__, {50, 1}, SECOND / 50, 50, 1, 0, 1},
        {__LINE__, {1, 1}, SECOND, 1, 1, 0, 1},
        {__LINE__, {100000, 1000000}, 0, 1000000, 10, 1000000, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        for (int admitted = 0; admitted <= 1; admitted++) {
            struct bucket_state state =
                bucket_tell(&rows[i].limit, START + rows[i].lack, START, admitted);
            CHECK_TRUE(state.limited);
            CHECK_INT(state.admitted, admitted);
            CHECK_INT(state.quota, rows[i].quota);
            CHECK_INT(state.window_s, rows[i].window_s);
            CHECK_INT(state.left, rows[i].left);
            CHECK_INT(state.reset_s, rows[i].reset_s);
        }
    }
}

/* After a refusal: a second too early may be in vain, the time that was told is not. */
static void test_wait_is_true(void)
{
    static const struct bucket_limit limits[] = {{1, 1}, {1, 7},  {3, 2},
                                                 {7, 7}, {50, 1}, {60000, 3}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        CHECK_OF("rate %d, burst %d", limits[i].rate, limits[i].burst);
        int64_t full = 0, next;
        for (int64_t now = START; now < START + 5 * SECOND; now += SECOND / 37) {
            while (bucket_take(&limits[i], full, now, &full))
                continue;
            struct bucket_state state = bucket_tell(&limits[i], full, now, false);
            CHECK_TRUE(bucket_take(&limits[i], full, now + state.reset_s * SECOND, &next));
        }
    }
}

static void test_refit(void)
{
    static const struct {
        int line;
        struct bucket_limit from, to;
        int taken; /* from a full bucket */
        int left;  /* afterwards, with the new limit */
    } rows[] = {
        {__LINE__, {50, 100}, {50, 100}, 30, 70}, {__LINE__, {1, 100}, {100, 100}, 100, 0},
        {__LINE__, {100, 100}, {1, 100}, 60, 40}, {__LINE__, {10, 100}, {10, 50}, 60, 40},
        {__LINE__, {10, 100}, {10, 50}, 10, 50},  {__LINE__, {10, 10}, {10, 100}, 10, 0},
        {__LINE__, {10, 10}, {10, 100}, 4, 6},    {__LINE__, {10, 10}, {7, 3}, 0, 3},
        {__LINE__, {1, 4}, {50, 50}, 0, 50},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t full = 0;
        CHECK_ROW(rows[i].line);
        for (int n = 0; n < rows[i].taken; n++)
            CHECK_TRUE(bucket_take(&rows[i].from, full, START, &full));
        full = bucket_refit(&rows[i].from, &rows[i].to, full, START);
        CHECK_INT(bucket_tell(&rows[i].to, full, START, true).left, rows[i].left);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"the rate on a fake clock", test_rate},
                           {"idle time and refusals", test_idle},
                           {"what is told", test_tell},
                           {"whoever waits is admitted", test_wait_is_true},
                           {"another limit keeps the level", test_refit},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/domain/bucket", NULL, NULL, tests);
}
