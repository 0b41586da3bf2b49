/* sqlite_log: a connection to a SQLite store beside the program's, which makes the store's log long
 * and sees how long it is. */
#ifndef TESTS_SQLITE_LOG_H
#define TESTS_SQLITE_LOG_H

#include <sqlite3.h>
#include <stdbool.h>

struct sqlite_log {
    sqlite3 *db;
    int pages; /* in the log after this connection's last commit */
};

/* Opens the file, in which it makes a table of its own. Aborts on an error, as all of these do. */
void sqlite_log_open(struct sqlite_log *log, const char *path);
void sqlite_log_close(struct sqlite_log *log);

/* Writes until the log has at least so many pages. */
void sqlite_log_lengthen(struct sqlite_log *log, int pages);

/* Whether nobody reads the store, writes to it or moves its log at this moment; it may then begin
 * anew. */
bool sqlite_log_is_free(struct sqlite_log *log);

/* Writes a little, and returns how many pages the log then has: a few, if it has begun anew. */
int sqlite_log_pages(struct sqlite_log *log);

#endif
