/* query: prepares and runs the statements of statements.sql. */
#ifndef STORE_POSTGRES_QUERY_H
#define STORE_POSTGRES_QUERY_H

#include "gen/postgres_sql.h"
#include "store/postgres/session.h"

/* The first statement that is prepared; see statements.sql. */
#define POSTGRES_SQL_PREPARED POSTGRES_SQL_PRODUCT_GET

/* A statement's argument: the text, or if that is NULL the number, or NULL. */
struct postgres_argument {
    const char *text;
    int64_t number;
    bool null;
};

#define POSTGRES_AS_TEXT(v)                                                                        \
    ((struct postgres_argument){.text = (v)}) /* NULL-terminated, and not NULL */
#define POSTGRES_AS_NUMBER(v) ((struct postgres_argument){.number = (int64_t)(v)})
#define POSTGRES_AS_NULL      ((struct postgres_argument){.null = true})

/* postgres_query_send's and postgres_query_run's arguments, in a row. */
#define POSTGRES_ARGUMENTS(...)                                                                    \
    (const struct postgres_argument[]){__VA_ARGS__},                                               \
        (int)(sizeof(const struct postgres_argument[]){__VA_ARGS__} /                              \
              sizeof(struct postgres_argument))

/* The two numbers of a session's lock, as arguments. */
#define POSTGRES_SESSION(session)                                                                  \
    POSTGRES_ARGUMENTS(POSTGRES_AS_NUMBER((int32_t)((session) >> 32)),                             \
                       POSTGRES_AS_NUMBER((int32_t)(session)))

/* Prepares the statements, in one round trip. */
enum store_result postgres_query_prepare(struct postgres *p);

/* Gives a statement with its arguments, from $1 on, to libpq, which may hold it back. False: the
 * connection failed. */
bool postgres_query_queue(struct postgres *p, enum postgres_sql which,
                          const struct postgres_argument *arguments, int count);

/* Sends what was queued; queued says whether that went well. */
enum store_result postgres_query_sent(struct postgres *p, bool queued);

/* Sends a statement with its arguments from $1 on; postgres_query_next fetches what comes of it. */
enum store_result postgres_query_send(struct postgres *p, enum postgres_sql which,
                                      const struct postgres_argument *arguments, int count);

/* Sends SQL that is no named statement and has no arguments. */
enum store_result postgres_query_send_text(struct postgres *p, const char *sql);

/* Sends what libpq still holds back. */
enum store_result postgres_query_flush(struct postgres *p);

/* Waits until the next result can be had without waiting, or returns how that failed. */
enum store_result postgres_query_await(struct postgres *p);

/* Keeps what a result says of a failure, never its details, which quote rows; sets the remedy, and
 * returns what it means. */
enum store_result postgres_query_fail(struct postgres *p, const PGresult *result);

/* Does what the remedy of a failure asks of the connection: closes one that is of no more use. */
void postgres_query_remedy(struct postgres *p);

/* Closes a connection of which nobody knows what became of what was sent; returns
 * STORE_UNREACHABLE.
 */
enum store_result postgres_query_lose(struct postgres *p, const char *text);

/* Waits for the next result of what was sent: STORE_OK and a result that the caller clears;
 * STORE_NOT_FOUND once there are no more; or how it failed, and then there are no more either. */
enum store_result postgres_query_next(struct postgres *p, PGresult **out);

/* Fetches all results, and keeps the last (to be cleared by the caller) if out is not NULL. */
enum store_result postgres_query_finish(struct postgres *p, PGresult **out);

/* Gives up the results that are still to come. */
void postgres_query_abandon(struct postgres *p);

/* postgres_query_send and postgres_query_finish. */
enum store_result postgres_query_run(struct postgres *p, enum postgres_sql which,
                                     const struct postgres_argument *arguments, int count,
                                     PGresult **out);

#endif
