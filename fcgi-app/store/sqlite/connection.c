#include "store/sqlite/connection.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    SQLITE_PROGRESS_STEPS = 1000, /* virtual machine instructions between looks at the clock */
    SQLITE_SLEEP_FIRST_US = 50,
    SQLITE_SLEEP_MAX_US = 1000,
    SQLITE_EMPTY_WAIT_US = 20000, /* for readers of a file that another took the place of */
    SQLITE_IDENTIFY_US = 500000,  /* for others who change the note */
    SQLITE_IDENTIFY_AGAIN_US = 2000,
    SQLITE_LOOK_US = 10000,       /* between two looks at the path that are made for reads */
    SQLITE_OPEN_WAIT_US = 200000, /* for others' checkpoint and readers, by a new connection */
};

#define SQLITE_GONE                                                                                \
    "the file was moved or deleted; put it back, or restart every postern that used it"
#define SQLITE_REPLACED                                                                            \
    "another file was put in the store's place; restart every postern that used the store (it is " \
    "served then), or put the store back"
#define SQLITE_IN_USE                                                                              \
    "another file was put in the store's place, and others still use the store; stop them first"
#define SQLITE_FOREIGN_LOG                                                                         \
    "the file's log (-wal) is not its own but of the file that was here before; use 'postern "     \
    "restore', or if both were brought here together, remove the file -lock beside them"
#define SQLITE_LOG_ALONE                                                                           \
    "the file is gone but its log (-wal) is there; put it back, or use 'postern restore'"
#define SQLITE_RESTORED_NOW "postern restore is at work"

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

/* A failure of the system beside the file. */
static enum store_result sqlite_connection_fail_system(struct sqlite *s)
{
    s->error = (struct sqlite_error){.system_errno = errno};
    snprintf(s->error.text, sizeof s->error.text, "%.200s-lock: %s", s->path,
             strerror(s->error.system_errno));
    return STORE_UNREACHABLE;
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

/* Called once a commit is durable. */
static int sqlite_connection_on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    struct sqlite *s = context;
    (void)name;
    s->written_us = clock_monotonic_us();
    s->doubtful = false;
    s->unwritable = false;
    sqlite_checkpoint_follow(&s->checkpoint, db, pages, &s->deadline_us);
    return SQLITE_OK;
}

static int sqlite_connection_on_progress(void *context)
{
    const struct sqlite *s = context;
    return !s->unbounded && clock_monotonic_us() >= s->deadline_us;
}

/* On a full disk, what was acknowledged is durable in the log. */
static enum store_result sqlite_connection_moved(struct sqlite *s, int rc)
{
    if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED ||
        (rc & 0xff) == SQLITE_FULL)
        return STORE_OK;
    return sqlite_connection_fail(s, rc);
}

enum store_result sqlite_connection_checkpoint(struct sqlite *s)
{
    int64_t deadline_us = s->deadline_us, until_us = clock_monotonic_us() + SQLITE_OPEN_WAIT_US;
    if (until_us < deadline_us)
        s->deadline_us = until_us;
    int rc = sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_FULL, NULL, NULL);
    s->deadline_us = deadline_us;
    return sqlite_connection_moved(s, rc);
}

enum store_result sqlite_connection_keep_up(struct sqlite *s)
{
    return sqlite_connection_moved(s, sqlite_checkpoint_move(s->db, &s->deadline_us));
}

enum store_result sqlite_connection_recheck(struct sqlite *s)
{
    struct sqlite_identity there;
    s->looked_us = 0;
    if (!sqlite_identity_of(s->path, &there))
        return sqlite_connection_fail_text(s, STORE_UNREACHABLE, SQLITE_GONE);
    if (!sqlite_identity_same(&there, &s->identity))
        return sqlite_connection_fail_text(s, STORE_UNREACHABLE, SQLITE_REPLACED);
    s->looked_us = clock_monotonic_us();
    return STORE_OK;
}

bool sqlite_connection_looked(const struct sqlite *s)
{
    return s->db && s->looked_us && clock_monotonic_us() - s->looked_us < SQLITE_LOOK_US;
}

/* Whether there is a log to be read with the file. */
static bool sqlite_connection_has_log(const struct sqlite *s)
{
    struct stat st;
    const char *log = sqlite3_filename_wal(sqlite3_db_filename(s->db, "main"));
    return stat(log, &st) == 0 && st.st_size > 0;
}

/* Has PATH-lock note the file that is open, if nobody uses another and no log is left of one. */
static enum store_result sqlite_connection_adopt(struct sqlite *s)
{
    if (!sqlite_identity_lock(s->lock, true))
        return sqlite_connection_fail_text(s, STORE_BUSY, SQLITE_IN_USE);
    if (sqlite_connection_has_log(s))
        return sqlite_connection_fail_text(s, STORE_UNREACHABLE, SQLITE_FOREIGN_LOG);
    return sqlite_identity_note(s->lock, &s->identity) ? STORE_OK
                                                       : sqlite_connection_fail_system(s);
}

/* Whether the file that was opened, of which nothing was read yet, is the one that PATH-lock notes.
 */
static enum store_result sqlite_connection_recognize(struct sqlite *s, bool found)
{
    struct sqlite_identity noted, opened;
    int moved = 0;
    if (!sqlite_identity_lock(s->lock, false))
        return sqlite_connection_fail_text(s, STORE_BUSY, SQLITE_RESTORED_NOW);
    if (!sqlite_identity_of(s->path, &s->identity) ||
        !sqlite_identity_of(sqlite3_db_filename(s->db, "main"), &opened) ||
        !sqlite_identity_same(&opened, &s->identity) ||
        sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || moved)
        return sqlite_connection_fail_text(s, STORE_BUSY, SQLITE_REPLACED);
    if (!sqlite_identity_read(s->lock, &noted))
        return sqlite_identity_note(s->lock, &s->identity) ? STORE_OK
                                                           : sqlite_connection_fail_system(s);
    if (sqlite_identity_same(&noted, &s->identity))
        return STORE_OK;
    return found ? sqlite_connection_adopt(s)
                 : sqlite_connection_fail_text(s, STORE_UNREACHABLE, SQLITE_REPLACED);
}

/* Others may be at it at this moment. */
static enum store_result sqlite_connection_identify(struct sqlite *s, bool found)
{
    int64_t until_us = clock_monotonic_us() + SQLITE_IDENTIFY_US;
    enum store_result result = STORE_OK;
    s->lock = sqlite_identity_open(s->path);
    if (s->lock < 0)
        return sqlite_connection_fail_system(s);
    while ((result = sqlite_connection_recognize(s, found)) == STORE_BUSY &&
           clock_monotonic_us() < until_us && clock_monotonic_us() < s->deadline_us)
        clock_sleep_us(SQLITE_IDENTIFY_AGAIN_US);
    if (result == STORE_OK)
        sqlite_identity_lock(s->lock, false);
    s->identified = result == STORE_OK;
    return result == STORE_BUSY ? STORE_UNREACHABLE : result;
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

/* Whether a file that is not there any more has left its log. */
static bool sqlite_connection_left_log(const struct sqlite *s)
{
    char log[PATH_MAX];
    struct stat st;
    snprintf(log, sizeof log, "%s-wal", s->path);
    return access(s->path, F_OK) != 0 && stat(log, &st) == 0 && st.st_size > 0;
}

static enum store_result sqlite_connection_make(struct sqlite *s, bool found)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (found ? SQLITE_OPEN_CREATE : 0);
    if (sqlite_connection_left_log(s))
        return sqlite_connection_fail_text(s, STORE_UNREACHABLE, SQLITE_LOG_ALONE);
    s->connection++;
    int rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
    if (rc != SQLITE_OK)
        return sqlite_connection_fail(s, rc);
    /* Without the permission to write, SQLite opens the file for reading and says nothing. */
    if (sqlite3_db_readonly(s->db, "main") != 0)
        return sqlite_connection_fail_text(s, STORE_UNREACHABLE, "no permission to write the file");
    enum store_result result = sqlite_connection_identify(s, found);
    return result == STORE_OK ? sqlite_connection_configure(s) : result;
}

enum store_result sqlite_connection_open(struct sqlite *s, bool found)
{
    if (s->db)
        return sqlite_connection_recheck(s);
    enum store_result result = sqlite_connection_make(s, found);
    /* A connection that is only half configured must not be used. */
    if (result != STORE_OK)
        sqlite_connection_close(s);
    return result;
}

/* SQLite itself leaves the log of a file alone that another took the place of. It belongs into the
 * file, wherever that is now; and then it is in nobody's way. */
static void sqlite_connection_empty_log(struct sqlite *s)
{
    struct sqlite_identity there;
    if (sqlite_identity_of(s->path, &there) && sqlite_identity_same(&there, &s->identity))
        return;
    s->deadline_us = clock_monotonic_us() + SQLITE_EMPTY_WAIT_US;
    sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

void sqlite_connection_close(struct sqlite *s)
{
    for (int i = 0; i < SQLITE_SQL_MAX; i++) {
        sqlite3_finalize(s->sql[i]);
        s->sql[i] = NULL;
    }
    if (s->identified)
        sqlite_connection_empty_log(s);
    s->identified = false;
    sqlite3_close(s->db);
    s->db = NULL;
    /* Only now may others use another file. */
    if (s->lock >= 0)
        close(s->lock);
    s->lock = -1;
}
