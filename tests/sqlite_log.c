#include "sqlite_log.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOG_BUSY_MS = 20000 };

static void sqlite_log_run(struct sqlite_log *log, const char *sql)
{
    if (sqlite3_exec(log->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return;
    fprintf(stderr, "sqlite_log: %s: %s\n", sql, sqlite3_errmsg(log->db));
    abort();
}

static int sqlite_log_on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    struct sqlite_log *log = context;
    (void)db;
    (void)name;
    log->pages = pages;
    return SQLITE_OK;
}

void sqlite_log_open(struct sqlite_log *log, const char *path)
{
    log->pages = 0;
    if (sqlite3_open_v2(path, &log->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        abort();
    sqlite3_busy_timeout(log->db, LOG_BUSY_MS);
    /* It takes the place of SQLite's own checkpoints. */
    sqlite3_wal_hook(log->db, sqlite_log_on_commit, log);
    sqlite_log_run(log, "PRAGMA synchronous = OFF;"
                        "CREATE TABLE IF NOT EXISTS filler (id INTEGER PRIMARY KEY, bytes BLOB);"
                        "INSERT OR REPLACE INTO filler VALUES (0, '');");
}

void sqlite_log_close(struct sqlite_log *log)
{
    sqlite3_close(log->db);
    log->db = NULL;
}

void sqlite_log_lengthen(struct sqlite_log *log, int pages)
{
    while (sqlite_log_pages(log) < pages)
        sqlite_log_run(log, "INSERT OR REPLACE INTO filler VALUES (1, zeroblob(500 * 4096));");
}

int sqlite_log_pages(struct sqlite_log *log)
{
    /* Not what is there already, which SQLite would not write. */
    sqlite_log_run(log, "UPDATE filler SET bytes = randomblob(16) WHERE id = 0;");
    return log->pages;
}

bool sqlite_log_is_free(struct sqlite_log *log)
{
    sqlite3_busy_timeout(log->db, 0);
    int rc = sqlite3_wal_checkpoint_v2(log->db, "main", SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    sqlite3_busy_timeout(log->db, LOG_BUSY_MS);
    return rc == SQLITE_OK;
}
