#include "store/relay/group.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "spans/spans.h"
#include "store/relay/message.h"

enum {
    GROUP_DOOR = RELAY_CONNECTIONS_MAX, /* the event that is no connection's */
    RELAY_SMALL_MAX = 2,                /* changes of a group whose time is that of a commit */
    RELAY_PROBE_EACH = 64,              /* groups, of which one is not waited for */
    /* Steps of the wait for a group: such a part of a commit's time each, and so many at most. */
    RELAY_STEP_PART = 10,
    RELAY_STEPS_MAX = 4,
    RELAY_STEP_LEAST_US = 200, /* where a commit takes less than 2 ms, nobody is waited for */
    RELAY_STEP_MOST_US = 500
};

struct relay_group {
    struct store *store;
    const struct relay_door *door;
    bool over;
    int epoll_fd;
    int fds[RELAY_CONNECTIONS_MAX]; /* -1 if free */
    int last_count;                 /* changes of the last group */
    int64_t commit_us;              /* how long the last small group took; 0: there was none */
    unsigned made;                  /* groups */
    relay_group_made on_made;       /* or NULL */
    void *on_made_context;
    /* What was taken up, and from which connection each came. */
    int count;
    int from[RELAY_GROUP_MAX];
    struct relay_request requests[RELAY_GROUP_MAX];
    struct store_placement placements[RELAY_GROUP_MAX];
    struct store_outcome outcomes[RELAY_GROUP_MAX];
    struct store_change changes[RELAY_GROUP_MAX];
};

static bool relay_group_watch(const struct relay_group *g, int fd, uint32_t which)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = which};
    return epoll_ctl(g->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

struct relay_group *relay_group_open(struct store *store, const struct relay_door *door)
{
    struct relay_group *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->store = store;
    g->door = door;
    for (int i = 0; i < RELAY_CONNECTIONS_MAX; i++)
        g->fds[i] = -1;
    g->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (g->epoll_fd >= 0 && relay_group_watch(g, door->inner_fd, GROUP_DOOR))
        return g;
    relay_group_close(g);
    return NULL;
}

static void relay_group_disconnect(struct relay_group *g, int i)
{
    close(g->fds[i]);
    g->fds[i] = -1;
}

/* Answers a change. If that fails the worker has died, and there is nobody to be told; or it has
 * let so many answers lie that there is no room for more. The connection then ends, and a worker
 * that lives hands over anew what it has no answer to, and is told what became of it. */
static void relay_group_tell(struct relay_group *g, int i, const struct relay_request *request,
                             enum store_result result, struct store_outcome *outcome)
{
    if (g->fds[i] >= 0 && !relay_message_answer(g->fds[i], request, result, outcome))
        relay_group_disconnect(g, i);
}

void relay_group_close(struct relay_group *g)
{
    if (!g)
        return;
    for (int i = 0; i < RELAY_CONNECTIONS_MAX; i++) {
        if (g->fds[i] >= 0)
            relay_group_disconnect(g, i);
    }
    if (g->epoll_fd >= 0)
        close(g->epoll_fd);
    free(g);
}

static int relay_group_free_place(const struct relay_group *g)
{
    int i = 0;
    while (i < RELAY_CONNECTIONS_MAX && g->fds[i] >= 0)
        i++;
    return i;
}

/* Takes in the connections that wait. What they carry is seen with the next wait, which then does
 * not last. */
static void relay_group_answer_door(struct relay_group *g)
{
    int fd;
    while ((fd = relay_door_answer(g->door)) >= 0) {
        int i = relay_group_free_place(g);
        if (i == RELAY_CONNECTIONS_MAX || !relay_group_watch(g, fd, (uint32_t)i)) {
            close(fd);
            continue;
        }
        g->fds[i] = fd;
    }
    if (errno == EPIPE)
        g->over = true;
}

/* Takes up the next request that a connection carries; false if there is none. A worker that took
 * it back is owed no answer. */
static bool relay_group_take_from(struct relay_group *g, int i)
{
    struct relay_request *request = &g->requests[g->count];
    int got = relay_message_receive(g->fds[i], g->door->workers * RELAY_WAITING_MAX, request);
    if (got < 0 && errno != EAGAIN)
        relay_group_disconnect(g, i);
    if (got <= 0 || !relay_ticket_take(&g->door->tickets[request->ticket], request->number))
        return got >= 0;
    if (clock_monotonic_us() >= request->deadline_us) {
        relay_group_tell(g, i, request, STORE_BUSY, &g->outcomes[g->count]);
        return g->fds[i] >= 0;
    }
    g->placements[g->count] = relay_message_placement(request);
    g->changes[g->count] = (struct store_change){.use = request->use,
                                                 .request = &request->order,
                                                 .placement = &g->placements[g->count],
                                                 .outcome = &g->outcomes[g->count],
                                                 .result = STORE_FAULT};
    g->from[g->count++] = i;
    return true;
}

/* Takes up one request of each connection after the other, until there is none or the group is
 * full. */
static void relay_group_take_round(struct relay_group *g, int ready[RELAY_GROUP_MAX], int count)
{
    while (count > 0) {
        int left = 0;
        for (int i = 0; i < count && g->count < RELAY_GROUP_MAX; i++) {
            if (relay_group_take_from(g, ready[i]))
                ready[left++] = ready[i];
        }
        count = g->count < RELAY_GROUP_MAX ? left : 0;
    }
}

/* Waits until there is something, and takes it up. */
static void relay_group_take_ready(struct relay_group *g, int wait_ms, const sigset_t *mask)
{
    /* The kernel gives them in the order in which they became readable. */
    struct epoll_event events[RELAY_GROUP_MAX];
    int ready[RELAY_GROUP_MAX], count = 0;
    int n = epoll_pwait(g->epoll_fd, events, RELAY_GROUP_MAX, wait_ms, mask);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u32 == GROUP_DOOR)
            relay_group_answer_door(g);
        else
            ready[count++] = (int)events[i].data.u32;
    }
    relay_group_take_round(g, ready, count);
}

/* Those who were answered together hand over their next changes within a moment. If the first of
 * them made a group alone, the others would wait for its commit, so they are waited for while they
 * come. After a group of one nobody is waited for. Now and then a group is not waited for: it
 * will be small, and shows how long a commit takes. */
static void relay_group_gather(struct relay_group *g)
{
    int64_t step_us = g->commit_us / RELAY_STEP_PART;
    if (g->count == 0 || step_us < RELAY_STEP_LEAST_US || g->made % RELAY_PROBE_EACH == 0)
        return;
    for (int i = 0, before = 0;
         i < RELAY_STEPS_MAX && before < g->count && g->count < g->last_count; i++) {
        before = g->count;
        clock_sleep_us(step_us < RELAY_STEP_MOST_US ? step_us : RELAY_STEP_MOST_US);
        relay_group_take_ready(g, 0, NULL);
    }
}

int relay_group_take(struct relay_group *g, int wait_ms, const sigset_t *mask)
{
    g->count = 0;
    relay_group_take_ready(g, wait_ms, mask);
    relay_group_gather(g);
    return g->count;
}

/* Each order that is traced has the group's work in its own trace, where who reads that looks. */
static void relay_group_trace(const struct relay_group *g, int64_t duration_us)
{
    for (int i = 0; i < g->count; i++) {
        struct trace commit;
        if (!g->requests[i].trace.sampled)
            continue;
        trace_within(&g->requests[i].trace, &commit);
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

enum store_result relay_group_make(struct relay_group *g)
{
    int64_t start_us = clock_monotonic_us();
    enum store_result result = store_changes_make(g->store, g->changes, (size_t)g->count);
    int64_t duration_us = clock_monotonic_us() - start_us;
    if (g->count <= RELAY_SMALL_MAX)
        g->commit_us = duration_us;
    relay_group_trace(g, duration_us);
    g->last_count = g->count;
    g->made++;
    for (int i = 0; i < g->count && g->on_made; i++)
        g->on_made(g->on_made_context, &g->changes[i]);
    for (int i = 0; i < g->count; i++) {
        const struct store_change *change = &g->changes[i];
        relay_group_tell(g, g->from[i], &g->requests[i], change->result, change->outcome);
    }
    g->count = 0;
    return result;
}

void relay_group_on_made(struct relay_group *g, relay_group_made made, void *context)
{
    g->on_made = made;
    g->on_made_context = context;
}

bool relay_group_is_over(const struct relay_group *g)
{
    return g->over;
}
