#include "store/relay/lanes.h"

#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/sparse.h"

enum {
    LANES_SMALL_MAX = 2,   /* changes of a group whose time is that of a commit */
    LANES_PROBE_EACH = 64, /* groups, of which one is not waited for */
    LANES_WORTH = 8, /* changes of each lane that are worth several commits beside one another */
    /* Where it is not worth it, a group is waited for so long before one is begun beside it. */
    LANES_PATIENCE_US = 20000,
    /* Steps of the wait for a group: such a part of a commit's time each, and so many at most. */
    LANES_STEP_PART = 10,
    LANES_STEPS_MAX = 4,
    LANES_STEP_LEAST_US = 200, /* where a commit takes less than 2 ms, nobody is waited for */
    LANES_STEP_MOST_US = 500
};

struct relay_lanes {
    struct relay_lines *lines;
    struct relay_queue queue;
    int count;
    struct relay_group groups[RELAY_LANES_MAX];
    struct store_outcome *outcomes; /* of all groups */
    /* Of the queue, so many were looked at and left since a group was begun or ended. These rows
     * are locked by the groups under way, and by what was left. */
    int left;
    struct relay_rows shut;
    bool reached;      /* each store has answered once */
    bool stirred;      /* what waits in the queue may be begun now */
    int last_count;    /* changes of the last group */
    int64_t commit_us; /* how long the last small group took; 0: there was none */
    unsigned made;     /* groups */
    int64_t step_us;   /* monotonic: when the present step of the wait for a group ends; 0: none */
    int steps, before; /* those that are over; what waited when the present one began */
};

/* Bytes of those of so many groups. */
static size_t relay_lanes_outcomes(int count)
{
    return (size_t)count * STORE_GROUP_MAX * sizeof(struct store_outcome);
}

struct relay_lanes *relay_lanes_open(struct store *const *stores, int count,
                                     const struct relay_door *door)
{
    struct relay_lanes *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->count = count;
    l->reached = count == 1;
    l->lines = relay_lines_open(door);
    l->outcomes = sparse_make(relay_lanes_outcomes(count));
    bool ok = l->lines && l->outcomes && relay_queue_open(&l->queue, count);
    for (int i = 0; i < count && ok; i++)
        l->groups[i] = (struct relay_group){.store = stores[i],
                                            .lines = l->lines,
                                            .queue = &l->queue,
                                            .outcomes = &l->outcomes[(size_t)i * STORE_GROUP_MAX]};
    if (ok)
        return l;
    relay_lanes_close(l);
    return NULL;
}

void relay_lanes_close(struct relay_lanes *l)
{
    if (!l)
        return;
    relay_lines_close(l->lines);
    relay_queue_close(&l->queue);
    sparse_free(l->outcomes, relay_lanes_outcomes(l->count));
    free(l);
}

void relay_lanes_on_made(struct relay_lanes *l, relay_group_made made, void *context)
{
    for (int i = 0; i < l->count; i++) {
        l->groups[i].on_made = made;
        l->groups[i].on_made_context = context;
    }
}

static int relay_lanes_under_way(const struct relay_lanes *l)
{
    int changes = 0;
    for (int i = 0; i < l->count; i++)
        changes += l->groups[i].count;
    return changes;
}

bool relay_lanes_are_idle(const struct relay_lanes *l)
{
    return l->queue.count == 0 && relay_lanes_under_way(l) == 0;
}

static struct relay_group *relay_lanes_free(struct relay_lanes *l)
{
    for (int i = 0; i < l->count; i++) {
        if (l->groups[i].count == 0)
            return &l->groups[i];
    }
    return NULL;
}

enum store_result relay_lanes_ping(struct relay_lanes *l)
{
    enum store_result result = STORE_OK;
    for (int i = 0; i < l->count && result == STORE_OK; i++)
        result = store_ping(l->groups[i].store);
    l->reached = l->reached || result == STORE_OK;
    return result;
}

static int64_t relay_lanes_step(const struct relay_lanes *l)
{
    int64_t step_us = l->commit_us / LANES_STEP_PART;
    return step_us < LANES_STEP_MOST_US ? step_us : LANES_STEP_MOST_US;
}

/* Whether a commit takes so long that it is worth the while to do something else meanwhile. */
static bool relay_lanes_are_slow(const struct relay_lanes *l)
{
    return relay_lanes_step(l) >= LANES_STEP_LEAST_US;
}

/* Whether it is worth the while to have several groups under way: each commit costs the server a
 * part of its time, and those of short commits wait for hardly anything but its CPU. */
static bool relay_lanes_are_worth(const struct relay_lanes *l)
{
    return relay_lanes_are_slow(l) &&
           l->queue.count + relay_lanes_under_way(l) >= l->count * LANES_WORTH;
}

/* When a group may be begun: monotonic; 0: now. */
static int64_t relay_lanes_next(const struct relay_lanes *l)
{
    int64_t next_us = 0;
    for (int i = 0; i < l->count && !relay_lanes_are_worth(l); i++) {
        const struct relay_group *g = &l->groups[i];
        if (g->count > 0 && g->start_us + LANES_PATIENCE_US > next_us)
            next_us = g->start_us + LANES_PATIENCE_US;
    }
    return next_us;
}

/* Waits for what a turn is for: the stores of groups under way, changes if one could be begun, the
 * end of a step. */
static void relay_lanes_wait(struct relay_lanes *l, int wait_ms, const sigset_t *mask)
{
    struct pollfd fds[RELAY_LANES_MAX + 1];
    nfds_t count = 0;
    int64_t now_us = clock_monotonic_us(), until_us = now_us + (int64_t)wait_ms * 1000;
    int64_t next_us = relay_lanes_next(l);
    bool lane = relay_lanes_free(l), may_begin = lane && next_us <= now_us;
    if (lane && !may_begin && next_us < until_us)
        until_us = next_us;
    if (may_begin && !l->step_us && relay_queue_next(&l->queue))
        fds[count++] = (struct pollfd){.fd = relay_lines_fd(l->lines), .events = POLLIN};
    if (may_begin && l->step_us && l->step_us < until_us)
        until_us = l->step_us;
    for (int i = 0; i < l->count; i++) {
        if (l->groups[i].count == 0)
            continue;
        fds[count++] = l->groups[i].wait.poll;
        if (l->groups[i].wait.until_us < until_us)
            until_us = l->groups[i].wait.until_us;
    }
    int64_t left_us = until_us > now_us && !l->stirred ? until_us - now_us : 0;
    struct timespec left = {left_us / 1000000, left_us % 1000000 * 1000};
    ppoll(fds, count, &left, mask);
}

static int relay_lanes_end(struct relay_lanes *l, struct relay_group *g, enum store_result *said)
{
    int count = g->count;
    *said = relay_group_finish(g);
    if (count <= LANES_SMALL_MAX)
        l->commit_us = clock_monotonic_us() - g->start_us;
    l->last_count = count;
    l->left = 0;
    l->made++;
    l->stirred = l->queue.count > 0;
    return count;
}

void relay_lanes_finish(struct relay_lanes *l)
{
    enum store_result said;
    for (int i = 0; i < l->count; i++) {
        if (l->groups[i].count > 0)
            relay_lanes_end(l, &l->groups[i], &said);
    }
}

/* Those who were answered together hand over their next changes within a moment. If the first of
 * them made a group alone, the others would wait for its commit, so they are waited for while they
 * come. After a group of one nobody is waited for. Now and then a group is not waited for: it
 * will be small, and shows how long a commit takes. */
static bool relay_lanes_gather(struct relay_lanes *l)
{
    int64_t step_us = relay_lanes_step(l), now_us = clock_monotonic_us();
    int waiting = l->queue.count;
    if (now_us < l->step_us)
        return true;
    if (!l->step_us) {
        l->steps = 0;
        l->before = 0;
    }
    bool more = relay_lanes_are_slow(l) && l->made % LANES_PROBE_EACH != 0 && waiting > l->before &&
                waiting < l->last_count && l->steps < LANES_STEPS_MAX;
    l->before = waiting;
    l->steps++;
    l->step_us = more ? now_us + step_us : 0;
    return more;
}

/* How many changes a group is to have: its share of those that are there, if there may be others
 * beside it. So no lane has few, each of which costs a large part of a commit, while another one
 * has many. */
static int relay_lanes_share(const struct relay_lanes *l)
{
    int all = l->queue.count + relay_lanes_under_way(l);
    return relay_lanes_are_worth(l) ? (all + l->count - 1) / l->count : l->queue.count;
}

/* Those that were left once are not looked at again before a group is over, unless the queue is
 * full: some of them may have been taken back since. */
static void relay_lanes_fill(struct relay_lanes *l, struct relay_group *g)
{
    if (!relay_queue_next(&l->queue))
        l->left = 0;
    if (l->left == 0) {
        l->shut = (struct relay_rows){0};
        for (int i = 0; i < l->count; i++) {
            if (l->groups[i].count > 0)
                relay_rows_join(&l->shut, &l->groups[i].rows);
        }
    }
    relay_group_fill(g, &l->shut, l->left, relay_lanes_share(l));
    l->left = g->count > 0 ? 0 : l->queue.count;
}

/* Before a change that was handed over again is looked for, all else is over: it may be under way
 * itself, if its worker's connection has ended because an answer found no room. */
static int relay_lanes_begin(struct relay_lanes *l, struct relay_group *g, enum store_result *said)
{
    int count = g->count;
    if (!l->reached && (*said = relay_lanes_ping(l)) != STORE_OK) {
        relay_group_refuse(g, *said);
        return count;
    }
    int ended = 0;
    for (int i = 0; i < l->count && g->again; i++) {
        if (&l->groups[i] != g && l->groups[i].count > 0)
            ended += relay_lanes_end(l, &l->groups[i], said);
    }
    l->stirred = l->queue.count > 0;
    return relay_group_send(g) ? ended : ended + relay_lanes_end(l, g, said);
}

int relay_lanes_turn(struct relay_lanes *l, int wait_ms, const sigset_t *mask,
                     enum store_result *said)
{
    relay_lanes_wait(l, wait_ms, mask);
    l->stirred = false;
    for (int i = 0; i < l->count; i++) {
        if (l->groups[i].count > 0 && !relay_group_waits(&l->groups[i]))
            return relay_lanes_end(l, &l->groups[i], said);
    }
    struct relay_group *g = relay_lanes_free(l);
    if (!g || clock_monotonic_us() < relay_lanes_next(l))
        return 0;
    if (clock_monotonic_us() >= l->step_us)
        relay_lines_receive(l->lines, &l->queue);
    if (l->queue.count == 0 || relay_lanes_gather(l))
        return 0;
    relay_lanes_fill(l, g);
    return g->count > 0 ? relay_lanes_begin(l, g, said) : 0;
}

bool relay_lanes_are_over(const struct relay_lanes *l)
{
    return relay_lines_are_over(l->lines);
}
