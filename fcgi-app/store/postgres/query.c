#include "store/postgres/query.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

enum {
    POSTGRES_ARGUMENTS_MAX = 8,
    POSTGRES_PREPARE_MAX = 65536,
    POSTGRES_ABANDON_MAX = 1000, /* results it is cheaper to read than to connect anew */
};

/* What the server's SQLSTATEs, or their beginnings, mean to the caller; what is not here is a
 * fault. The first that fits counts. */
static const struct {
    const char *state;
    enum store_result result;
    enum postgres_remedy remedy;
} postgres_meanings[] = {
    {"40001", STORE_BUSY, POSTGRES_RETRY},            /* serialization_failure */
    {"40P01", STORE_BUSY, POSTGRES_RETRY},            /* deadlock_detected */
    {"55P03", STORE_BUSY, POSTGRES_NONE},             /* lock_not_available: lock_timeout */
    {"57014", STORE_BUSY, POSTGRES_NONE},             /* query_canceled: statement_timeout */
    {"25006", STORE_UNREACHABLE, POSTGRES_ELSEWHERE}, /* read only: another host is the primary */
    {"42501", STORE_UNSUITABLE, POSTGRES_NONE},       /* insufficient_privilege */
    {"26000", STORE_UNREACHABLE, POSTGRES_RECONNECT}, /* no such statement: something reset it */
    {"0A000", STORE_UNREACHABLE, POSTGRES_RECONNECT}, /* the plan's columns were migrated away */
    {"57P", STORE_UNREACHABLE, POSTGRES_LOST},        /* operator intervention */
    {"08", STORE_UNREACHABLE, POSTGRES_LOST},         /* connection exceptions */
    {"53", STORE_UNREACHABLE, POSTGRES_NONE},         /* out of disk, memory, connections */
    {"58", STORE_UNREACHABLE, POSTGRES_NONE},         /* the server's system calls fail */
};

enum store_result postgres_query_lose(struct postgres *p, const char *text)
{
    enum store_result result = postgres_session_fail(p, STORE_UNREACHABLE, text);
    postgres_session_close(p);
    p->remedy = POSTGRES_LOST;
    return result;
}

enum store_result postgres_query_fail(struct postgres *p, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!state)
        return postgres_query_lose(p, PQerrorMessage(p->conn));
    postgres_session_fail(p, STORE_FAULT, text ? text : "");
    snprintf(p->error.state, sizeof p->error.state, "%s", state);
    for (size_t i = 0; i < sizeof postgres_meanings / sizeof postgres_meanings[0]; i++) {
        if (strncmp(state, postgres_meanings[i].state, strlen(postgres_meanings[i].state)) == 0) {
            p->remedy = postgres_meanings[i].remedy;
            return postgres_meanings[i].result;
        }
    }
    return STORE_FAULT;
}

enum store_result postgres_query_flush(struct postgres *p)
{
    int64_t until_us = postgres_session_until(p);
    int rc;
    while ((rc = PQflush(p->conn)) > 0) {
        if (!postgres_session_wait(p, POLLIN | POLLOUT, until_us))
            return postgres_query_lose(p, "the server took no more within the deadline");
        /* It may have stopped reading because we do not read its answers. */
        if (!PQconsumeInput(p->conn))
            break;
    }
    return rc == 0 ? STORE_OK : postgres_query_lose(p, PQerrorMessage(p->conn));
}

enum store_result postgres_query_sent(struct postgres *p, bool queued)
{
    p->idle = false;
    return queued ? postgres_query_flush(p) : postgres_query_lose(p, PQerrorMessage(p->conn));
}

bool postgres_query_queue(struct postgres *p, enum postgres_sql which,
                          const struct postgres_argument *arguments, int count)
{
    const char *values[POSTGRES_ARGUMENTS_MAX];
    char numbers[POSTGRES_ARGUMENTS_MAX][TEXT_DECIMAL_SIZE];
    char name[1 + TEXT_DECIMAL_SIZE] = "s";
    for (int i = 0; i < count; i++) {
        text_decimal(arguments[i].number, numbers[i]);
        values[i] = arguments[i].text ? arguments[i].text : numbers[i];
        if (arguments[i].null)
            values[i] = NULL;
    }
    text_decimal(which, name + 1);
    p->idle = false;
    return which < POSTGRES_SQL_PREPARED
               ? PQsendQueryParams(p->conn, postgres_sql_texts[which], count, NULL, values, NULL,
                                   NULL, 0)
               : PQsendQueryPrepared(p->conn, name, count, values, NULL, NULL, 0);
}

enum store_result postgres_query_send(struct postgres *p, enum postgres_sql which,
                                      const struct postgres_argument *arguments, int count)
{
    if (count == 0)
        return postgres_query_send_text(p, postgres_sql_texts[which]);
    return postgres_query_sent(p, postgres_query_queue(p, which, arguments, count));
}

enum store_result postgres_query_send_text(struct postgres *p, const char *sql)
{
    return postgres_query_sent(p, PQsendQuery(p->conn, sql));
}

enum store_result postgres_query_await(struct postgres *p)
{
    int64_t until_us = postgres_session_until(p);
    while (PQisBusy(p->conn)) {
        if (!postgres_session_wait(p, POLLIN, until_us))
            return postgres_query_lose(p, "the server did not answer within the deadline");
        if (!PQconsumeInput(p->conn))
            return postgres_query_lose(p, PQerrorMessage(p->conn));
    }
    return STORE_OK;
}

/* Reads up to the end of what the server still sends; the failure so far stays the one told. */
static void postgres_query_drain(struct postgres *p)
{
    struct postgres_error error = p->error;
    enum postgres_remedy remedy = p->remedy;
    for (int i = 0;
         p->conn && !p->idle && i < POSTGRES_ABANDON_MAX && postgres_query_await(p) == STORE_OK;
         i++) {
        PGresult *result = PQgetResult(p->conn);
        p->idle = !result;
        PQclear(result);
    }
    if (!p->idle)
        postgres_session_close(p);
    p->error = error;
    p->remedy = remedy;
}

void postgres_query_remedy(struct postgres *p)
{
    if (p->remedy == POSTGRES_RECONNECT || p->remedy == POSTGRES_LOST)
        postgres_session_close(p);
    else if (p->remedy == POSTGRES_ELSEWHERE)
        postgres_session_leave_host(p);
}

enum store_result postgres_query_next(struct postgres *p, PGresult **out)
{
    enum store_result result = postgres_query_await(p);
    if (result != STORE_OK)
        return result;
    *out = PQgetResult(p->conn);
    p->idle = !*out;
    if (!*out)
        return STORE_NOT_FOUND;
    switch (PQresultStatus(*out)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
    case PGRES_COPY_IN:
        return STORE_OK;
    default:
        result = postgres_query_fail(p, *out);
        PQclear(*out);
        *out = NULL;
        postgres_query_drain(p);
        postgres_query_remedy(p);
        return result;
    }
}

enum store_result postgres_query_finish(struct postgres *p, PGresult **out)
{
    PGresult *next, *last = NULL;
    enum store_result result;
    while ((result = postgres_query_next(p, &next)) == STORE_OK) {
        PQclear(last);
        last = next;
    }
    if (result != STORE_NOT_FOUND || !out) {
        PQclear(last);
        return result == STORE_NOT_FOUND ? STORE_OK : result;
    }
    *out = last;
    return last ? STORE_OK : postgres_session_fail(p, STORE_FAULT, "the server gave no result");
}

void postgres_query_abandon(struct postgres *p)
{
    if (p->conn && !p->idle)
        postgres_query_drain(p);
}

enum store_result postgres_query_run(struct postgres *p, enum postgres_sql which,
                                     const struct postgres_argument *arguments, int count,
                                     PGresult **out)
{
    enum store_result result = postgres_query_send(p, which, arguments, count);
    return result == STORE_OK ? postgres_query_finish(p, out) : result;
}

enum store_result postgres_query_prepare(struct postgres *p)
{
    struct buffer sql;
    enum store_result result = STORE_UNREACHABLE;
    buffer_init(&sql, POSTGRES_PREPARE_MAX);
    for (int i = POSTGRES_SQL_PREPARED; i < POSTGRES_SQL_MAX; i++)
        buffer_printf(&sql, "PREPARE s%d AS %s", i, postgres_sql_texts[i]);
    if (sql.overflown)
        postgres_session_fail(p, result, "out of memory");
    else
        result = postgres_query_send_text(p, sql.data);
    buffer_free(&sql);
    return result == STORE_OK ? postgres_query_finish(p, NULL) : result;
}
