/* postgres_internal: what the files of the PostgreSQL driver share. postgres.c holds the frame of a
 * call, postgres_connect.c the making of connections, postgres_query.c the running of statements;
 * the use cases are in postgres_schema.c, postgres_product.c and postgres_order.c.
 *
 * A call looks like this; whatever goes on in between, postgres_leave ends it:
 *
 *     postgres_enter(p, "product_get");
 *     do {
 *         result = postgres_reach(p);
 *         if (result == STORE_OK)
 *             result = …statements…;
 *     } while (postgres_again(p, result));
 *     return postgres_leave(p, result);
 */
#ifndef STORE_POSTGRES_INTERNAL_H
#define STORE_POSTGRES_INTERNAL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "gen/postgres_sql.h"
#include "store/driver.h"
#include "store/trouble.h"

/* The first statement that is prepared; see postgres.sql. */
#define POSTGRES_SQL_PREPARED POSTGRES_SQL_PRODUCT_GET

enum { POSTGRES_STATE_SIZE = 6, POSTGRES_ERROR_SIZE = 200 };

/* A failure, kept until the call ends and it is logged. */
struct postgres_error {
    char state[POSTGRES_STATE_SIZE]; /* the SQLSTATE; "" if the server did not speak */
    char text[POSTGRES_ERROR_SIZE];
};

/* What a failed attempt leaves to be done about it. */
enum postgres_remedy {
    POSTGRES_NONE,      /* nothing: the failure is the call's result */
    POSTGRES_RETRY,     /* it lost to another transaction and changed nothing: try again */
    POSTGRES_RECONNECT, /* it changed nothing, and will go better on a new connection */
    POSTGRES_ELSEWHERE, /* the same, and to another host: this one is not the primary */
    POSTGRES_LOST       /* the connection broke; what was sent may or may not have been done */
};

struct postgres {
    struct store store;        /* first, so that a struct store * is a struct postgres * */
    PQconninfoOption *options; /* of the URL; owned */
    char *password_file;       /* owned; NULL if none */
    char name[128];            /* what the log shows of the URL */
    int timeout_ms;
    PGconn *conn;            /* NULL while there is no connection */
    bool ready;              /* its schema is checked, its statements are prepared */
    bool idle;               /* it waits for a statement */
    int64_t session;         /* the advisory lock that it holds as long as it lives */
    int host;                /* which of the URL's hosts answered last */
    int64_t next_connect_us; /* no attempt to connect before */
    int64_t end_us;          /* the deadline of the call that runs */
    int64_t deadline_us;     /* and of what it does at present; never later */
    bool unbounded;          /* only each step is bounded, by POSTGRES_STEP_MS at least */
    bool shown;              /* the visitor has seen a row, so nothing can be done over */
    int retries, losses;     /* attempts of the call that runs */
    enum postgres_remedy remedy;
    const char *call; /* the use case that runs, for the log */
    struct postgres_error error;
    char cause[POSTGRES_ERROR_SIZE]; /* the text of the last error that had no SQLSTATE */
    int causes;                      /* and how often it was another one */
    struct trouble trouble;
    struct order order; /* the row that order_list shows its visitor */
};

/* Milliseconds that a step of a call without a deadline may take at least. */
enum { POSTGRES_STEP_MS = 60000 };

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

/* Starts a call and its deadline. */
void postgres_enter(struct postgres *p, const char *call);

/* Sees to it that there is a connection, that the schema is this program's and that the statements
 * are prepared. */
enum store_result postgres_reach(struct postgres *p);

/* The same, but for the connection alone. */
enum store_result postgres_reach_unchecked(struct postgres *p);

/* Tells, after an attempt, whether there is to be another one: its failure passes, it changed
 * nothing, and there is time. */
bool postgres_again(struct postgres *p, enum store_result result);

/* Ends a call, and returns its result: logs a trouble that is new, or over. */
enum store_result postgres_leave(struct postgres *p, enum store_result result);

/* Connects, trying one host after the other. */
enum store_result postgres_connect(struct postgres *p);

/* Closes the connection, if there is one; the next call makes another. */
void postgres_disconnect(struct postgres *p);

/* The same, and the next host has its turn before this one. */
void postgres_leave_host(struct postgres *p);

/* Writes what may be shown of a URL that postgres_parse takes. */
void postgres_show(const char *url, char *out, size_t size);

/* The parts of a URL, to be freed with PQconninfoFree; NULL if it is none. */
PQconninfoOption *postgres_parse(const char *url);

/* Whether libpq takes the options' values, most of which it looks at when it starts to connect, and
 * not before. If it does not, why tells the first that is wrong. */
bool postgres_takes_values(const PQconninfoOption *options, char *why, size_t size);

/* Keeps the text of a failure that the server did not report, and returns the result. */
enum store_result postgres_fail(struct postgres *p, enum store_result result, const char *text);

/* Waits until the connection's socket is ready for these poll events; false if it is not by the
 * deadline, or the time given if that is earlier. */
bool postgres_wait(const struct postgres *p, short events, int64_t until_us);

/* When the present step must be over. */
int64_t postgres_until(const struct postgres *p);

/* Sends what libpq still holds back. */
enum store_result postgres_flush(struct postgres *p);

/* Sends a statement with its arguments from $1 on; postgres_next fetches what comes of it. */
enum store_result postgres_send(struct postgres *p, enum postgres_sql which,
                                const struct postgres_argument *arguments, int count);

/* Sends SQL that is no named statement and has no arguments. */
enum store_result postgres_send_text(struct postgres *p, const char *sql);

/* Waits for the next result of what was sent: STORE_OK and a result that the caller clears;
 * STORE_NOT_FOUND once there are no more; or how it failed, and then there are no more either. */
enum store_result postgres_next(struct postgres *p, PGresult **out);

/* Fetches all results, and keeps the last (to be cleared by the caller) if out is not NULL. */
enum store_result postgres_finish(struct postgres *p, PGresult **out);

/* STORE_OK, or STORE_BUSY if the deadline has passed; for who shows rows to a visitor that takes
 * its time. */
enum store_result postgres_in_time(struct postgres *p);

/* Gives up the results that are still to come. */
void postgres_abandon(struct postgres *p);

/* postgres_send and postgres_finish. */
enum store_result postgres_run(struct postgres *p, enum postgres_sql which,
                               const struct postgres_argument *arguments, int count,
                               PGresult **out);

/* Both with the arguments in a row. */
#define POSTGRES_ARGUMENTS(...)                                                                    \
    (const struct postgres_argument[]){__VA_ARGS__},                                               \
        (int)(sizeof(const struct postgres_argument[]){__VA_ARGS__} /                              \
              sizeof(struct postgres_argument))

/* Begins a transaction. If it returns STORE_OK, and only then, postgres_end must follow. */
enum store_result postgres_begin(struct postgres *p);

/* Commits if the result so far is STORE_OK, or else rolls back; returns how it ended. */
enum store_result postgres_end(struct postgres *p, enum store_result result);

/* The number in a column of a row. */
int64_t postgres_number(const PGresult *result, int row, int column);

/* Copies a column that has a text. */
void postgres_copy_text(const PGresult *result, int row, int column, char *out, size_t size);

/* Reads the schema's version, and the oldest one whose programs it still serves: 0 if there is
 * none. */
enum store_result postgres_version(struct postgres *p, int *version, int *serves);

/* Compares it with this program's: STORE_OK, STORE_OLD_SCHEMA or STORE_NEW_SCHEMA. */
enum store_result postgres_check(struct postgres *p);

/* The schema version this program needs. */
int postgres_schema_version(void);

/* The use cases; see calls.def. */
store_migrate_call postgres_migrate;
store_product_get_call postgres_product_get;
store_product_list_call postgres_product_list;
store_product_import_call postgres_product_import;
store_order_place_call postgres_order_place;
store_order_get_call postgres_order_get;
store_order_list_call postgres_order_list;

#endif
