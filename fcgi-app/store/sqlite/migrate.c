#include "store/sqlite/migrate.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "gen/sqlite_schema.h"
#include "store/sqlite/call.h"
#include "store/sqlite/schema.h"

enum {
    SQLITE_MIGRATIONS = sizeof sqlite_schema / sizeof sqlite_schema[0],
    SQLITE_WAL_RETRY_US = 2000,
};

/* What the call was given. */
struct migrate {
    int *from, *to;
};

static int sqlite_migrate_is_wal(void *is_wal, int columns, char **values, char **names)
{
    (void)names;
    *(bool *)is_wal = columns > 0 && values[0] && strcmp(values[0], "wal") == 0;
    return 0;
}

/* Against another process that does the same, SQLite answers busy at once rather than wait, lest
 * the two wait for each other. */
static enum store_result sqlite_migrate_make_wal(struct sqlite *s)
{
    for (;;) {
        bool is_wal = false;
        int rc =
            sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", sqlite_migrate_is_wal, &is_wal, NULL);
        enum store_result result = rc == SQLITE_OK ? STORE_OK : sqlite_connection_fail(s, rc);
        if (result == STORE_OK && !is_wal)
            return sqlite_connection_fail_text(s, STORE_UNREACHABLE,
                                               "the file system cannot keep a WAL");
        if (result != STORE_BUSY || clock_monotonic_us() >= s->deadline_us)
            return result;
        clock_sleep_us(SQLITE_WAL_RETRY_US);
    }
}

static enum store_result sqlite_migrate_exec(struct sqlite *s, const char *sql)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? STORE_OK : sqlite_connection_fail(s, rc);
}

/* Runs every migration above the version, within a transaction. */
static enum store_result sqlite_migrate_apply(struct sqlite *s, int version)
{
    enum store_result result = STORE_OK;
    char stamp[96];
    for (int i = 0; i < SQLITE_MIGRATIONS && result == STORE_OK; i++) {
        if (sqlite_schema[i].version > version)
            result = sqlite_migrate_exec(s, sqlite_schema[i].sql);
    }
    if (result != STORE_OK)
        return result;
    snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             SQLITE_APPLICATION_ID, sqlite_schema_version());
    return sqlite_migrate_exec(s, stamp);
}

static enum store_result sqlite_migrate_locked(struct sqlite *s, void *context)
{
    const struct migrate *given = context;
    /* Only now is it certain that no other process migrates at the same time. */
    enum store_result result = sqlite_schema_read(s, given->from);
    if (result == STORE_OK && *given->from < sqlite_schema_version())
        result = sqlite_migrate_apply(s, *given->from);
    if (result == STORE_OK)
        *given->to = sqlite_schema_version();
    return result;
}

static enum store_result sqlite_migrate_file(struct sqlite *s, void *context)
{
    const struct migrate *given = context;
    /* Nothing in another program's file is changed, its journal included. */
    enum store_result result = sqlite_schema_read(s, given->from);
    if (result == STORE_OK)
        result = sqlite_migrate_make_wal(s);
    if (result == STORE_OK)
        result = sqlite_connection_checkpoint(s);
    /* A service that starts waits for no writer. */
    *given->to = *given->from;
    if (result != STORE_OK || *given->from == sqlite_schema_version())
        return result;
    return sqlite_transaction_run(s, sqlite_migrate_locked, context);
}

enum store_result sqlite_migrate(struct store *store, int *from, int *to)
{
    static const struct sqlite_call call = {
        .name = "migrate", .work = sqlite_migrate_file, .migrates = true};
    return sqlite_call_run(store, &call, &(struct migrate){from, to});
}
