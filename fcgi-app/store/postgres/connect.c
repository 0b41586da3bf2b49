#include "store/postgres/connect.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/file.h"
#include "metrics/metrics.h"
#include "store/postgres/pooler.h"
#include "store/postgres/query.h"
#include "store/postgres/target.h"
#include "store/postgres/url.h"

enum {
    POSTGRES_RECONNECT_US = 150000, /* between attempts: a server that is away is not stormed */
    POSTGRES_UNASKED_MAX = 8,       /* messages that a server may send between calls */
    /* Percent of the deadline after which the server ends a statement; see decision 0022. */
    POSTGRES_STATEMENT_PERCENT = 60,
};

/* The planner is told to use an index always; see decision 0021. */
static const char postgres_settings[] =
    "SET default_transaction_isolation = 'read committed';"
    "SET idle_in_transaction_session_timeout = '60s';"
    "SET plan_cache_mode = force_generic_plan;"
    "SET enable_seqscan = off;"
    "SET enable_hashjoin = off;"
    "SET enable_mergejoin = off;"
    "SET jit = off;"
    /* An order must be durable before it is acknowledged; every other level is the server's own. */
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off';";

/* Reads the password's first line; it may have been changed since the last connection. */
static bool postgres_connect_password(struct postgres *p, char out[POSTGRES_PASSWORD_SIZE],
                                      int64_t until_us)
{
    char text[200];
    size_t len = 0;
    enum file_result result = FILE_OK;
    if (p->password_file)
        result = file_read(p->password_file, out, POSTGRES_PASSWORD_SIZE - 1, &len, until_us);
    out[len] = '\0';
    out[strcspn(out, "\r\n")] = '\0';
    if (result == FILE_OK)
        return true;
    snprintf(text, sizeof text, "DATABASE_PASSWORD_FILE: %s",
             result == FILE_IRREGULAR ? "no regular file"
             : result == FILE_LATE    ? "not read within the deadline; its mount may hang"
                                      : strerror(errno));
    postgres_session_fail(p, STORE_UNREACHABLE, text);
    return false;
}

/* What the server says without being asked is for people at a terminal. */
static void postgres_connect_ignore(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

/* What the database cannot hold would fail in the middle of an order. */
static enum store_result postgres_connect_encoding(struct postgres *p)
{
    const char *encoding = PQparameterStatus(p->conn, "server_encoding");
    char text[POSTGRES_ERROR_SIZE];
    if (encoding && strcmp(encoding, "UTF8") == 0)
        return STORE_OK;
    snprintf(text, sizeof text,
             "the database's encoding is %s, not UTF8; make one with CREATE DATABASE ... ENCODING "
             "'UTF8' TEMPLATE template0",
             encoding ? encoding : "unknown");
    postgres_session_close(p);
    return postgres_session_fail(p, STORE_UNSUITABLE, text);
}

/* Connects to one host until a time; resolving its name is not bounded by it, but by the resolver's
 * own timeouts. */
static enum store_result postgres_connect_to(struct postgres *p, int host, int64_t until_us)
{
    struct postgres_target target;
    postgres_target_aim(&target, p->options, host, p->timeout_ms);
    if (!postgres_connect_password(p, target.password, until_us))
        return STORE_UNREACHABLE;
    p->conn = postgres_target_start(p->options, &target);
    explicit_bzero(target.password, sizeof target.password);
    if (!p->conn)
        return postgres_session_fail(p, STORE_UNREACHABLE, "out of memory");
    PQsetNoticeReceiver(p->conn, postgres_connect_ignore, NULL);
    PostgresPollingStatusType state =
        PQstatus(p->conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
        if (!postgres_session_wait(p, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_us))
            break;
        state = PQconnectPoll(p->conn);
    }
    if (state == PGRES_POLLING_OK && PQsetnonblocking(p->conn, 1) == 0) {
        p->idle = true;
        return postgres_connect_encoding(p);
    }
    postgres_session_fail(p, STORE_UNREACHABLE,
                          state == PGRES_POLLING_FAILED ? PQerrorMessage(p->conn)
                                                        : "no connection within the deadline");
    postgres_session_close(p);
    return STORE_UNREACHABLE;
}

enum store_result postgres_connect_end(struct postgres *p, int64_t session)
{
    return postgres_query_run(p, POSTGRES_SQL_SESSION_TERMINATE, POSTGRES_SESSION(session), NULL);
}

/* Gives the session the number of its lock. If it follows another, that is ended first; its end is
 * waited for with the lock. */
static enum store_result postgres_connect_number(struct postgres *p)
{
    p->session = p->succession;
    if (!p->session && getrandom(&p->session, sizeof p->session, 0) != sizeof p->session)
        return postgres_session_fail(p, STORE_FAULT, "no randomness");
    /* Below zero, as no other lock of ours is that has two numbers: see migrate_lock. Locks of one
     * number, such as the idempotency keys', are another space. */
    p->session |= INT64_MIN;
    return p->succession ? postgres_connect_end(p, p->session) : STORE_OK;
}

/* The settings, and the lock that shows a later connection whether this one's work is over; see
 * decision 0011. */
static enum store_result postgres_connect_set_up(struct postgres *p)
{
    char sql[sizeof postgres_settings + 400];
    enum store_result result = postgres_connect_number(p);
    if (result != STORE_OK)
        return result;
    char *schema = PQescapeIdentifier(p->conn, p->schema, strlen(p->schema));
    if (!schema)
        return postgres_session_fail(p, STORE_FAULT, PQerrorMessage(p->conn));
    /* Whatever the role or the database says of the search_path. */
    snprintf(sql, sizeof sql,
             "SET search_path = %s, pg_temp; SET statement_timeout = %d; SET lock_timeout = %d;"
             "SELECT pg_advisory_lock(%" PRId32 ", %" PRId32 "); %s",
             schema, 1 + p->timeout_ms * POSTGRES_STATEMENT_PERCENT / 100,
             postgres_session_lock_ms(p), (int32_t)(p->session >> 32), (int32_t)p->session,
             postgres_settings);
    PQfreemem(schema);
    result = postgres_query_send_text(p, sql);
    return result == STORE_OK ? postgres_query_finish(p, NULL) : result;
}

/* Connects to one host, with a session of the server's that is the connection's own. */
static enum store_result postgres_connect_alone(struct postgres *p, int host, int64_t until_us)
{
    bool spent = false;
    enum store_result result = postgres_connect_to(p, host, until_us);
    if (result == STORE_OK)
        result = postgres_pooler_check(p, &spent);
    return result == STORE_OK && spent ? postgres_connect_to(p, host, until_us) : result;
}

/* Tries one host after the other, beginning with the one that answered last. Each has its share of
 * the time: libpq, unless it may block, would spend all of it on a silent host. */
static enum store_result postgres_connect_any(struct postgres *p)
{
    enum store_result result = STORE_UNREACHABLE;
    int hosts = postgres_url_hosts(p->options);
    for (int i = 0; i < hosts && result != STORE_OK; i++) {
        int64_t now_us = clock_monotonic_us();
        int host = (p->host + i) % hosts;
        result = postgres_connect_alone(p, host, now_us + (p->deadline_us - now_us) / (hosts - i));
        if (result != STORE_OK)
            continue;
        p->host = host;
        result = postgres_connect_set_up(p);
        if (result == STORE_OK)
            metrics_add(METRIC_STORE_CONNECTIONS, 1, METRICS_BARE);
        /* The next host needs the place. */
        if (result != STORE_OK)
            postgres_session_close(p);
    }
    return result;
}

/* Soon after an attempt that failed there is no other. */
static enum store_result postgres_connect_again(struct postgres *p)
{
    int64_t now_us = clock_monotonic_us();
    /* The error is still that of the attempt before. */
    if (now_us < p->next_connect_us)
        return p->last_connect;
    /* An attempt without any time would tell nothing of the server, and put the next one off. */
    if (now_us >= p->deadline_us)
        return postgres_session_fail(p, STORE_UNREACHABLE, "no time is left to connect");
    enum store_result result = postgres_connect_any(p);
    p->last_connect = result;
    if (result != STORE_OK) {
        postgres_session_close(p);
        p->next_connect_us = clock_monotonic_us() + POSTGRES_RECONNECT_US;
    }
    return result;
}

/* Closes the connection if the server has ended it. To find that out by a statement would leave it
 * unknown whether the statement was done. */
static void postgres_connect_check(struct postgres *p)
{
    for (int i = 0; p->conn && postgres_session_wait(p, POLLIN, 0); i++) {
        if (i == POSTGRES_UNASKED_MAX || !PQconsumeInput(p->conn))
            postgres_session_close(p);
        else
            PQisBusy(p->conn); /* takes in what came */
    }
    if (p->conn && PQstatus(p->conn) != CONNECTION_OK)
        postgres_session_close(p);
}

enum store_result postgres_connect(struct postgres *p)
{
    p->remedy = POSTGRES_NONE;
    postgres_connect_check(p);
    return p->conn ? STORE_OK : postgres_connect_again(p);
}
