#include "store/relay/relay.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sparse.h"
#include "store/relay/message.h"

enum {
    RELAY_AGAIN_US = 2000,  /* before a change is handed over again */
    RELAY_LARGE = 16 * 1024 /* a change is large whose answer may take more bytes than that */
};

/* The large have one half of the room and the small the other, so that neither keep the others out.
 */
enum relay_size { RELAY_IS_SMALL, RELAY_IS_LARGE, RELAY_SIZES };

enum relay_state {
    RELAY_FREE,
    RELAY_QUEUED, /* no writer has it, nor ever will without being handed it anew */
    RELAY_HANDED, /* the writer has it, and may have taken it up */
    RELAY_TAKEN   /* its time was over, but the writer had taken it up */
};

/* One change, by the number of its ticket. */
struct relay_wait {
    enum relay_state state;
    struct store_change *change; /* borrowed */
    uint64_t number;             /* of its ticket */
    uint64_t place;              /* in the order in which they came */
    int64_t start_us, deadline_us;
    int64_t until_us;     /* monotonic: the end of what it waits for now */
    size_t room;          /* what its answer may take of the connection */
    enum relay_size size; /* so of which half */
    bool again;           /* an earlier writer may have made it */
    struct trace call;    /* the span of the wait; not sampled: there is none */
};

struct relay {
    const struct relay_door *door;
    int first; /* the number of its first ticket */
    int64_t timeout_us;
    int fd; /* the connection to the writer, or -1 */
    bool is_new;
    size_t room;              /* what the connection holds of answers */
    size_t used[RELAY_SIZES]; /* what those that wait may take */
    int64_t again_us;         /* monotonic: not to be tried before */
    uint64_t came;
    int waiting, queued;
    bool full; /* what is queued waits for room, which answers make */
    struct relay_wait waits[RELAY_WAITING_MAX];
    struct relay_request request;
    bool dry;    /* all that there was has been received */
    int got, at; /* answers received; those that were looked at */
    struct relay_answer answers[RELAY_INBOX_MAX];
    size_t sizes[RELAY_INBOX_MAX];
    struct store_outcome outcomes[RELAY_INBOX_MAX];
};

struct relay *relay_open(const struct relay_door *door, int worker, int timeout_ms)
{
    struct relay *r = sparse_make(sizeof *r);
    if (!r)
        return NULL;
    r->door = door;
    r->first = worker * RELAY_WAITING_MAX;
    r->timeout_us = (int64_t)timeout_ms * 1000;
    r->fd = -1;
    return r;
}

void relay_close(struct relay *r)
{
    if (r && r->fd >= 0)
        close(r->fd);
    sparse_free(r, sizeof *r);
}

static struct relay_ticket *relay_ticket_of(const struct relay *r, const struct relay_wait *w)
{
    return &r->door->tickets[r->first + (w - r->waits)];
}

/* The writer that had the connection has died, or ended it. Each change is told apart by its ticket
 * and handed to the next one. */
static void relay_disconnect(struct relay *r)
{
    close(r->fd);
    r->fd = -1;
    r->got = r->at = 0;
    memset(r->used, 0, sizeof r->used);
    r->full = false;
    r->again_us = clock_monotonic_us() + RELAY_AGAIN_US;
    for (struct relay_wait *w = r->waits; w < r->waits + RELAY_WAITING_MAX; w++) {
        if (w->state != RELAY_HANDED && w->state != RELAY_TAKEN)
            continue;
        w->again = w->again || !relay_ticket_withdraw(relay_ticket_of(r, w), w->number);
        w->state = RELAY_QUEUED;
        w->until_us = w->deadline_us;
        r->queued++;
    }
}

static bool relay_connect(struct relay *r)
{
    if (r->fd >= 0)
        return true;
    r->fd = relay_door_knock(r->door, &r->room);
    r->is_new = r->is_new || r->fd >= 0;
    return r->fd >= 0;
}

/* Sends a change that is queued; false if it stays so. A connection that has ended is left to
 * relay_receive, which reads first what came over it. */
static bool relay_send(struct relay *r, struct relay_wait *w)
{
    if (!relay_connect(r))
        return false;
    w->number = relay_ticket_draw(relay_ticket_of(r, w));
    relay_message_write(&r->request, w->change);
    r->request.number = w->number;
    r->request.ticket = r->first + (int)(w - r->waits);
    r->request.deadline_us = w->deadline_us;
    r->request.again = w->again;
    r->request.trace = w->call;
    if (!relay_message_send(r->fd, &r->request)) {
        relay_ticket_withdraw(relay_ticket_of(r, w), w->number);
        return false;
    }
    w->state = RELAY_HANDED;
    r->queued--;
    r->used[w->size] += w->room;
    return true;
}

/* Whether the connection holds the answer too, if all others have come but none was read. */
static bool relay_has_room(const struct relay *r, const struct relay_wait *w)
{
    size_t used = r->used[w->size];
    return used == 0 || used + w->room <= r->room / RELAY_SIZES;
}

/* The one to be handed over next; NULL: there is room for none. Those of one size go in the order
 * in which they came. */
static struct relay_wait *relay_first_queued(struct relay *r)
{
    struct relay_wait *first[RELAY_SIZES] = {NULL}, *next = NULL;
    for (struct relay_wait *w = r->waits; w < r->waits + RELAY_WAITING_MAX; w++) {
        struct relay_wait **of_size = &first[w->size];
        if (w->state == RELAY_QUEUED && (!*of_size || w->place < (*of_size)->place))
            *of_size = w;
    }
    for (int i = 0; i < RELAY_SIZES; i++) {
        if (first[i] && relay_has_room(r, first[i]) && (!next || first[i]->place < next->place))
            next = first[i];
    }
    return next;
}

static void relay_send_queued(struct relay *r, int64_t now_us)
{
    r->full = false;
    while (r->queued > 0 && !r->full && now_us >= r->again_us) {
        struct relay_wait *w = relay_first_queued(r);
        r->full = !w;
        if (!r->full && !relay_send(r, w))
            r->again_us = now_us + RELAY_AGAIN_US;
    }
}

void relay_hand_over(struct relay *r, struct store_change *change, const struct trace *trace)
{
    struct relay_wait *w = r->waits;
    int64_t now_us = clock_monotonic_us();
    while (w->state != RELAY_FREE)
        w++;
    *w = (struct relay_wait){.state = RELAY_QUEUED,
                             .change = change,
                             .place = r->came++,
                             .start_us = now_us,
                             .deadline_us = now_us + r->timeout_us,
                             .until_us = now_us + r->timeout_us,
                             .room = relay_message_room(change)};
    w->size = w->room > RELAY_LARGE ? RELAY_IS_LARGE : RELAY_IS_SMALL;
    if (trace)
        trace_within(trace, &w->call);
    r->waiting++;
    r->queued++;
    relay_send_queued(r, now_us);
}

/* What is to be told of a change that an earlier attempt may have made, and a later one did not. */
static enum store_result relay_doubt(enum store_result result)
{
    switch (result) {
    case STORE_OK:
    case STORE_REPLAYED:
    case STORE_NOT_FOUND:
    case STORE_UNKNOWN_PRODUCT:
    case STORE_SHORT:
    case STORE_KEY_REUSED:
    case STORE_KEY_IN_FLIGHT:
        return result; /* the store looked for it first */
    default:
        return STORE_UNKNOWN;
    }
}

/* Ends the wait; the change has its result. */
static struct store_change *relay_finish(struct relay *r, struct relay_wait *w,
                                         enum store_result result, struct store_outcome *outcome)
{
    struct store_change *change = w->change;
    if (w->state == RELAY_QUEUED)
        r->queued--;
    else
        r->used[w->size] -= w->room;
    r->waiting--;
    w->state = RELAY_FREE;
    change->result = w->again ? relay_doubt(result) : result;
    change->outcome = outcome;
    store_change_observe(change, &w->call, clock_monotonic_us() - w->start_us);
    return change;
}

/* The change that an answer is to; NULL if there is none: it was told before that nobody knows. */
static struct relay_wait *relay_find(struct relay *r, const struct relay_answer *answer)
{
    int i = answer->ticket - r->first;
    struct relay_wait *w = i >= 0 && i < RELAY_WAITING_MAX ? &r->waits[i] : NULL;
    bool waits = w && (w->state == RELAY_HANDED || w->state == RELAY_TAKEN);
    return waits && w->number == answer->number ? w : NULL;
}

/* Looks at the next answer of those that were received. */
static struct store_change *relay_take_answer(struct relay *r)
{
    const int i = r->at++;
    struct relay_answer *answer = &r->answers[i];
    if (!relay_message_place(answer, &r->outcomes[i], r->sizes[i])) {
        relay_disconnect(r); /* it has ended, or is of no use */
        return NULL;
    }
    struct relay_wait *w = relay_find(r, answer);
    return w ? relay_finish(r, w, answer->result, &r->outcomes[i]) : NULL;
}

/* Receives what has come; false if there is nothing more for now. */
static bool relay_receive(struct relay *r)
{
    if (r->dry || r->fd < 0)
        return false;
    struct relay_inbox box = {r->answers, r->outcomes, r->sizes};
    r->got = relay_message_collect(r->fd, &box);
    r->at = 0;
    /* The kernel tells once of a peer that closed before it had read all, and then gives what that
     * peer had sent. */
    if (r->got < 0 && errno == ECONNRESET)
        r->got = relay_message_collect(r->fd, &box);
    if (r->got < 0 && errno != EAGAIN && errno != EINTR)
        relay_disconnect(r);
    r->dry = r->got < RELAY_INBOX_MAX;
    return r->got > 0;
}

/* One whose time is over. */
static struct store_change *relay_expire(struct relay *r, int64_t now_us)
{
    for (struct relay_wait *w = r->waits; w < r->waits + RELAY_WAITING_MAX; w++) {
        if (w->state == RELAY_FREE || w->until_us > now_us)
            continue;
        if (w->state == RELAY_TAKEN)
            return relay_finish(r, w, STORE_UNKNOWN, r->outcomes);
        if (w->state == RELAY_QUEUED || relay_ticket_withdraw(relay_ticket_of(r, w), w->number))
            return relay_finish(r, w, STORE_BUSY, r->outcomes);
        w->state = RELAY_TAKEN;
        w->until_us = now_us + r->timeout_us;
    }
    return NULL;
}

struct store_change *relay_next(struct relay *r)
{
    struct store_change *change = NULL;
    while (!change && (r->at < r->got || relay_receive(r)))
        change = relay_take_answer(r);
    if (change)
        return change;
    /* What is in the way of an answer is not to be told, so only now. */
    int64_t now_us = clock_monotonic_us();
    r->dry = false;
    relay_send_queued(r, now_us);
    return relay_expire(r, now_us);
}

int64_t relay_due_us(const struct relay *r)
{
    int64_t due_us = r->queued > 0 && !r->full ? r->again_us : INT64_MAX;
    for (const struct relay_wait *w = r->waits; r->waiting && w < r->waits + RELAY_WAITING_MAX; w++)
        due_us = w->state != RELAY_FREE && w->until_us < due_us ? w->until_us : due_us;
    return due_us;
}

int relay_waiting(const struct relay *r)
{
    return r->waiting;
}

int relay_fd(const struct relay *r)
{
    return r->fd;
}

bool relay_is_new(struct relay *r)
{
    bool is_new = r->is_new;
    r->is_new = false;
    return is_new;
}
