#include "store/relay/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    LINES_DOOR = RELAY_LINES_MAX, /* the event that is no connection's */
    LINES_EVENTS_MAX = 64         /* others are told of with the next wait */
};

struct relay_line {
    int fd; /* -1 if free */
    unsigned serial;
};

struct relay_lines {
    const struct relay_door *door;
    bool over;
    int epoll_fd;
    unsigned serial; /* of the last connection */
    struct relay_line list[RELAY_LINES_MAX];
};

static bool relay_lines_watch(const struct relay_lines *l, int fd, uint32_t which)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = which};
    return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

struct relay_lines *relay_lines_open(const struct relay_door *door)
{
    struct relay_lines *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->door = door;
    for (int i = 0; i < RELAY_LINES_MAX; i++)
        l->list[i].fd = -1;
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll_fd >= 0 && relay_lines_watch(l, door->inner_fd, LINES_DOOR))
        return l;
    relay_lines_close(l);
    return NULL;
}

static void relay_lines_disconnect(struct relay_line *line)
{
    close(line->fd);
    line->fd = -1;
}

void relay_lines_close(struct relay_lines *l)
{
    if (!l)
        return;
    for (int i = 0; i < RELAY_LINES_MAX; i++) {
        if (l->list[i].fd >= 0)
            relay_lines_disconnect(&l->list[i]);
    }
    if (l->epoll_fd >= 0)
        close(l->epoll_fd);
    free(l);
}

int relay_lines_fd(const struct relay_lines *l)
{
    return l->epoll_fd;
}

static int relay_lines_free_place(const struct relay_lines *l)
{
    int i = 0;
    while (i < RELAY_LINES_MAX && l->list[i].fd >= 0)
        i++;
    return i;
}

/* Lets in those who wait. What they carry is received the next time. */
static void relay_lines_answer_door(struct relay_lines *l)
{
    int fd;
    while ((fd = relay_door_answer(l->door)) >= 0) {
        int i = relay_lines_free_place(l);
        if (i == RELAY_LINES_MAX || !relay_lines_watch(l, fd, (uint32_t)i)) {
            close(fd);
            continue;
        }
        l->list[i] = (struct relay_line){fd, ++l->serial};
    }
    if (errno == EPIPE)
        l->over = true;
}

/* Receives the next change that a connection carries; false if there is none, or no room. */
static bool relay_lines_receive_from(struct relay_lines *l, int i, struct relay_queue *queue)
{
    struct relay_entry *entry = relay_queue_next(queue);
    if (!entry)
        return false;
    int got =
        relay_message_receive(l->list[i].fd, l->door->workers * RELAY_WAITING_MAX, &entry->request);
    if (got < 0 && errno != EAGAIN)
        relay_lines_disconnect(&l->list[i]);
    if (got > 0) {
        entry->from = (struct relay_origin){i, l->list[i].serial};
        relay_queue_add(queue);
    }
    return got >= 0;
}

void relay_lines_receive(struct relay_lines *l, struct relay_queue *queue)
{
    /* The kernel gives them in the order in which they became readable. */
    struct epoll_event events[LINES_EVENTS_MAX];
    int ready[LINES_EVENTS_MAX], count = 0;
    int n = epoll_wait(l->epoll_fd, events, LINES_EVENTS_MAX, 0);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u32 == LINES_DOOR)
            relay_lines_answer_door(l);
        else
            ready[count++] = (int)events[i].data.u32;
    }
    while (count > 0) {
        int left = 0;
        for (int i = 0; i < count; i++) {
            if (relay_lines_receive_from(l, ready[i], queue))
                ready[left++] = ready[i];
        }
        count = left;
    }
}

/* If that fails the worker has died, and there is nobody to be told; or it has let so many answers
 * lie that there is no room for more. The connection then ends, and a worker that lives hands over
 * anew what it has no answer to, and is told what became of it. */
void relay_lines_tell(struct relay_lines *l, const struct relay_entry *entry,
                      enum store_result result, struct store_outcome *outcome)
{
    struct relay_line *line = &l->list[entry->from.place];
    if (line->fd >= 0 && line->serial == entry->from.serial &&
        !relay_message_answer(line->fd, &entry->request, result, outcome))
        relay_lines_disconnect(line);
}

bool relay_lines_want(const struct relay_lines *l, const struct relay_entry *entry)
{
    const struct relay_request *request = &entry->request;
    return relay_ticket_waits(&l->door->tickets[request->ticket], request->number);
}

bool relay_lines_take_up(struct relay_lines *l, struct relay_entry *entry)
{
    const struct relay_request *request = &entry->request;
    if (!relay_ticket_take(&l->door->tickets[request->ticket], request->number))
        return false;
    if (clock_monotonic_us() < request->deadline_us)
        return true;
    relay_lines_tell(l, entry, STORE_BUSY, NULL);
    return false;
}

bool relay_lines_are_over(const struct relay_lines *l)
{
    return l->over;
}
