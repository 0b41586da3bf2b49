#include "store/relay/group.h"

#include "base/clock.h"
#include "metrics/metrics.h"
#include "spans/spans.h"

static void relay_group_add(struct relay_group *g, struct relay_entry *entry)
{
    if (!relay_lines_take_up(g->lines, entry)) {
        relay_queue_release(g->queue, entry);
        return;
    }
    entry->placement = relay_message_placement(&entry->request);
    relay_rows_add(&g->rows, &entry->request);
    g->again = g->again || entry->request.again;
    struct store_outcome *outcome = &g->outcomes[g->count];
    g->changes[g->count++] = (struct store_change){.use = entry->request.use,
                                                   .request = &entry->request.order,
                                                   .placement = &entry->placement,
                                                   .outcome = outcome,
                                                   .result = STORE_FAULT,
                                                   .owner = entry};
}

/* Leaves a change in the queue, unless it was taken back. */
static struct relay_entry *relay_group_leave(const struct relay_group *g, struct relay_rows *shut,
                                             struct relay_entry *entry)
{
    if (relay_lines_want(g->lines, entry)) {
        relay_rows_add(shut, &entry->request);
        return entry;
    }
    relay_queue_release(g->queue, entry);
    return NULL;
}

void relay_group_fill(struct relay_group *g, struct relay_rows *shut, int from, int most)
{
    struct relay_queue *queue = g->queue;
    g->rows = (struct relay_rows){0};
    g->again = false;
    for (int i = from; i < queue->count && g->count < STORE_GROUP_MAX; i++) {
        struct relay_entry *entry = queue->list[i];
        bool fits = g->count < most || relay_rows_meet(&g->rows, &entry->request);
        bool leaves = !fits || relay_rows_meet(shut, &entry->request);
        queue->list[i] = leaves ? relay_group_leave(g, shut, entry) : NULL;
        if (!leaves)
            relay_group_add(g, entry);
    }
    relay_queue_close_up(queue);
}

bool relay_group_send(struct relay_group *g)
{
    metrics_observe(METRIC_GROUPS, g->count, METRICS_BARE);
    g->start_us = clock_monotonic_us();
    return store_changes_send(g->store, g->changes, (size_t)g->count, &g->wait);
}

bool relay_group_waits(struct relay_group *g)
{
    return clock_monotonic_us() < g->wait.until_us &&
           store_changes_wait(g->store, g->changes, (size_t)g->count, &g->wait);
}

/* Each order that is traced has the group's work in its own trace, where who reads that looks. */
static void relay_group_trace(const struct relay_group *g, int64_t duration_us)
{
    for (int i = 0; i < g->count; i++) {
        const struct relay_entry *entry = g->changes[i].owner;
        struct trace commit;
        if (!entry->request.trace.sampled)
            continue;
        trace_within(&entry->request.trace, &commit);
        struct span span = {
            .trace = &commit,
            .name = {"commit", NULL},
            .kind = SPAN_INTERNAL,
            .failed = store_has_failed(g->changes[i].result),
            .attributes = SPAN_ATTRIBUTES(
                SPAN_NUMBER("postern.group.changes", g->count),
                SPAN_TEXT("postern.store.result", store_result_names[g->changes[i].result])),
        };
        spans_put(&span, duration_us);
    }
}

static void relay_group_tell(struct relay_group *g)
{
    if (g->on_made)
        g->on_made(g->on_made_context, g->changes, (size_t)g->count);
    for (int i = 0; i < g->count; i++) {
        relay_lines_tell(g->lines, g->changes[i].owner, g->changes[i].result,
                         g->changes[i].outcome);
        relay_queue_release(g->queue, g->changes[i].owner);
    }
    g->count = 0;
}

enum store_result relay_group_finish(struct relay_group *g)
{
    enum store_result result = store_changes_make(g->store, g->changes, (size_t)g->count);
    relay_group_trace(g, clock_monotonic_us() - g->start_us);
    relay_group_tell(g);
    return result;
}

void relay_group_refuse(struct relay_group *g, enum store_result result)
{
    for (int i = 0; i < g->count; i++)
        g->changes[i].result = result;
    relay_group_tell(g);
}
