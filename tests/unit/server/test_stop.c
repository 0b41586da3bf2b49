#include "server/stop.h"

#include <unistd.h>

#include "check.h"
#include "suite.h"

static void test_pending(void)
{
    static const struct {
        int line;
        int signal;
        bool stops;
    } rows[] = {
        {__LINE__, SIGTERM, true}, {__LINE__, SIGINT, true},   {__LINE__, SIGQUIT, true},
        {__LINE__, SIGHUP, false}, {__LINE__, SIGUSR1, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        sigset_t set;
        sigemptyset(&set);
        stop_add_to(&set);
        CHECK_INT(sigismember(&set, rows[i].signal), rows[i].stops);
        sigaddset(&set, rows[i].signal);
        sigprocmask(SIG_BLOCK, &set, NULL);
        CHECK_FALSE(stop_is_pending());
        kill(getpid(), rows[i].signal);
        CHECK_INT(stop_is_pending(), rows[i].stops);
        sigemptyset(&set);
        sigaddset(&set, rows[i].signal);
        sigwaitinfo(&set, NULL);
        CHECK_FALSE(stop_is_pending());
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"pending", test_pending}, CU_TEST_INFO_NULL};
    return suite_run("unit/server/stop", NULL, NULL, tests);
}
