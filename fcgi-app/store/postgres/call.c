#include "store/postgres/call.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "store/postgres/connect.h"
#include "store/postgres/privilege.h"
#include "store/postgres/reach.h"

enum {
    POSTGRES_RETRIES_MAX = 10,
    POSTGRES_RETRY_US = 1000, /* times the number of the retry */
    POSTGRES_LOSSES_MAX = 1,
    /* Percent of the deadline after which a server that has not answered is asked anew, by a call
     * that can settle what became of its change. */
    POSTGRES_ANSWER_PERCENT = 75,
};

static void postgres_call_enter(struct postgres *p, const struct postgres_call *call)
{
    int64_t timeout_us = (int64_t)p->timeout_ms * 1000;
    p->call = call->name;
    int64_t now_us = clock_monotonic_us();
    p->end_us = now_us + timeout_us;
    if (p->until_us && p->until_us < p->end_us)
        p->end_us = p->until_us;
    p->deadline_us = p->end_us;
    if (call->settlement)
        p->deadline_us -= (p->end_us - now_us) * (100 - POSTGRES_ANSWER_PERCENT) / 100;
    p->shown = false;
    p->retries = 0;
    p->losses = 0;
}

bool postgres_call_begin(struct postgres *p, const struct postgres_call *call)
{
    /* What the server has said without being asked, perhaps its end, is heard by postgres_connect.
     */
    if (!p->ready || !p->idle || postgres_session_wait(p, POLLIN, 0))
        return false;
    postgres_call_enter(p, call);
    p->unbounded = false;
    p->remedy = POSTGRES_NONE;
    p->begun = true;
    return true;
}

static enum store_result postgres_call_reach(struct postgres *p, const struct postgres_call *call)
{
    p->unbounded = false;
    return call->migrates ? postgres_connect(p) : postgres_reach(p);
}

static enum store_result postgres_call_try(struct postgres *p, const struct postgres_call *call,
                                           void *context)
{
    enum store_result result = p->begun ? STORE_OK : postgres_call_reach(p, call);
    int64_t session = p->session;
    if (result != STORE_OK)
        return result;
    result =
        call->transacts ? postgres_transaction_run(p, call->work, context) : call->work(p, context);
    if (call->settlement && p->remedy == POSTGRES_LOST)
        result = postgres_settle(p, session, call->settlement, context);
    return result;
}

static bool postgres_call_count(enum label_value cause)
{
    metrics_add(METRIC_STORE_RETRIES, 1, METRICS_WITH(cause));
    return true;
}

/* Tells, after an attempt, whether there is to be another one: its failure passes, it changed
 * nothing, and there is time. */
static bool postgres_call_again(struct postgres *p, enum store_result result)
{
    enum postgres_remedy remedy = result == STORE_OK ? POSTGRES_NONE : p->remedy;
    p->remedy = POSTGRES_NONE;
    if (remedy == POSTGRES_NONE || p->shown || clock_monotonic_us() >= p->deadline_us)
        return false;
    if (remedy != POSTGRES_RETRY)
        return p->losses++ < POSTGRES_LOSSES_MAX && postgres_call_count(IS_CONNECTION);
    if (p->retries++ >= POSTGRES_RETRIES_MAX)
        return false;
    postgres_call_count(IS_CONFLICT);
    clock_sleep_us((int64_t)p->retries * POSTGRES_RETRY_US);
    return true;
}

/* A number that tells one cause of trouble from another. For a SQLSTATE, which is five digits and
 * capital letters, it is that in base 36. For what the server did not report, it is a new number
 * below zero whenever the text changes. */
static int postgres_call_code(struct postgres *p)
{
    if (*p->error.state)
        return (int)strtol(p->error.state, NULL, 36);
    if (strcmp(p->cause, p->error.text) != 0) {
        memcpy(p->cause, p->error.text, sizeof p->cause);
        p->causes++;
    }
    return -p->causes;
}

static enum store_result postgres_call_leave(struct postgres *p, const struct postgres_call *call,
                                             enum store_result result)
{
    if (result == STORE_UNSUITABLE)
        postgres_privilege_advise(p, call->migrates);
    /* Within a call that failed half-way. */
    if (p->conn && !p->idle)
        postgres_session_close(p);
    trouble_note(&p->trouble, result, postgres_call_code(p),
                 LOG_FIELDS(LOG_TEXT("store", p->name), LOG_TEXT("call", p->call),
                            LOG_TEXT("error", p->error.text),
                            LOG_TEXT("sqlstate", p->error.state)));
    return result;
}

enum store_result postgres_call_run(struct store *store, const struct postgres_call *call,
                                    void *context)
{
    struct postgres *p = (struct postgres *)store;
    enum store_result result;
    bool unknown = false; /* what an earlier attempt did */
    if (!p->begun)
        postgres_call_enter(p, call);
    do {
        result = postgres_call_try(p, call, context);
        unknown = unknown || result == STORE_UNKNOWN;
    } while (postgres_call_again(p, result));
    if (unknown && result == STORE_UNREACHABLE)
        result = STORE_UNKNOWN;
    /* The statements of this connection, if any, are of the old schema. */
    if (call->migrates)
        postgres_session_close(p);
    return postgres_call_leave(p, call, result);
}
