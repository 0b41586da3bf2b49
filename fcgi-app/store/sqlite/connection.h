/* connection: the file of a SQLite store, open or not, and the call that uses it now: its
 * deadline, and how it failed. */
#ifndef STORE_SQLITE_CONNECTION_H
#define STORE_SQLITE_CONNECTION_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "gen/sqlite_sql.h"
#include "store/driver.h"
#include "store/sqlite/checkpoint.h"
#include "store/sqlite/identity.h"
#include "store/trouble.h"

/* A failure of SQLite, kept until the call ends and it is logged. */
struct sqlite_error {
    int code; /* extended result code; 0 if SQLite did not fail */
    int system_errno;
    char text[256];
};

struct sqlite {
    struct store store;              /* first, so that a struct store * is a struct sqlite * */
    char *path;                      /* owned */
    int lock;                        /* PATH-lock, held while the file is open; else -1 */
    struct sqlite_identity identity; /* of the file that is open */
    bool identified;                 /* the open file is the store, and its log its own */
    int64_t looked_us; /* when the path last led to it, by a look; monotonic, 0: it did not */
    int timeout_ms;
    int64_t deadline_us; /* of the call that runs */
    bool unbounded;      /* statements may outlast the deadline */
    bool doubtful;   /* a commit failed, and may be found on the disk later; see decisions/0024 */
    bool unwritable; /* writing failed the last time */
    int64_t written_us; /* when this connection last made a change durable; monotonic, 0: never */
    struct sqlite_checkpoint checkpoint;
    int64_t connection;                /* how many connections there were, with this one */
    sqlite3 *db;                       /* NULL while the file is not open */
    sqlite3_stmt *sql[SQLITE_SQL_MAX]; /* see statement.h; NULL while not prepared */
    const char *call;                  /* the name of the call that runs, for the log */
    struct sqlite_error error;         /* of the call that runs */
    struct trouble trouble;
    struct order order; /* the row that order_list shows its visitor */
};

/* Sees to it that the store is open. If found says so, it may be made, or be another file than the
 * one that PATH-lock notes, unless others have that one open or its log is still there. Returns
 * STORE_OK, or how it failed. If then no file is at the path, or another than the one that is open,
 * that stays open and unused, so that its log stays in the way of all who would open the other. */
enum store_result sqlite_connection_open(struct sqlite *s, bool found);

/* Closes the file, if it is open, and its statements. */
void sqlite_connection_close(struct sqlite *s);

/* Moves what the log holds into the file, as far as readers let it, so that it is durable: what is
 * read from a log that another process left may not be. STORE_OK, or how it failed. */
enum store_result sqlite_connection_checkpoint(struct sqlite *s);

/* As store_upkeep: moves the log while others write. STORE_OK, or how it failed. */
enum store_result sqlite_connection_keep_up(struct sqlite *s);

/* STORE_OK if the path leads to the open file, or how it failed: another was put in its place. */
enum store_result sqlite_connection_recheck(struct sqlite *s);

/* Whether that was so at a look in the last 10 ms. It is enough for a read: what it finds in the
 * open file was in the store's place so short a time ago. */
bool sqlite_connection_looked(const struct sqlite *s);

/* Keeps what SQLite says of the failure, and returns what it means to the caller. */
enum store_result sqlite_connection_fail(struct sqlite *s, int code);

/* Keeps the text of a failure that is not SQLite's own, and returns the result. */
enum store_result sqlite_connection_fail_text(struct sqlite *s, enum store_result result,
                                              const char *text);

#endif
