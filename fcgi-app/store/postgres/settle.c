#include "store/postgres/settle.h"

#include "base/clock.h"
#include "metrics/metrics.h"
#include "store/postgres/connect.h"
#include "store/postgres/query.h"
#include "store/postgres/reach.h"

enum { POSTGRES_SETTLE_US = 50000 }; /* between attempts */

/* Waits until that session is over, or goes on at once if it is this one. */
static enum store_result postgres_settle_await(struct postgres *p, int64_t session)
{
    PGresult *row = NULL;
    enum store_result result =
        postgres_query_run(p, POSTGRES_SQL_SESSION_AWAIT, POSTGRES_SESSION(session), &row);
    if (result == STORE_OK && *PQgetvalue(row, 0, 0) == 't') {
        result = postgres_session_fail(p, STORE_UNREACHABLE, "the server is a standby");
        postgres_session_leave_host(p);
    }
    PQclear(row);
    return result;
}

enum store_result postgres_settle_confirm(struct postgres *p)
{
    return postgres_settle_await(p, p->session);
}

/* Sees to it that a session which is lost to us is over on the server too. One that this session
 * follows was over when it began. */
static enum store_result postgres_settle_end(struct postgres *p, int64_t session)
{
    enum store_result result = session == p->session ? STORE_OK : postgres_connect_end(p, session);
    return result == STORE_OK ? postgres_settle_await(p, session) : result;
}

enum store_result postgres_settle(struct postgres *p, int64_t session,
                                  const struct postgres_settlement *settlement, void *context)
{
    enum store_result result;
    p->deadline_us = p->end_us;
    for (;;) {
        result = postgres_reach(p);
        if (result == STORE_OK)
            result = postgres_settle_end(p, session);
        if (result == STORE_OK)
            result = settlement->look(p, context);
        if (result == STORE_OK || result == STORE_NOT_FOUND)
            break;
        if (clock_monotonic_us() + POSTGRES_SETTLE_US >= p->end_us) {
            metrics_add(METRIC_STORE_SETTLED, 1, METRICS_WITH(IS_NOTHING));
            settlement->give_up(p, context);
            p->remedy = POSTGRES_NONE;
            return STORE_UNKNOWN;
        }
        clock_sleep_us(POSTGRES_SETTLE_US);
    }
    metrics_add(METRIC_STORE_SETTLED, 1, METRICS_WITH(result == STORE_OK ? IS_MADE : IS_NOT_MADE));
    p->remedy = result == STORE_OK ? POSTGRES_NONE : POSTGRES_RECONNECT;
    return result == STORE_OK ? STORE_OK : STORE_UNREACHABLE;
}
