#include "server/tracer.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "spans/file.h"
#include "spans/spans.h"

enum { TRACER_SIZE = 64 * 1024, TRACER_WAIT_MS = 1000 };

struct tracer {
    const struct child *child;
    int reader;
    bool ended; /* nobody is left who writes to the pipe */
    struct spans_file file;
    size_t len;
    char bytes[TRACER_SIZE]; /* what was read and is not written: at most a part of a line */
};

static volatile sig_atomic_t tracer_hung_up;

static void tracer_on_hup(int signal)
{
    (void)signal;
    tracer_hung_up = 1;
}

/* A line is in the pipe whole, but what is read at once may end within one. */
static void tracer_write(struct tracer *t)
{
    const char *end = memrchr(t->bytes, '\n', t->len);
    size_t whole = end ? (size_t)(end - t->bytes) + 1 : 0;
    if (whole > 0)
        spans_file_write(&t->file, t->bytes, whole);
    t->len -= whole;
    memmove(t->bytes, t->bytes + whole, t->len);
}

/* Whether there was something to read. The master ends one that a disk holds up. */
static bool tracer_read(struct tracer *t)
{
    ssize_t n = read(t->reader, t->bytes + t->len, sizeof t->bytes - t->len);
    t->ended = n == 0;
    if (n <= 0)
        return false;
    t->len += (size_t)n;
    atomic_store(&t->child->slot->busy_since_us, clock_monotonic_us());
    tracer_write(t);
    atomic_store(&t->child->slot->busy_since_us, 0);
    return true;
}

/* An orphan bounds its own life, as workers do. */
static bool tracer_may_leave(const struct tracer *t, bool idle)
{
    if (t->ended || !child_is_told())
        return t->ended;
    if (!child_is_orphan(t->child))
        return idle;
    alarm((unsigned)t->child->config->drain_seconds + 1);
    return false;
}

static void tracer_loop(struct tracer *t, const sigset_t *waiting)
{
    const struct timespec wait = {TRACER_WAIT_MS / 1000, 0};
    struct pollfd pipe = {.fd = t->reader, .events = POLLIN};
    bool read;
    do {
        ppoll(&pipe, 1, &wait, waiting);
        if (tracer_hung_up)
            spans_file_close(&t->file);
        tracer_hung_up = 0;
        read = tracer_read(t);
    } while (!tracer_may_leave(t, !read));
}

int tracer_run(const struct child *child)
{
    struct sigaction hup = {.sa_handler = tracer_on_hup};
    struct tracer *t = calloc(1, sizeof *t);
    sigset_t waiting;
    if (!t) {
        log_write(LOG_ERROR, "tracer cannot start", LOG_FIELDS(LOG_TEXT("call", "malloc")));
        return EXIT_FAILURE;
    }
    child_take_signals(child, &waiting);
    sigaction(SIGHUP, &hup, NULL);
    sigdelset(&waiting, SIGHUP);
    listener_keep(child->listener, LISTENER_NOTHING);
    relay_door_keep(child->door, RELAY_NOBODY);
    t->child = child;
    t->reader = spans_take_reader();
    spans_file_init(&t->file, child->config->trace_file);
    atomic_store(&child->slot->busy_since_us, 0);
    tracer_loop(t, &waiting);
    spans_file_close(&t->file);
    close(t->reader);
    free(t);
    return EXIT_SUCCESS;
}
