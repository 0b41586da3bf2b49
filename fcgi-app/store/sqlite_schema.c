#include "gen/sqlite_schema.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/sqlite_internal.h"

enum { SQLITE_MIGRATIONS = sizeof sqlite_schema / sizeof sqlite_schema[0] };
enum { SQLITE_WAL_RETRY_US = 2000 };

int sqlite_schema_version(void)
{
    return sqlite_schema[SQLITE_MIGRATIONS - 1].version;
}

static int sqlite_is_wal(void *is_wal, int columns, char **values, char **names)
{
    (void)names;
    *(bool *)is_wal = columns > 0 && values[0] && strcmp(values[0], "wal") == 0;
    return 0;
}

/* Against another process that does the same, SQLite answers busy at once rather than wait, lest
 * the two wait for each other. */
static enum store_result sqlite_make_wal(struct sqlite *s)
{
    for (;;) {
        bool is_wal = false;
        int rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", sqlite_is_wal, &is_wal, NULL);
        enum store_result result = rc == SQLITE_OK ? STORE_OK : sqlite_fail(s, rc);
        if (result == STORE_OK && !is_wal)
            return sqlite_fail_text(s, STORE_UNREACHABLE, "the file system cannot keep a WAL");
        if (result != STORE_BUSY || clock_monotonic_us() >= s->deadline_us)
            return result;
        clock_sleep_us(SQLITE_WAL_RETRY_US);
    }
}

static enum store_result sqlite_exec(struct sqlite *s, const char *sql)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? STORE_OK : sqlite_fail(s, rc);
}

/* Runs every migration above the version, within a transaction. */
static enum store_result sqlite_apply(struct sqlite *s, int version)
{
    enum store_result result = STORE_OK;
    char stamp[96];
    for (int i = 0; i < SQLITE_MIGRATIONS && result == STORE_OK; i++) {
        if (sqlite_schema[i].version > version)
            result = sqlite_exec(s, sqlite_schema[i].sql);
    }
    if (result != STORE_OK)
        return result;
    snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             SQLITE_APPLICATION_ID, sqlite_schema_version());
    return sqlite_exec(s, stamp);
}

static enum store_result sqlite_migrate_locked(struct sqlite *s, int *from, int *to)
{
    /* Only now is it certain that no other process migrates at the same time. */
    enum store_result result = sqlite_version(s, from);
    if (result == STORE_OK && *from < sqlite_schema_version())
        result = sqlite_apply(s, *from);
    if (result == STORE_OK)
        *to = sqlite_schema_version();
    return result;
}

enum store_result sqlite_migrate(struct store *store, int *from, int *to)
{
    struct sqlite *s = (struct sqlite *)store;
    enum store_result result = sqlite_enter_unchecked(store, "migrate");
    if (result == STORE_OK)
        result = sqlite_version(s, from);
    if (result == STORE_OK)
        result = sqlite_make_wal(s);
    if (result == STORE_OK)
        result = sqlite_begin(s);
    if (result == STORE_OK)
        result = sqlite_end(s, sqlite_migrate_locked(s, from, to));
    /* The statements of this connection, if any, are of the old schema. */
    sqlite_disconnect(s);
    return sqlite_leave(s, result);
}
