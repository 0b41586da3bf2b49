#include "server/pace.h"

#include "check.h"
#include "suite.h"

enum { START_US = 700 * 1000 * 1000 };

/* What a publisher goes through, one step after the other, and when its next look is due then. */
static void test_steps(void)
{
    static const struct {
        int line;
        int64_t after_us; /* START_US */
        enum { LOOKED, FAILED, COUNTED } what;
        int64_t reads;  /* that were counted */
        int64_t due_us; /* after START_US */
    } rows[] = {
        {__LINE__, 0, LOOKED, 0, PACE_READ_US},
        {__LINE__, 60000, FAILED, 0, 60000 + PACE_FAILED_US},
        /* A read does not hurry on who has just failed. */
        {__LINE__, 70000, COUNTED, 6, 60000 + PACE_FAILED_US},
        {__LINE__, 2000000, LOOKED, 0, 2000000 + PACE_READ_US},
        /* Just before the pause is one. */
        {__LINE__, 70000 + PACE_QUIET_US - 1, COUNTED, 6, 2000000 + PACE_READ_US},
        {__LINE__, 70000 + PACE_QUIET_US - 1, LOOKED, 0, 70000 + PACE_QUIET_US - 1 + PACE_READ_US},
        {__LINE__, 70000 + PACE_QUIET_US, LOOKED, 0, 70000 + PACE_QUIET_US + PACE_UNREAD_US},
        {__LINE__, 20000000, COUNTED, 6, 70000 + PACE_QUIET_US + PACE_UNREAD_US},
        {__LINE__, 20000000, LOOKED, 0, 20000000 + PACE_UNREAD_US},
        {__LINE__, 20400000, COUNTED, 7, 20400000},
        {__LINE__, 20400001, LOOKED, 0, 20400001 + PACE_READ_US},
        {__LINE__, 20410000, COUNTED, 8, 20400001 + PACE_READ_US},
        /* Fewer than before, for another count. */
        {__LINE__, 40000000, COUNTED, 2, 40000000},
        {__LINE__, 40000000, FAILED, 0, 40000000 + PACE_FAILED_US},
    };
    struct pace pace;
    pace_start(&pace, 5, START_US);
    CHECK_INT(pace.next_us, START_US);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        int64_t now_us = START_US + rows[i].after_us;
        if (rows[i].what == COUNTED)
            pace_note(&pace, rows[i].reads, now_us);
        else
            pace_looked(&pace, rows[i].what == LOOKED, now_us);
        CHECK_INT(pace.next_us - START_US, rows[i].due_us);
    }
}

static void test_forgets(void)
{
    struct pace pace;
    pace_start(&pace, 0, START_US);
    CHECK_TRUE(pace_forgets(&pace, START_US + PACE_FORGET_US - 1),
               "what was there before it began");
    CHECK_FALSE(pace_forgets(&pace, START_US + PACE_FORGET_US));
    pace_looked(&pace, true, START_US + PACE_FORGET_US);
    pace_note(&pace, 1, START_US + PACE_FORGET_US);
    CHECK_FALSE(pace_forgets(&pace, START_US + PACE_FORGET_US), "neither is a change");
    pace_change(&pace, START_US + PACE_FORGET_US);
    CHECK_TRUE(pace_forgets(&pace, START_US + 2 * PACE_FORGET_US - 1));
    CHECK_FALSE(pace_forgets(&pace, START_US + 2 * PACE_FORGET_US));
}

int main(void)
{
    CU_TestInfo tests[] = {{"steps", test_steps}, {"forgets", test_forgets}, CU_TEST_INFO_NULL};
    return suite_run("unit/server/pace", NULL, NULL, tests);
}
