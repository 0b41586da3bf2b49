#include "e2e/process.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e/load.h"

enum { PROCESS_TICK_MS = 10, PROCESS_STOP_MS = 30000 };

/* What /proc says of it after its name, which stands in parentheses; NULL if it is not there. */
static const char *process_stat(pid_t pid, char *line, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    bool read = f && fgets(line, (int)size, f);
    if (f)
        fclose(f);
    const char *end = read ? strrchr(line, ')') : NULL;
    return end && end[1] == ' ' ? end + 2 : NULL;
}

bool process_runs(pid_t pid)
{
    char line[1024];
    const char *state = process_stat(pid, line, sizeof line);
    return state && *state != 'Z' && *state != 'X';
}

bool process_is_stopped(pid_t pid)
{
    char line[1024];
    const char *state = process_stat(pid, line, sizeof line);
    return state && *state == 'T';
}

bool process_stop(pid_t pid)
{
    int64_t until = load_now_ms() + PROCESS_STOP_MS;
    if (pid <= 0 || kill(pid, SIGSTOP) != 0)
        return false;
    while (!process_is_stopped(pid)) {
        if (load_now_ms() > until)
            return false;
        load_sleep_ms(1);
    }
    return true;
}

long process_ticks(pid_t pid)
{
    char line[1024], *at;
    const char *field = process_stat(pid, line, sizeof line);
    /* From the state, the 3rd, to the 14th and the 15th: in user and in kernel mode. */
    for (int i = 3; field && i < 14; i++) {
        field = strchr(field, ' ');
        field = field ? field + 1 : NULL;
    }
    if (!field)
        return -1;
    long user = strtol(field, &at, 10);
    return user + strtol(at, NULL, 10);
}

bool process_wait_end(pid_t pid, int timeout_ms)
{
    int64_t until = load_now_ms() + timeout_ms;
    while (process_runs(pid)) {
        if (load_now_ms() > until)
            return false;
        load_sleep_ms(PROCESS_TICK_MS);
    }
    return true;
}

int process_reap(pid_t pid, int timeout_ms)
{
    int status = -1;
    int64_t until = load_now_ms() + timeout_ms;
    if (pid <= 0)
        return -1;
    while (waitpid(pid, &status, WNOHANG) != pid) {
        if (load_now_ms() > until) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
        load_sleep_ms(PROCESS_TICK_MS);
    }
    return status;
}

int64_t process_memory_kb(pid_t pid)
{
    char path[64], line[256];
    int64_t kb = -1;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && kb < 0 && fgets(line, sizeof line, f)) {
        if (strncmp(line, "Pss:", 4) == 0)
            kb = strtoll(line + 4, NULL, 10);
    }
    if (f)
        fclose(f);
    return kb;
}

int64_t process_workers_memory_kb(const struct pair *pair)
{
    pid_t pids[PROCESS_WORKERS_MAX];
    size_t count = pair_workers(pair, pids, PROCESS_WORKERS_MAX);
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t kb = process_memory_kb(pids[i]);
        if (kb < 0)
            return -1;
        sum += kb;
    }
    return count ? sum : -1;
}

static bool process_are_new(const pid_t *pids, size_t count, const pid_t *old, size_t old_count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < old_count; j++) {
            if (pids[i] == old[j])
                return false;
        }
    }
    return true;
}

bool process_wait_workers(const struct pair *pair, size_t count, const pid_t *old, size_t old_count,
                          int timeout_ms)
{
    int64_t until = load_now_ms() + timeout_ms;
    for (;;) {
        pid_t pids[PROCESS_WORKERS_MAX];
        size_t n = pair_workers(pair, pids, PROCESS_WORKERS_MAX);
        if (n == count && process_are_new(pids, n, old, old_count))
            return true;
        if (load_now_ms() > until)
            return false;
        load_sleep_ms(PROCESS_TICK_MS);
    }
}

bool process_wait_log(const struct pair *pair, const char *name, const char *text, int timeout_ms)
{
    int64_t until = load_now_ms() + timeout_ms;
    for (;;) {
        char *log = pair_read(pair, name);
        bool found = log && strstr(log, text) != NULL;
        free(log);
        if (found || load_now_ms() > until)
            return found;
        load_sleep_ms(PROCESS_TICK_MS);
    }
}

const char *process_log_end(const struct pair *pair, const char *name)
{
    static char end[2048];
    char *log = pair_read(pair, name);
    size_t len = log ? strlen(log) : 0;
    size_t from = len < sizeof end ? 0 : len - sizeof end + 1;
    snprintf(end, sizeof end, "%s", log ? log + from : "(there is no such log)");
    free(log);
    return end;
}

int process_exit(int wait_status)
{
    if (wait_status < 0)
        return INT_MIN;
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -WTERMSIG(wait_status);
}

int process_run(const char *const *argv, int timeout_ms)
{
    /* exec takes texts it does not change as texts it may. */
    union {
        const char *const *fixed;
        char *const *free;
    } vector = {.fixed = argv};
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[0], vector.free);
        _exit(127);
    }
    return process_exit(pid > 0 ? process_reap(pid, timeout_ms) : -1);
}
