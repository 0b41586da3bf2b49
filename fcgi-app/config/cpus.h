/* cpus: how many processors this process may use. */
#ifndef CONFIG_CPUS_H
#define CONFIG_CPUS_H

/* Reads the contents of a cgroup v2 cpu.max file ("200000 100000", "max 100000") and returns the
 * processors it grants, rounded up; 0 if it sets no limit or is not understood. (Linux kernel,
 * "Control Group v2", CPU Interface Files.) */
int cpus_of_quota(const char *cpu_max);

/* The least of cpus and the processors that the CPU quotas grant, from this process's own cgroup up
 * to the root of the mount. The quotas are cgroup v2's cpu.max, and v1's cpu.cfs_quota_us with
 * cpu.cfs_period_us. (Linux kernel, "Control Groups version 1", "CFS Bandwidth Control";
 * cgroups(7).) /proc and /sys are looked for in the folder root, "" for the system's. */
int cpus_of_cgroups(const char *root, int cpus);

/* The processors granted by the CPU affinity and by the cgroups, whichever is less; at least 1. */
int cpus_granted(void);

#endif
