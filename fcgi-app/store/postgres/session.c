#include "store/postgres/session.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "store/postgres/url.h"

/* Milliseconds that a step of a call without a deadline may take at least. */
enum { POSTGRES_STEP_MS = 60000 };

/* Of the deadline. */
static const int postgres_lock_percents[] = {
    [POSTGRES_PATIENT] = 50, [POSTGRES_BRIEF] = 5, [POSTGRES_AT_ONCE] = 0};

void postgres_session_close(struct postgres *p)
{
    PQfinish(p->conn);
    p->conn = NULL;
    p->ready = false;
    p->idle = false;
}

void postgres_session_leave_host(struct postgres *p)
{
    postgres_session_close(p);
    p->host = (p->host + 1) % postgres_url_hosts(p->options);
}

enum store_result postgres_session_fail(struct postgres *p, enum store_result result,
                                        const char *text)
{
    size_t used = 0;
    p->error.state[0] = '\0';
    /* libpq's messages have a line for each address it tried. */
    for (; *text && used < sizeof p->error.text - 1; text++) {
        if (*text != '\n' && *text != '\t')
            p->error.text[used++] = *text;
        else if (used > 0 && text[1])
            p->error.text[used++] = ' ';
    }
    p->error.text[used] = '\0';
    return result;
}

int64_t postgres_session_until(const struct postgres *p)
{
    int64_t step_ms = p->timeout_ms > POSTGRES_STEP_MS ? p->timeout_ms : POSTGRES_STEP_MS;
    return p->unbounded ? clock_monotonic_us() + step_ms * 1000 : p->deadline_us;
}

bool postgres_session_wait(const struct postgres *p, short events, int64_t until_us)
{
    struct pollfd fd = {.fd = PQsocket(p->conn), .events = events};
    for (;;) {
        int64_t left_us = until_us - clock_monotonic_us();
        int n = poll(&fd, 1, left_us > 0 ? (int)((left_us + 999) / 1000) : 0);
        if (n > 0)
            return true;
        if (n == 0 ? left_us <= 0 : errno != EINTR)
            return false;
    }
}

int postgres_session_lock_ms(const struct postgres *p)
{
    return 1 + p->timeout_ms * postgres_lock_percents[p->patience] / 100;
}

enum store_result postgres_session_in_time(struct postgres *p)
{
    return clock_monotonic_us() < p->deadline_us
               ? STORE_OK
               : postgres_session_fail(p, STORE_BUSY, "the list was not read within the deadline");
}
