#include "server/gauges.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "server/children.h"
#include "server/queue.h"
#include "server/usage.h"

/* Who asks twice within this time gets the same: /proc takes some milliseconds to read. */
enum { GAUGES_FRESH_US = 200 * 1000 };

/* What the processes of one kind come to. */
struct gauges_kind {
    int64_t running, memory, descriptors;
};

void gauges_open(struct gauges *gauges, const struct child *child)
{
    struct stat socket;
    *gauges = (struct gauges){.child = child};
    if (fstat(child->listener->fd, &socket) == 0)
        gauges->queue = socket.st_ino;
}

static void gauges_of_workers(const struct scoreboard *board, int64_t now_us)
{
    int64_t idle = 0, busy = 0, waits = 0, longest_us = 0;
    for (int i = 0; i < board->workers; i++) {
        int64_t since_us = atomic_load(&board->slots[i].busy_since_us);
        if (!atomic_load(&board->slots[i].pid))
            continue;
        idle += since_us == 0;
        busy += since_us != 0;
        waits += atomic_load(&board->slots[i].waits);
        if (since_us && now_us - since_us > longest_us)
            longest_us = now_us - since_us;
    }
    metrics_set(METRIC_UNDER_WAY, busy + waits, METRICS_BARE);
    metrics_set(METRIC_WORKERS, idle, METRICS_WITH(IS_IDLE));
    metrics_set(METRIC_WORKERS, busy, METRICS_WITH(IS_BUSY));
    metrics_set(METRIC_WORKERS, board->workers - idle - busy, METRICS_WITH(IS_MISSING));
    metrics_set(METRIC_BUSY_LONGEST, longest_us, METRICS_BARE);
}

static void gauges_add_process(struct gauges_kind *kind, pid_t pid)
{
    int64_t memory = usage_memory(pid);
    int descriptors = usage_descriptors(pid);
    kind->running++;
    kind->memory += memory > 0 ? memory : 0;
    kind->descriptors += descriptors > 0 ? descriptors : 0;
}

static void gauges_of_processes(const struct child *child)
{
    const struct scoreboard *board = child->board;
    struct gauges_kind kinds[CHILDREN_NAMES] = {{0}};
    for (int i = 0; i < board->children; i++) {
        int pid = atomic_load(&board->slots[i].pid);
        if (pid)
            gauges_add_process(&kinds[board->slots[i].kind], pid);
    }
    gauges_add_process(&kinds[CHILDREN_MASTER], child->master);
    for (int i = 0; i < CHILDREN_NAMES; i++) {
        metrics_set(METRIC_PROCESSES, kinds[i].running, METRICS_WITH((uint16_t)i));
        metrics_set(METRIC_MEMORY, kinds[i].memory, METRICS_WITH((uint16_t)i));
        metrics_set(METRIC_DESCRIPTORS, kinds[i].descriptors, METRICS_WITH((uint16_t)i));
    }
}

/* What another process noted a moment after this one took the time is new, and not in the future.
 */
static int64_t gauges_age(int64_t now_us, int64_t then_us)
{
    return now_us > then_us ? now_us - then_us : 0;
}

static void gauges_of_store(const struct child *child, int64_t now_us)
{
    const struct scoreboard *board = child->board;
    metrics_set(METRIC_STORE_READY, scoreboard_store(board, child->config) == STORE_OK,
                METRICS_BARE);
    metrics_set(METRIC_LOOK_AGE, gauges_age(now_us, atomic_load(&board->look.at_us)), METRICS_BARE);
    metrics_set(METRIC_WRITER_AGE, gauges_age(now_us, atomic_load(&board->writer.at_us)),
                METRICS_BARE);
}

void gauges_refresh(struct gauges *gauges)
{
    int64_t now_us = clock_monotonic_us();
    if (gauges->read_us && now_us - gauges->read_us < GAUGES_FRESH_US)
        return;
    gauges->read_us = now_us;
    gauges_of_workers(gauges->child->board, now_us);
    gauges_of_processes(gauges->child);
    gauges_of_store(gauges->child, now_us);
    metrics_set(METRIC_DRAINING, atomic_load(&gauges->child->board->draining), METRICS_BARE);
    metrics_set(METRIC_LOG_DROPPED, atomic_load(&gauges->child->board->log.dropped_all),
                METRICS_BARE);
    metrics_set(METRIC_LOG_ERRORS, atomic_load(&gauges->child->board->log.errors), METRICS_BARE);
    int queued = gauges->queue ? queue_length(gauges->queue) : -1;
    if (queued >= 0)
        metrics_set(METRIC_QUEUE, queued, METRICS_BARE);
}
