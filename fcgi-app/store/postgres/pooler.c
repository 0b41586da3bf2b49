#include "store/postgres/pooler.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/postgres/query.h"

enum {
    /* How long the pooler has to pass on that the server has ended the session, before it is asked
     * for that session once more: the timer's time, and some. */
    POSTGRES_POOLER_US = 350000,
    POSTGRES_POOLER_SIZE = 32
};

/* After this the server ends a session that waits for a statement. The pooler has so long to part
 * it from the connection, if it does: the end must not come first, on a busy machine either. */
static const char postgres_pooler_timer[] = "100ms";

/* undefined_object */
static const char postgres_pooler_unknown[] = "42704";

/* What a transaction sees of the session that it is in. */
struct pooler_session {
    int pid;
    char timer[POSTGRES_POOLER_SIZE];
};

/* Runs the SQL, which ends with the statement session. */
static enum store_result postgres_pooler_look(struct postgres *p, const char *sql,
                                              struct pooler_session *session)
{
    PGresult *row = NULL;
    enum store_result result = postgres_query_send_text(p, sql);
    if (result == STORE_OK)
        result = postgres_query_finish(p, &row);
    if (result == STORE_OK) {
        session->pid = (int)strtol(PQgetvalue(row, 0, 0), NULL, 10);
        snprintf(session->timer, sizeof session->timer, "%s", PQgetvalue(row, 0, 1));
    }
    PQclear(row);
    return result;
}

/* Whether the connection ends within that time. */
static bool postgres_pooler_ends(const struct postgres *p)
{
    int64_t until_us = clock_monotonic_us() + POSTGRES_POOLER_US;
    if (until_us > p->deadline_us)
        until_us = p->deadline_us;
    while (postgres_session_wait(p, POLLIN, until_us)) {
        if (!PQconsumeInput(p->conn) || PQstatus(p->conn) != CONNECTION_OK)
            return true;
    }
    return false;
}

/* Has the server end the session that a transaction was in. If that session was the connection's
 * own, the connection ends too. If not, the pooler takes another, or resets what was set in it. */
static enum store_result postgres_pooler_try(struct postgres *p, bool *spent)
{
    const char *look = postgres_sql_texts[POSTGRES_SQL_SESSION];
    struct pooler_session first, later;
    char sql[200];
    snprintf(sql, sizeof sql, "SET idle_session_timeout = '%s'; %s", postgres_pooler_timer, look);
    enum store_result result = postgres_pooler_look(p, sql, &first);
    /* Before PostgreSQL 14 there is no such setting, and so no trial. */
    if (strcmp(p->error.state, postgres_pooler_unknown) == 0 && result == STORE_FAULT)
        return STORE_OK;
    while (result == STORE_OK) {
        *spent = postgres_pooler_ends(p);
        if (*spent) {
            postgres_session_close(p);
            return STORE_OK;
        }
        if (clock_monotonic_us() >= p->deadline_us)
            return postgres_session_fail(p, STORE_UNREACHABLE,
                                         "whether the pooler gives the connection a session of its "
                                         "own was not found out within the deadline; set its "
                                         "pool_mode to session");
        result = postgres_pooler_look(p, look, &later);
        if (result == STORE_OK &&
            (later.pid != first.pid || strcmp(later.timer, postgres_pooler_timer) != 0))
            return postgres_session_fail(
                p, STORE_UNSUITABLE,
                "a pooler gives each transaction another session, which cannot serve; set its "
                "pool_mode to session, or connect to the server itself");
    }
    return result;
}

enum store_result postgres_pooler_check(struct postgres *p, bool *spent)
{
    struct pooler_session session;
    enum store_result result =
        postgres_pooler_look(p, postgres_sql_texts[POSTGRES_SQL_SESSION], &session);
    /* The server says the process's number when the connection begins; a pooler says another. */
    return result == STORE_OK && session.pid != PQbackendPID(p->conn)
               ? postgres_pooler_try(p, spent)
               : result;
}
