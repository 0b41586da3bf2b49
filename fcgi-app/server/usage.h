/* usage: what /proc tells of one process of ours. */
#ifndef SERVER_USAGE_H
#define SERVER_USAGE_H

#include <stdint.h>
#include <sys/types.h>

/* Bytes of memory: its own, and its part of what it shares. -1 if that is not told. */
int64_t usage_memory(pid_t pid);

/* How many descriptors it has open; -1 if that is not told. */
int usage_descriptors(pid_t pid);

#endif
