#include "base/clock.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "check.h"
#include "suite.h"

static void test_format(void)
{
    static const struct {
        int line;
        int64_t us;
        const char *text;
    } rows[] = {
        {__LINE__, 0, "1970-01-01T00:00:00.000Z"},
        {__LINE__, 999, "1970-01-01T00:00:00.000Z"},
        {__LINE__, 1000, "1970-01-01T00:00:00.001Z"},
        {__LINE__, INT64_C(1769860800123999), "2026-01-31T12:00:00.123Z"},
        {__LINE__, INT64_C(1709164799999999), "2024-02-28T23:59:59.999Z"},
        {__LINE__, INT64_C(1709164800000000), "2024-02-29T00:00:00.000Z"},
        {__LINE__, INT64_C(4102444800000000), "2100-01-01T00:00:00.000Z"},
        {__LINE__, INT64_C(253402300799999999), "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char text[CLOCK_TEXT_SIZE];
        clock_format(rows[i].us, text);
        CHECK_TEXT(text, rows[i].text);
    }
}

static void test_now(void)
{
    int64_t before = (int64_t)time(NULL) * 1000000, now = clock_now_us();
    int64_t after = ((int64_t)time(NULL) + 1) * 1000000;
    /* time() may be of the tick before. */
    CHECK_COMPARE(now, >=, before);
    CHECK_COMPARE(now, <=, after + 1000000);
}

static void test_monotonic(void)
{
    int64_t last = clock_monotonic_us();
    int back = 0;
    for (int i = 0; i < 10000; i++) {
        int64_t now = clock_monotonic_us();
        back += now < last;
        last = now;
    }
    CHECK_INT(back, 0);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signal_number)
{
    (void)signal_number;
    alarms = alarms + 1;
}

static void test_sleep_is_not_cut_short(void)
{
    enum { SLEEP_US = 60000, ALARM_US = 5000 };
    const struct sigaction act = {.sa_handler = on_alarm};
    const struct itimerval often = {{0, ALARM_US}, {0, ALARM_US}}, never = {{0, 0}, {0, 0}};
    alarms = 0;
    REQUIRE_INT(sigaction(SIGALRM, &act, NULL), 0);
    int64_t start = clock_monotonic_us();
    setitimer(ITIMER_REAL, &often, NULL);
    clock_sleep_us(SLEEP_US);
    setitimer(ITIMER_REAL, &never, NULL);
    CHECK_COMPARE(clock_monotonic_us() - start, >=, SLEEP_US);
    /* Else nothing was proved. */
    CHECK_COMPARE(alarms, >, 0);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"times are RFC 3339 in UTC", test_format},
        {"now is the time of day", test_now},
        {"the monotonic clock never goes back", test_monotonic},
        {"signals do not cut a sleep short", test_sleep_is_not_cut_short},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/base/clock", NULL, NULL, tests);
}
