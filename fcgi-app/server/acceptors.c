#include "server/acceptors.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/socket.h"

enum {
    ACCEPTORS_LEAST = 2,
    /* One that is busy with a request for so long is not counted: it does not accept. */
    ACCEPTORS_STUCK_US = 10 * 1000
};

bool acceptors_open(struct acceptors *acceptors, struct scoreboard *board, int cpus)
{
    *acceptors = (struct acceptors){.board = board,
                                    .call_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
                                    .enough = cpus > ACCEPTORS_LEAST ? cpus : ACCEPTORS_LEAST};
    if (acceptors->call_fd >= 0)
        return true;
    log_write(LOG_ERROR, "cannot make the workers' call",
              LOG_FIELDS(LOG_TEXT("call", "eventfd"), LOG_TEXT("error", strerror(errno))));
    return false;
}

void acceptors_close(struct acceptors *acceptors)
{
    socket_close(&acceptors->call_fd);
}

static int acceptors_count(const struct acceptors *acceptors)
{
    const struct scoreboard *board = acceptors->board;
    int64_t now = clock_monotonic_us();
    int count = 0;
    for (int i = 0; i < board->workers; i++) {
        const struct scoreboard_slot *slot = &board->slots[i];
        int64_t since = atomic_load(&slot->busy_since_us);
        count += atomic_load(&slot->accepts) && (!since || now - since < ACCEPTORS_STUCK_US);
    }
    return count;
}

/* Wakes one that waits for a call, or who waits next. */
static void acceptors_call(const struct acceptors *acceptors)
{
    const uint64_t one = 1;
    /* It fails only if the counter is full, and then it is readable. */
    ssize_t written = write(acceptors->call_fd, &one, sizeof one);
    (void)written;
}

void acceptors_join(struct scoreboard_slot *slot)
{
    if (!atomic_load(&slot->accepts))
        atomic_store(&slot->accepts, true);
}

/* Each changes its own slot first and counts then. So of two that leave at once the later one sees
 * that both have left. */
bool acceptors_can_spare(const struct acceptors *acceptors, struct scoreboard_slot *slot)
{
    if (atomic_load(&acceptors->board->keeps) || acceptors_count(acceptors) <= acceptors->enough)
        return false;
    atomic_store(&slot->accepts, false);
    if (acceptors_count(acceptors) >= acceptors->enough)
        return true;
    atomic_store(&slot->accepts, true);
    return false;
}

void acceptors_leave(const struct acceptors *acceptors, struct scoreboard_slot *slot)
{
    if (atomic_exchange(&slot->accepts, false) && acceptors_count(acceptors) < acceptors->enough)
        acceptors_call(acceptors);
}

void acceptors_hear(int call_fd)
{
    uint64_t calls;
    /* It fails if another one was faster. */
    ssize_t got = read(call_fd, &calls, sizeof calls);
    (void)got;
}

void acceptors_need_all(const struct acceptors *acceptors)
{
    if (!atomic_exchange(&acceptors->board->keeps, true))
        acceptors_call(acceptors);
}

void acceptors_mend(const struct acceptors *acceptors)
{
    for (int count = acceptors_count(acceptors); count < acceptors->enough; count++)
        acceptors_call(acceptors);
}
