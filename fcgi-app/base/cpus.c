#include "base/cpus.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS_CGROUP_ROOT "/sys/fs/cgroup"

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

/* Reads the first line that starts with the prefix, without its end; false if there is none. */
static bool cpus_read_line(const char *path, const char *prefix, char *line, int size)
{
    FILE *file = fopen(path, "re");
    bool found = false;
    if (!file)
        return false;
    while (!found && fgets(line, size, file))
        found = strncmp(line, prefix, strlen(prefix)) == 0;
    fclose(file);
    line[strcspn(line, "\n")] = '\0';
    return found;
}

static int cpus_least(int a, int b)
{
    return b > 0 && b < a ? b : a;
}

static int cpus_of_cgroups(int cpus)
{
    char line[PATH_MAX], group[PATH_MAX], path[2 * PATH_MAX];
    /* The v2 hierarchy is the line "0::/path"; a container with its own cgroup namespace sees "/".
     */
    if (!cpus_read_line("/proc/self/cgroup", "0::", line, sizeof line))
        return cpus;
    snprintf(group, sizeof group, "%s", line + strlen("0::"));
    for (;;) {
        snprintf(path, sizeof path, CPUS_CGROUP_ROOT "%s/cpu.max", group);
        if (cpus_read_line(path, "", line, sizeof line))
            cpus = cpus_least(cpus, cpus_of_quota(line));
        char *slash = strrchr(group, '/');
        if (!slash)
            return cpus;
        *slash = '\0';
    }
}

int cpus_granted(void)
{
    cpu_set_t set;
    int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return cpus_of_cgroups(cpus);
}
