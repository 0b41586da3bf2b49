#include "server/children.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "server/exporter.h"
#include "server/prober.h"
#include "server/publisher.h"
#include "server/tracer.h"
#include "server/watcher.h"
#include "server/worker.h"
#include "server/writer.h"

enum {
    CHILDREN_BACKOFF_FIRST_US = 50 * 1000,
    CHILDREN_BACKOFF_MAX_US = 5 * 1000 * 1000,
    /* One that lived this long was well, so the next one starts at once. */
    CHILDREN_LIFE_WELL_US = 1000 * 1000,
    CHILDREN_TEXT_SIZE = 64
};

static const struct {
    const char *name; /* in the log */
    const char *task; /* what ps calls the process; at most 15 bytes */
    int (*run)(const struct child *child);
} children_kinds[CHILDREN_KINDS] = {
    [CHILDREN_WORKER] = {"worker", "postern-worker", worker_run},
    [CHILDREN_WRITER] = {"writer", "postern-writer", writer_run},
    [CHILDREN_PROBER] = {"prober", "postern-prober", prober_run},
    [CHILDREN_WATCHER] = {"watcher", "postern-watcher", watcher_run},
    [CHILDREN_EXPORTER] = {"exporter", "postern-metrics", exporter_run},
    [CHILDREN_TRACER] = {"tracer", "postern-tracer", tracer_run},
    [CHILDREN_PUBLISHER] = {"publisher", "postern-publish", publisher_run},
};

static const char *children_names[CHILDREN_NAMES] = {[CHILDREN_MASTER] = "master"};

static int children_count_of(enum children_kind kind, const struct config *config,
                             const struct listener *listener)
{
    switch (kind) {
    case CHILDREN_WORKER:
        return config->workers;
    case CHILDREN_PROBER:
        return listener->probe_fd >= 0 ? 1 : 0;
    case CHILDREN_TRACER:
        return config->trace_file && *config->trace_file ? 1 : 0;
    case CHILDREN_PUBLISHER:
        return publisher_is_wanted(config, listener) ? 1 : 0;
    default:
        return 1;
    }
}

int children_count(const struct config *config, const struct listener *listener)
{
    int count = 0;
    for (enum children_kind kind = 0; kind < CHILDREN_KINDS; kind++)
        count += children_count_of(kind, config, listener);
    return count;
}

bool children_open(struct children *children, const struct child *given)
{
    *children =
        (struct children){.given = *given, .count = children_count(given->config, given->listener)};
    children->list = calloc((size_t)children->count, sizeof *children->list);
    if (!children->list) {
        log_write(LOG_ERROR, "cannot keep count of the processes",
                  LOG_FIELDS(LOG_TEXT("call", "calloc")));
        return false;
    }
    int next = 0;
    for (enum children_kind kind = 0; kind < CHILDREN_KINDS; kind++) {
        int count = children_count_of(kind, given->config, given->listener);
        children_names[kind] = children_kinds[kind].name;
        for (int i = 0; i < count; i++) {
            given->board->slots[next].kind = kind;
            children->list[next++].kind = kind;
        }
    }
    metrics_label_texts(LABEL_PROCESS, children_names, CHILDREN_NAMES);
    return true;
}

void children_close(struct children *children)
{
    free(children->list);
    children->list = NULL;
}

static void children_say(enum log_level level, const char *format, enum children_kind kind,
                         const struct log_field *fields)
{
    char message[CHILDREN_TEXT_SIZE];
    snprintf(message, sizeof message, format, children_kinds[kind].name);
    log_write(level, message, fields);
}

static struct scoreboard_slot *children_slot(const struct children *children, int i)
{
    return &children->given.board->slots[i];
}

/* In the new process. */
static int children_run(struct children *children, int i)
{
    enum children_kind kind = children->list[i].kind;
    children->given.slot = children_slot(children, i);
    prctl(PR_SET_NAME, children_kinds[kind].task);
    return children_kinds[kind].run(&children->given);
}

static void children_spawn(struct children *children, int i)
{
    struct children_one *one = &children->list[i];
    _Atomic int64_t *busy = &children_slot(children, i)->busy_since_us;
    /* Until it first waits: one that does not come so far is stuck, too. */
    atomic_store(busy, clock_monotonic_us());
    pid_t pid = fork();
    if (pid < 0) {
        atomic_store(busy, 0);
        children_say(LOG_ERROR, "cannot start a %s", one->kind,
                     LOG_FIELDS(LOG_TEXT("call", "fork"), LOG_TEXT("error", strerror(errno))));
        one->respawn_us = clock_monotonic_us() + CHILDREN_BACKOFF_MAX_US;
        return;
    }
    if (pid == 0)
        _exit(children_run(children, i));
    one->pid = pid;
    one->started_us = clock_monotonic_us();
    one->stuck = false;
    atomic_store(&children_slot(children, i)->pid, pid);
    children->alive[one->kind]++;
    children_say(LOG_DEBUG, "%s started", one->kind, LOG_FIELDS(LOG_NUMBER("pid", pid)));
}

void children_spawn_due(struct children *children, bool workers)
{
    int64_t now = clock_monotonic_us();
    for (int i = 0; i < children->count; i++) {
        const struct children_one *one = &children->list[i];
        if (one->pid == 0 && now >= one->respawn_us && (workers || one->kind != CHILDREN_WORKER))
            children_spawn(children, i);
    }
}

/* It may have ended with a request, which nobody serves now. A drain must not wait for that, and
 * the writer must not begin with it. Nor does it accept. */
static void children_clear(struct scoreboard_slot *slot)
{
    atomic_store(&slot->busy_since_us, 0);
    atomic_store(&slot->waits, 0);
    atomic_store(&slot->accepts, false);
}

static void children_count_end(const struct children_one *one, int status)
{
    enum label_value cause = one->stuck            ? IS_STUCK
                             : WIFSIGNALED(status) ? IS_KILLED
                             : status              ? IS_FAILED
                                                   : IS_LEFT;
    metrics_add(METRIC_PROCESS_ENDS, 1, METRICS_WITH(one->kind, cause));
}

static void children_bury(struct children *children, int i, int status, bool ending)
{
    struct children_one *one = &children->list[i];
    int64_t now = clock_monotonic_us();
    /* First, so that whoever reads of its end in the log finds this done. */
    children_clear(children_slot(children, i));
    if (one->kind == CHILDREN_WORKER)
        relay_door_void(children->given.door, i);
    if (now - one->started_us >= CHILDREN_LIFE_WELL_US)
        one->backoff_us = 0;
    one->respawn_us = now + one->backoff_us;
    one->backoff_us = one->backoff_us ? one->backoff_us * 2 : CHILDREN_BACKOFF_FIRST_US;
    if (one->backoff_us > CHILDREN_BACKOFF_MAX_US)
        one->backoff_us = CHILDREN_BACKOFF_MAX_US;
    if (!ending || status != 0)
        children_say(LOG_WARN, "%s ended", one->kind,
                     LOG_FIELDS(LOG_NUMBER("pid", one->pid),
                                LOG_NUMBER("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
                                LOG_NUMBER("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0)));
    children_count_end(one, status);
    atomic_store(&children_slot(children, i)->pid, 0);
    children->alive[one->kind]--;
    if (children->given.answers)
        answers_bury(children->given.answers, one->pid);
    one->pid = 0;
}

void children_reap(struct children *children, bool ending)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < children->count; i++) {
            if (children->list[i].pid == pid)
                children_bury(children, i, status, ending);
        }
    }
}

void children_signal(struct children *children, enum children_kind kind, int signal)
{
    for (int i = 0; i < children->count; i++) {
        if (children->list[i].kind == kind && children->list[i].pid > 0)
            kill(children->list[i].pid, signal);
    }
}

static int64_t children_limit_us(const struct children *children, enum children_kind kind)
{
    const struct config *config = children->given.config;
    return kind == CHILDREN_WRITER ? writer_turn_max_us(config)
                                   : (int64_t)config->request_seconds * 1000000;
}

void children_kill_stuck(struct children *children)
{
    int64_t now = clock_monotonic_us();
    for (int i = 0; i < children->count; i++) {
        struct children_one *one = &children->list[i];
        struct scoreboard_slot *slot = children_slot(children, i);
        int64_t since = atomic_load(&slot->busy_since_us);
        if (one->pid == 0 || since == 0 || now - since <= children_limit_us(children, one->kind))
            continue;
        kill(one->pid, SIGKILL);
        one->stuck = true;
        children_clear(slot);
        children_say(LOG_ERROR, "%s is stuck with one request; killed it", one->kind,
                     LOG_FIELDS(LOG_NUMBER("pid", one->pid), LOG_NUMBER("busy_us", now - since)));
    }
}
