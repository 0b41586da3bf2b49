/* session: the connection to a PostgreSQL server, made or not, and the call that uses it now: its
 * deadline, and how it failed. */
#ifndef STORE_POSTGRES_SESSION_H
#define STORE_POSTGRES_SESSION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/driver.h"
#include "store/trouble.h"

enum { POSTGRES_STATE_SIZE = 6, POSTGRES_ERROR_SIZE = 500 };

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

/* What has been read of the answer to a pipeline: see pipeline.h. */
struct postgres_reading {
    size_t number;            /* statements that have given their rows */
    enum store_result result; /* the first failure, or STORE_OK */
    int empty;                /* ends of a statement's results in a row */
    bool over;                /* the commit has been answered */
};

/* How long a statement waits for a lock: a good part of the deadline; a moment; not at all. */
enum postgres_patience { POSTGRES_PATIENT, POSTGRES_BRIEF, POSTGRES_AT_ONCE };

struct postgres {
    struct store store;        /* first, so that a struct store * is a struct postgres * */
    PQconninfoOption *options; /* of the URL; owned */
    char *password_file;       /* owned; NULL if none */
    char schema[64];           /* the schema that holds the store, as store_options has it */
    char name[128];            /* what the log shows of the URL */
    int timeout_ms;
    int64_t succession; /* the lock's number of each of its sessions, or 0: see store_options */
    PGconn *conn;       /* NULL while there is no connection */
    bool ready;         /* its schema is checked, its statements are prepared */
    bool idle;          /* it waits for a statement */
    int64_t session;    /* the advisory lock, two numbers in one, that it holds while it lives */
    int host;           /* which of the URL's hosts answered last */
    int64_t next_connect_us;        /* no attempt to connect before */
    enum store_result last_connect; /* how the last attempt ended */
    int64_t until_us;               /* a deadline that several calls share; 0: none */
    int64_t end_us;                 /* the deadline of the call that runs */
    int64_t deadline_us;            /* and of what it does at present; never later */
    enum postgres_patience patience;
    bool unbounded;      /* only each step is bounded, see postgres_session_until */
    bool shown;          /* the visitor has seen a row, so nothing can be done over */
    int retries, losses; /* attempts of the call that runs */
    enum postgres_remedy remedy;
    const char *call; /* the use case that runs, for the log */
    bool begun; /* the call has sent what it has to send, and its answer is read: see call.h */
    struct postgres_reading reading;
    struct postgres_error error;
    char cause[POSTGRES_ERROR_SIZE]; /* the text of the last error that had no SQLSTATE */
    int causes;                      /* and how often it was another one */
    struct trouble trouble;
    struct order order; /* the row that order_list shows its visitor */
};

/* Closes the connection, if there is one; the next call makes another. */
void postgres_session_close(struct postgres *p);

/* The same, and the next host has its turn before this one. */
void postgres_session_leave_host(struct postgres *p);

/* Keeps the text of a failure that the server did not report, and returns the result. */
enum store_result postgres_session_fail(struct postgres *p, enum store_result result,
                                        const char *text);

/* When the present step must be over: at the deadline; for a call without one, after as long again
 * as calls have, and a minute at least. */
int64_t postgres_session_until(const struct postgres *p);

/* Waits until the connection's socket is ready for these poll events; false if it is not by then.
 */
bool postgres_session_wait(const struct postgres *p, short events, int64_t until_us);

/* After so many milliseconds the server ends a wait for a lock; see decision 0022. */
int postgres_session_lock_ms(const struct postgres *p);

/* STORE_OK, or STORE_BUSY if the deadline has passed; for calls that show rows to a visitor, which
 * may be slow. */
enum store_result postgres_session_in_time(struct postgres *p);

#endif
