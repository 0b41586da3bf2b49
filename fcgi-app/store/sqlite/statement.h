/* statement: prepares and runs the statements of statements.sql. */
#ifndef STORE_SQLITE_STATEMENT_H
#define STORE_SQLITE_STATEMENT_H

#include "store/sqlite/connection.h"

/* A statement's argument: the text, or if that is NULL the number. */
struct sqlite_argument {
    const char *text;
    int64_t number;
};

#define SQLITE_AS_TEXT(v)   ((struct sqlite_argument){.text = (v)})
#define SQLITE_AS_NUMBER(v) ((struct sqlite_argument){.number = (v)})

/* Prepares the statements up to the last one given, except those that are prepared. */
enum store_result sqlite_statement_prepare(struct sqlite *s, enum sqlite_sql last);

/* Sets the statement's arguments from the first; texts are borrowed until the statement is reset.
 */
sqlite3_stmt *sqlite_statement_bind(struct sqlite *s, enum sqlite_sql which,
                                    const struct sqlite_argument *arguments, int count);

/* sqlite_statement_bind with the arguments in a row. */
#define SQLITE_BIND(s, which, ...)                                                                 \
    sqlite_statement_bind((s), (which), (const struct sqlite_argument[]){__VA_ARGS__},             \
                          (int)(sizeof(const struct sqlite_argument[]){__VA_ARGS__} /              \
                                sizeof(struct sqlite_argument)))

/* Steps to the statement's next row: STORE_OK, or STORE_NOT_FOUND if there is none, or how it
 * failed. Whatever it returns, sqlite3_reset must follow, or a snapshot would linger. */
enum store_result sqlite_statement_step(struct sqlite *s, sqlite3_stmt *stmt);

/* Runs a statement that returns no row, and resets it. */
enum store_result sqlite_statement_run(struct sqlite *s, sqlite3_stmt *stmt);

#endif
