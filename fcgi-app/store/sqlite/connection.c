#include "store/sqlite/connection.h"

#include <stdio.h>

#include "base/clock.h"

enum {
    SQLITE_PROGRESS_STEPS = 1000, /* virtual machine instructions between looks at the clock */
    SQLITE_SLEEP_FIRST_US = 50,
    SQLITE_SLEEP_MAX_US = 1000,
    SQLITE_CHECKPOINT_PAGES = 4000,
    SQLITE_CHECKPOINT_AGAIN = 500, /* pages until a checkpoint that failed is tried again */
    SQLITE_CHECKPOINT_WAIT_US = 20000,
    SQLITE_OPEN_WAIT_US = 200000, /* for others' checkpoint and readers, by a new connection */
};

/* The log is cut back after a long reader let it grow. */
static const char sqlite_settings[] = "PRAGMA synchronous = FULL;"
                                      "PRAGMA cache_size = -1024;"
                                      "PRAGMA mmap_size = 0;"
                                      "PRAGMA temp_store = MEMORY;"
                                      "PRAGMA journal_size_limit = 67108864;";

static const struct {
    int option;
    int value;
} sqlite_options[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
};

/* What SQLite's primary result codes mean to the caller; what is not here is a fault. */
static const struct {
    int code;
    enum store_result result;
} sqlite_meanings[] = {
    {SQLITE_BUSY, STORE_BUSY},
    {SQLITE_LOCKED, STORE_BUSY},
    {SQLITE_INTERRUPT, STORE_BUSY},
    {SQLITE_PROTOCOL, STORE_BUSY}, /* lost the race for the WAL's locks many times over */
    {SQLITE_FULL, STORE_UNREACHABLE},
    {SQLITE_IOERR, STORE_UNREACHABLE},
    {SQLITE_CANTOPEN, STORE_UNREACHABLE},
    {SQLITE_READONLY, STORE_UNREACHABLE},
    {SQLITE_PERM, STORE_UNREACHABLE},
    {SQLITE_NOMEM, STORE_UNREACHABLE},
};

enum store_result sqlite_connection_fail(struct sqlite *s, int code)
{
    s->error.code = code;
    s->error.system_errno = s->db ? sqlite3_system_errno(s->db) : 0;
    snprintf(s->error.text, sizeof s->error.text, "%s",
             s->db && sqlite3_extended_errcode(s->db) == code ? sqlite3_errmsg(s->db)
                                                              : sqlite3_errstr(code));
    for (size_t i = 0; i < sizeof sqlite_meanings / sizeof sqlite_meanings[0]; i++) {
        if (sqlite_meanings[i].code == (code & 0xff))
            return sqlite_meanings[i].result;
    }
    return STORE_FAULT;
}

enum store_result sqlite_connection_fail_text(struct sqlite *s, enum store_result result,
                                              const char *text)
{
    s->error.code = 0;
    s->error.system_errno = 0;
    snprintf(s->error.text, sizeof s->error.text, "%s", text);
    return result;
}

static int sqlite_connection_on_busy(void *context, int attempt)
{
    const struct sqlite *s = context;
    int64_t left = s->deadline_us - clock_monotonic_us();
    int64_t sleep = SQLITE_SLEEP_FIRST_US;
    while (attempt-- > 0 && sleep < SQLITE_SLEEP_MAX_US)
        sleep += SQLITE_SLEEP_FIRST_US;
    if (left <= 0)
        return 0;
    clock_sleep_us(sleep < left ? sleep : left);
    return 1;
}

/* Called once a commit is durable. Moves the log to the file once it is long; see decision 0009.
 * The commit is done, so a failure here does not matter. */
static int sqlite_connection_on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    struct sqlite *s = context;
    s->written_us = clock_monotonic_us();
    s->doubtful = false;
    s->unwritable = false;
    if (pages < SQLITE_CHECKPOINT_PAGES)
        s->checkpoint_at = SQLITE_CHECKPOINT_PAGES;
    if (pages < s->checkpoint_at)
        return SQLITE_OK;
    s->deadline_us = clock_monotonic_us() + SQLITE_CHECKPOINT_WAIT_US;
    int rc = sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    s->checkpoint_at = rc == SQLITE_OK ? SQLITE_CHECKPOINT_PAGES : pages + SQLITE_CHECKPOINT_AGAIN;
    return SQLITE_OK;
}

static int sqlite_connection_on_progress(void *context)
{
    const struct sqlite *s = context;
    return !s->unbounded && clock_monotonic_us() >= s->deadline_us;
}

enum store_result sqlite_connection_checkpoint(struct sqlite *s)
{
    int64_t deadline_us = s->deadline_us, until_us = clock_monotonic_us() + SQLITE_OPEN_WAIT_US;
    if (until_us < deadline_us)
        s->deadline_us = until_us;
    int rc = sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_FULL, NULL, NULL);
    s->deadline_us = deadline_us;
    /* On a full disk, what was acknowledged is durable in the log. */
    if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED ||
        (rc & 0xff) == SQLITE_FULL)
        return STORE_OK;
    return sqlite_connection_fail(s, rc);
}

bool sqlite_connection_has_moved(struct sqlite *s)
{
    int moved = 0;
    return sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
           moved;
}

static enum store_result sqlite_connection_configure(struct sqlite *s)
{
    sqlite3_busy_handler(s->db, sqlite_connection_on_busy, s);
    sqlite3_wal_hook(s->db, sqlite_connection_on_commit, s);
    sqlite3_progress_handler(s->db, SQLITE_PROGRESS_STEPS, sqlite_connection_on_progress, s);
    for (size_t i = 0; i < sizeof sqlite_options / sizeof sqlite_options[0]; i++) {
        int rc = sqlite3_db_config(s->db, sqlite_options[i].option, sqlite_options[i].value, NULL);
        if (rc != SQLITE_OK)
            return sqlite_connection_fail(s, rc);
    }
    int rc = sqlite3_exec(s->db, sqlite_settings, NULL, NULL, NULL);
    return rc == SQLITE_OK ? STORE_OK : sqlite_connection_fail(s, rc);
}

static enum store_result sqlite_connection_make(struct sqlite *s, bool create)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (create ? SQLITE_OPEN_CREATE : 0);
    int rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
    if (rc != SQLITE_OK)
        return sqlite_connection_fail(s, rc);
    /* Without the permission to write, SQLite opens the file for reading and says nothing. */
    if (sqlite3_db_readonly(s->db, "main") != 0)
        return sqlite_connection_fail_text(s, STORE_UNREACHABLE, "no permission to write the file");
    return sqlite_connection_configure(s);
}

enum store_result sqlite_connection_open(struct sqlite *s, bool create)
{
    if (s->db && sqlite_connection_has_moved(s))
        sqlite_connection_close(s);
    if (s->db)
        return STORE_OK;
    enum store_result result = sqlite_connection_make(s, create);
    /* A connection that is only half configured must not be used. */
    if (result != STORE_OK)
        sqlite_connection_close(s);
    return result;
}

void sqlite_connection_close(struct sqlite *s)
{
    for (int i = 0; i < SQLITE_SQL_MAX; i++) {
        sqlite3_finalize(s->sql[i]);
        s->sql[i] = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
}
