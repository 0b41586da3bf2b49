#include "config/cpus.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CPUS_PATH_SIZE = 2 * PATH_MAX, CPUS_NUMBER_SIZE = 32 };

int cpus_of_quota(const char *cpu_max)
{
    char *end;
    long quota = strtol(cpu_max, &end, 10);
    if (end == cpu_max || quota <= 0)
        return 0;
    const char *rest = end;
    long period = strtol(rest, &end, 10);
    if (end == rest || period <= 0)
        return 0;
    long cpus = quota / period + (quota % period != 0);
    return cpus > INT_MAX ? 0 : (int)cpus;
}

/* Reads a file's first line, without its end; false if there is none. */
static bool cpus_read_line(const char *folder, const char *name, char *line, int size)
{
    char path[CPUS_PATH_SIZE];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = length < (int)sizeof path ? fopen(path, "re") : NULL;
    if (!file)
        return false;
    bool found = fgets(line, size, file);
    fclose(file);
    line[found ? strcspn(line, "\n") : 0] = '\0';
    return found;
}

static int cpus_of_v2(const char *group)
{
    char line[2 * CPUS_NUMBER_SIZE];
    return cpus_read_line(group, "cpu.max", line, sizeof line) ? cpus_of_quota(line) : 0;
}

static int cpus_of_v1(const char *group)
{
    char quota[CPUS_NUMBER_SIZE], period[CPUS_NUMBER_SIZE], both[2 * CPUS_NUMBER_SIZE];
    if (!cpus_read_line(group, "cpu.cfs_quota_us", quota, sizeof quota) ||
        !cpus_read_line(group, "cpu.cfs_period_us", period, sizeof period))
        return 0;
    snprintf(both, sizeof both, "%s %s", quota, period);
    return cpus_of_quota(both);
}

/* Where a hierarchy that limits processors may be mounted. */
static const struct cpus_hierarchy {
    const char *controller; /* "" is v2's, which names none */
    const char *mount;
    int (*granted)(const char *group); /* 0: no limit */
} cpus_hierarchies[] = {
    {"", "/sys/fs/cgroup", cpus_of_v2},
    {"", "/sys/fs/cgroup/unified", cpus_of_v2}, /* beside v1 */
    {"cpu", "/sys/fs/cgroup/cpu", cpus_of_v1},
    {"cpu", "/sys/fs/cgroup/cpu,cpuacct", cpus_of_v1},
    {"cpu", "/sys/fs/cgroup/cpuacct,cpu", cpus_of_v1},
};

/* Whether the name is one of the list's, which has commas between. */
static bool cpus_lists(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (;;) {
        size_t end = strcspn(list, ",");
        if (end == length && strncmp(list, name, length) == 0)
            return true;
        if (list[end] == '\0')
            return false;
        list += end + 1;
    }
}

/* Finds the process's group in the lines "ID:CONTROLLERS:PATH"; false if there is none. */
static bool cpus_find_group(const char *root, const char *controller, char *group, size_t size)
{
    char path[PATH_MAX], line[CPUS_PATH_SIZE];
    bool found = false;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    while (!found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *list = strchr(line, ':');
        char *name = list ? strchr(list + 1, ':') : NULL;
        if (!name)
            continue;
        *name++ = '\0';
        found = cpus_lists(list + 1, controller) && strlen(name) < size;
        if (found)
            snprintf(group, size, "%s", name);
    }
    fclose(file);
    return found;
}

static int cpus_least(int a, int b)
{
    return b > 0 && b < a ? b : a;
}

/* A container's group is named as the host knows it, but may be mounted as the root. Then the
 * groups on the way are not there, and the root alone counts. */
static int cpus_of_hierarchy(const char *root, const struct cpus_hierarchy *hierarchy, int cpus)
{
    char name[PATH_MAX], group[CPUS_PATH_SIZE];
    if (!cpus_find_group(root, hierarchy->controller, name, sizeof name))
        return cpus;
    for (;;) {
        int length = snprintf(group, sizeof group, "%s%s%s", root, hierarchy->mount, name);
        if (length < (int)sizeof group)
            cpus = cpus_least(cpus, hierarchy->granted(group));
        char *slash = strrchr(name, '/');
        if (!slash)
            return cpus;
        *slash = '\0';
    }
}

int cpus_of_cgroups(const char *root, int cpus)
{
    for (size_t i = 0; i < sizeof cpus_hierarchies / sizeof cpus_hierarchies[0]; i++)
        cpus = cpus_of_hierarchy(root, &cpus_hierarchies[i], cpus);
    return cpus;
}

int cpus_granted(void)
{
    cpu_set_t set;
    int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return cpus_of_cgroups("", cpus);
}
