/* process: what /proc tells of the processes under test. */
#ifndef TESTS_E2E_PROCESS_H
#define TESTS_E2E_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "e2e/pair.h"

enum { PROCESS_WORKERS_MAX = 64 };

/* Whether it runs; a zombie that nobody reaps does not. */
bool process_runs(pid_t pid);

/* Whether a STOP has stopped it. */
bool process_is_stopped(pid_t pid);

/* Sends it STOP, and waits until it stands still: on a busy machine it may go on for a while, and
 * take what comes next. False if it has not stopped within 30 s. */
bool process_stop(pid_t pid);

/* The processor time that it has used, in ticks of 10 ms, or -1. */
long process_ticks(pid_t pid);

/* Waits until it does not run; false after timeout_ms. */
bool process_wait_end(pid_t pid, int timeout_ms);

/* Waits for the end of a child and returns its wait status; -1, and the child is killed, after
 * timeout_ms. */
int process_reap(pid_t pid, int timeout_ms);

/* Runs a program to its end, in this process's environment and streams; argv ends with NULL.
 * Returns what process_exit says; INT_MIN, and it is killed, after timeout_ms. */
int process_run(const char *const *argv, int timeout_ms);

/* What a wait status says: the exit status, or minus the signal that ended the process; INT_MIN for
 * process_reap's -1. */
int process_exit(int wait_status);

/* Memory that is its own, in KiB (private pages and its part of shared ones), or -1. */
int64_t process_memory_kb(pid_t pid);

/* The sum over the pair's workers, or -1. */
int64_t process_workers_memory_kb(const struct pair *pair);

/* Waits until the pair has that many workers, none of them one of old[0..old_count); false after
 * timeout_ms. */
bool process_wait_workers(const struct pair *pair, size_t count, const pid_t *old, size_t old_count,
                          int timeout_ms);

/* Whether DIR/name, a log, holds the text; waits for it up to timeout_ms. */
bool process_wait_log(const struct pair *pair, const char *name, const char *text, int timeout_ms);

/* The last lines of DIR/name, to be shown; borrowed until the next call. Not for several threads.
 */
const char *process_log_end(const struct pair *pair, const char *name);

/* Checks (see check.h) that a log holds a text, or that it does not, and show its last lines. */
#define CHECK_LOG(pair, name, text, timeout_ms)                                                    \
    CHECK_TRUE(process_wait_log(pair, name, text, timeout_ms), "no \"%s\" in %s, which ends:\n%s", \
               text, name, process_log_end(pair, name))
#define CHECK_NO_LOG(pair, name, text)                                                             \
    CHECK_FALSE(process_wait_log(pair, name, text, 0), "\"%s\" in %s, which ends:\n%s", text,      \
                name, process_log_end(pair, name))

#endif
