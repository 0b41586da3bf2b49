/* sqlite_internal: what the files of the SQLite driver share. sqlite.c holds the connection and the
 * frame of a call; the use cases are in sqlite_schema.c, sqlite_product.c and sqlite_order.c. */
#ifndef STORE_SQLITE_INTERNAL_H
#define STORE_SQLITE_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "gen/sqlite_sql.h"
#include "store/driver.h"
#include "store/trouble.h"

/* "PSTR", in the header of every file of ours (PRAGMA application_id). */
#define SQLITE_APPLICATION_ID 0x50535452

/* A failure of SQLite, kept until the call ends and it is logged. */
struct sqlite_error {
    int code; /* extended result code; 0 if SQLite did not fail */
    int system_errno;
    char text[200];
};

struct sqlite {
    struct store store; /* first, so that a struct store * is a struct sqlite * */
    char *path;         /* owned */
    int timeout_ms;
    int64_t deadline_us;               /* of the call that runs */
    bool unbounded;                    /* statements may outlast the deadline */
    int checkpoint_at;                 /* pages in the log at which to move them to the file */
    sqlite3 *db;                       /* NULL while the file is not open */
    sqlite3_stmt *sql[SQLITE_SQL_MAX]; /* all prepared, or all NULL */
    const char *call;                  /* the use case that runs, for the log */
    struct sqlite_error error;         /* of the call that runs */
    struct trouble trouble;
    struct order order; /* the row that order_list shows its visitor */
};

/* A statement's argument: the text, or if that is NULL the number. */
struct sqlite_argument {
    const char *text;
    int64_t number;
};

#define SQLITE_AS_TEXT(v)   ((struct sqlite_argument){.text = (v)})
#define SQLITE_AS_NUMBER(v) ((struct sqlite_argument){.number = (v)})

/* Starts a call: sets its deadline and sees to it that the file now at the path is open, ours and
 * of our schema. Whatever it returns, the call ends with sqlite_leave. */
enum store_result sqlite_enter(struct store *store, const char *call);

/* The same, but creates the file if there is none, and leaves its contents unchecked and the
 * statements unprepared. */
enum store_result sqlite_enter_unchecked(struct store *store, const char *call);

/* Ends a call, and returns its result: closes the file if it is of no use, and logs a trouble that
 * is new, or over. */
enum store_result sqlite_leave(struct sqlite *s, enum store_result result);

/* Closes the file; the next call opens it again. */
void sqlite_disconnect(struct sqlite *s);

/* Keeps what SQLite says of the failure, and returns what it means to the caller. */
enum store_result sqlite_fail(struct sqlite *s, int code);

/* The same for a failure that is not SQLite's own. */
enum store_result sqlite_fail_text(struct sqlite *s, enum store_result result, const char *text);

/* Reads the schema's version from the open file: STORE_OK if it is ours and not newer than this
 * program. An empty file is of version 0. */
enum store_result sqlite_version(struct sqlite *s, int *version);

/* Begins a transaction that writes, waiting for the lock until the deadline. If it returns
 * STORE_OK, and only then, sqlite_end must follow. */
enum store_result sqlite_begin(struct sqlite *s);

/* Commits if the result so far is STORE_OK, or else rolls back; returns how it ended. */
enum store_result sqlite_end(struct sqlite *s, enum store_result result);

/* Sets the statement's arguments from the first; texts are borrowed until the statement is reset.
 */
sqlite3_stmt *sqlite_bind(struct sqlite *s, enum sqlite_sql which,
                          const struct sqlite_argument *arguments, int count);

/* sqlite_bind with the arguments in a row. */
#define SQLITE_BIND(s, which, ...)                                                                 \
    sqlite_bind((s), (which), (const struct sqlite_argument[]){__VA_ARGS__},                       \
                (int)(sizeof(const struct sqlite_argument[]){__VA_ARGS__} /                        \
                      sizeof(struct sqlite_argument)))

/* Steps to the statement's next row: STORE_OK, or STORE_NOT_FOUND if there is none, or how it
 * failed. Whatever it returns, sqlite3_reset must follow, or a snapshot would linger. */
enum store_result sqlite_row(struct sqlite *s, sqlite3_stmt *stmt);

/* Runs a statement that returns no row, and resets it. */
enum store_result sqlite_run(struct sqlite *s, sqlite3_stmt *stmt);

/* Copies a text column of the current row; false if out of memory. */
bool sqlite_copy_text(sqlite3_stmt *stmt, int column, char *out, size_t size);

/* Reads the product in the current row of product_get or product_list; its texts are borrowed until
 * the next step. False if out of memory. */
bool sqlite_product_read(sqlite3_stmt *stmt, struct product *product);

/* The use cases; see calls.def. */
store_migrate_call sqlite_migrate;
store_product_get_call sqlite_product_get;
store_product_list_call sqlite_product_list;
store_product_import_call sqlite_product_import;
store_order_place_call sqlite_order_place;
store_order_get_call sqlite_order_get;
store_order_list_call sqlite_order_list;

/* The schema version this program needs. */
int sqlite_schema_version(void);

#endif
