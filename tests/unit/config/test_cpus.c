#include "config/cpus.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
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
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(cpus_of_quota(rows[i].cpu_max), rows[i].cpus);
    }
}

enum { FILES_MAX = 5, DEPTH_MAX = 16 };

struct file {
    const char *path;
    const char *text;
};

#define V2    "/sys/fs/cgroup"
#define V1    "/sys/fs/cgroup/cpu"
#define GROUP "/proc/self/cgroup"

/* What a process finds, of 8 processors, and how many it may use. */
static const struct {
    int line;
    struct file files[FILES_MAX];
    int cpus;
} systems[] = {
    {__LINE__, {{"/proc/none", ""}}, 8},
    {__LINE__, {{GROUP, ""}}, 8},
    {__LINE__, {{GROUP, "no line of a cgroup\n0:\n"}, {V2 "/cpu.max", "200000 100000\n"}}, 8},
    /* v2: the least on the way up */
    {__LINE__, {{GROUP, "0::/\n"}, {V2 "/cpu.max", "150000 100000\n"}}, 2},
    {__LINE__, {{GROUP, "0::/\n"}, {V2 "/cpu.max", "max 100000\n"}}, 8},
    {__LINE__, {{GROUP, "0::/a/b\n"}, {V2 "/a/b/cpu.max", "300000 100000\n"}}, 3},
    {__LINE__,
     {{GROUP, "0::/a/b\n"},
      {V2 "/a/b/cpu.max", "300000 100000\n"},
      {V2 "/a/cpu.max", "200000 100000\n"},
      {V2 "/cpu.max", "400000 100000\n"}},
     2},
    {__LINE__, {{GROUP, "0::/a\n"}, {V2 "/b/cpu.max", "100000 100000\n"}}, 8},
    {__LINE__, {{GROUP, "0::/a\n"}, {V2 "/unified/a/cpu.max", "100000 100000\n"}}, 1},
    /* v1: its own group */
    {__LINE__,
     {{GROUP, "9:pids:/p\n4:cpu:/a\n0::/\n"},
      {V1 "/a/cpu.cfs_quota_us", "150000\n"},
      {V1 "/a/cpu.cfs_period_us", "100000\n"}},
     2},
    {__LINE__,
     {{GROUP, "4:cpu:/a\n"},
      {V1 "/a/cpu.cfs_quota_us", "25000\n"},
      {V1 "/a/cpu.cfs_period_us", "100000\n"}},
     1},
    {__LINE__,
     {{GROUP, "4:cpu:/a\n"},
      {V1 "/a/cpu.cfs_quota_us", "-1\n"},
      {V1 "/a/cpu.cfs_period_us", "100000\n"}},
     8},
    {__LINE__, {{GROUP, "4:cpu:/a\n"}, {V1 "/a/cpu.cfs_quota_us", "200000\n"}}, 8},
    {__LINE__, {{GROUP, "4:cpu:/a\n"}, {V1 "/a/cpu.cfs_period_us", "100000\n"}}, 8},
    {__LINE__,
     {{GROUP, "4:cpu:/a\n"},
      {V1 "/a/cpu.cfs_quota_us", ""},
      {V1 "/a/cpu.cfs_period_us", "100000\n"}},
     8},
    /* v1: the group above it */
    {__LINE__,
     {{GROUP, "4:cpu:/a/b\n"},
      {V1 "/a/b/cpu.cfs_quota_us", "300000\n"},
      {V1 "/a/b/cpu.cfs_period_us", "100000\n"},
      {V1 "/a/cpu.cfs_quota_us", "100000\n"},
      {V1 "/a/cpu.cfs_period_us", "50000\n"}},
     2},
    /* v1 in a container: the group's name is the host's, the limit is at the root of the mount */
    {__LINE__,
     {{GROUP, "4:cpuacct,cpu:/docker/0123456789abcdef\n"},
      {V1 "/cpu.cfs_quota_us", "150000\n"},
      {V1 "/cpu.cfs_period_us", "100000\n"}},
     2},
    /* v1 mounted together with cpuacct, without the link cpu */
    {__LINE__,
     {{GROUP, "4:cpu,cpuacct:/a\n"},
      {V2 "/cpu,cpuacct/a/cpu.cfs_quota_us", "200000\n"},
      {V2 "/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"}},
     2},
    {__LINE__,
     {{GROUP, "4:cpuacct,cpu:/a\n"},
      {V2 "/cpuacct,cpu/a/cpu.cfs_quota_us", "200000\n"},
      {V2 "/cpuacct,cpu/a/cpu.cfs_period_us", "100000\n"}},
     2},
    /* v1: another controller's group does not count */
    {__LINE__,
     {{GROUP, "4:cpuset:/a\n3:cpuacct:/a\n2:name=cpu:/a\n"},
      {V1 "/a/cpu.cfs_quota_us", "200000\n"},
      {V1 "/a/cpu.cfs_period_us", "100000\n"}},
     8},
    /* v1 and v2: the least */
    {__LINE__,
     {{GROUP, "4:cpu:/\n0::/\n"},
      {V1 "/cpu.cfs_quota_us", "300000\n"},
      {V1 "/cpu.cfs_period_us", "100000\n"},
      {V2 "/cpu.max", "200000 100000\n"}},
     2},
};

static bool put_file(const char *root, const struct file *file)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s%s", root, file->path);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *to = fopen(path, "we");
    if (!to)
        return false;
    bool put = fputs(file->text, to) >= 0;
    return fclose(to) == 0 && put;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static void test_cgroups(void)
{
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++) {
        CHECK_ROW(systems[i].line);
        char root[] = "/tmp/test_cpus.XXXXXX";
        REQUIRE_NOT_NULL(mkdtemp(root));
        for (int f = 0; f < FILES_MAX && systems[i].files[f].path; f++)
            CHECK_TRUE(put_file(root, &systems[i].files[f]));
        CHECK_INT(cpus_of_cgroups(root, 8), systems[i].cpus);
        CHECK_INT(nftw(root, remove_one, DEPTH_MAX, FTW_DEPTH | FTW_PHYS), 0);
    }
}

static bool affinity_fails;

/* In place of libc's: it fails where the machine has more processors than the set has room for. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
    if (affinity_fails) {
        errno = EINVAL;
        return -1;
    }
    memset(set, 0, size);
    return syscall(SYS_sched_getaffinity, pid, size, set) < 0 ? -1 : 0;
}

static void test_unknown_affinity(void)
{
    affinity_fails = true;
    CHECK_INT(cpus_granted(), 1);
    affinity_fails = false;
}

static void test_granted(void)
{
    cpu_set_t set;
    REQUIRE_INT(sched_getaffinity(0, sizeof set, &set), 0);
    int cpus = cpus_granted();
    CHECK_COMPARE(cpus, >=, 1, "%d of %d", cpus, CPU_COUNT(&set));
    CHECK_COMPARE(cpus, <=, CPU_COUNT(&set), "%d of %d", cpus, CPU_COUNT(&set));
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
    REQUIRE_INT(waitpid(child, &status, 0), child);
    CHECK_TRUE(WIFEXITED(status), "status %d", status);
    CHECK_INT(WEXITSTATUS(status), 1, "status %d", status);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a quota is rounded up to processors", test_quota},
        {"the least quota of a process's cgroups counts, v1's and v2's", test_cgroups},
        {"at least one processor is granted, and none that is not there", test_granted},
        {"the affinity is kept to", test_affinity},
        {"one is granted if the affinity is not known", test_unknown_affinity},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/config/cpus", NULL, NULL, tests);
}
