/* cpus: how many processors this process may use. */
#ifndef BASE_CPUS_H
#define BASE_CPUS_H

/* Reads the contents of a cgroup v2 cpu.max file ("200000 100000", "max 100000") and returns the
 * processors it grants, rounded up; 0 if it sets no limit or is not understood. (Linux kernel,
 * "Control Group v2", CPU Interface Files.) */
int cpus_of_quota(const char *cpu_max);

/* The processors granted by the CPU affinity and by the cgroup v2 quotas from this process's own
 * group up to the root, whichever is less; at least 1. */
int cpus_granted(void);

#endif
