#include "base/cpus.h"

#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

static void test_quota(void)
{
    static const struct {
        int line;
        const char *cpu_max;
        int cpus;
    } rows[] = {
        {__LINE__, "100000 100000", 1}, {__LINE__, "200000 100000\n", 2},
        {__LINE__, "150000 100000", 2}, {__LINE__, "1000 100000", 1},
        {__LINE__, "100001 100000", 2}, {__LINE__, "50000 25000", 2},
        {__LINE__, "max 100000\n", 0},  {__LINE__, "", 0},
        {__LINE__, "0 100000", 0},      {__LINE__, "-1 100000", 0},
        {__LINE__, "100000", 0},        {__LINE__, "100000 0", 0},
        {__LINE__, "100000 -5", 0},     {__LINE__, "100000 x", 0},
        {__LINE__, "x 100000", 0},      {__LINE__, "9223372036854775807 1", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        SUITE_ROW(&rows[i], cpus_of_quota(rows[i].cpu_max) == rows[i].cpus);
}

static void test_granted(void)
{
    cpu_set_t set;
    CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof set, &set), 0);
    int cpus = cpus_granted();
    SUITE_CHECK(cpus >= 1 && cpus <= CPU_COUNT(&set), "%d of %d", cpus, CPU_COUNT(&set));
}

/* In a child, so that the other tests keep their processors. */
static void test_affinity(void)
{
    pid_t child = fork();
    if (child == 0) {
        cpu_set_t all, one;
        int cpu = 0;
        if (sched_getaffinity(0, sizeof all, &all) != 0)
            _exit(100);
        while (!CPU_ISSET(cpu, &all))
            cpu++;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        _exit(sched_setaffinity(0, sizeof one, &one) == 0 ? cpus_granted() : 101);
    }
    int status = -1;
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
    SUITE_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %d", status);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a quota is rounded up to processors", test_quota},
        {"at least one processor is granted, and none that is not there", test_granted},
        {"the affinity is kept to", test_affinity},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/base/cpus", NULL, NULL, tests);
}
