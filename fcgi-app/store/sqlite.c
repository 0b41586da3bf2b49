#include "store/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/sqlite_internal.h"

enum {
    SQLITE_PROGRESS_STEPS = 1000, /* virtual machine instructions between looks at the clock */
    SQLITE_SLEEP_FIRST_US = 50,
    SQLITE_SLEEP_MAX_US = 1000,
    SQLITE_CHECKPOINT_PAGES = 4000,
    SQLITE_CHECKPOINT_AGAIN = 500, /* pages until a checkpoint that failed is tried again */
    SQLITE_CHECKPOINT_WAIT_US = 20000,
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

enum store_result sqlite_fail(struct sqlite *s, int code)
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

enum store_result sqlite_fail_text(struct sqlite *s, enum store_result result, const char *text)
{
    s->error.code = 0;
    s->error.system_errno = 0;
    snprintf(s->error.text, sizeof s->error.text, "%s", text);
    return result;
}

static int sqlite_on_busy(void *context, int attempt)
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

/* SQLite's own way, a checkpoint that lets writers go on, never catches up with several of them:
 * then every order pays for one, and the log grows without end. This one holds them up for a few
 * milliseconds, once in some 1000 orders. It happens after a commit, so its failure is no matter.
 */
static int sqlite_on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    struct sqlite *s = context;
    if (pages < SQLITE_CHECKPOINT_PAGES)
        s->checkpoint_at = SQLITE_CHECKPOINT_PAGES;
    if (pages < s->checkpoint_at)
        return SQLITE_OK;
    s->deadline_us = clock_monotonic_us() + SQLITE_CHECKPOINT_WAIT_US;
    int rc = sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    s->checkpoint_at = rc == SQLITE_OK ? SQLITE_CHECKPOINT_PAGES : pages + SQLITE_CHECKPOINT_AGAIN;
    return SQLITE_OK;
}

static int sqlite_on_progress(void *context)
{
    const struct sqlite *s = context;
    return !s->unbounded && clock_monotonic_us() >= s->deadline_us;
}

static bool sqlite_has_moved(struct sqlite *s)
{
    int moved = 0;
    return sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
           moved;
}

static enum store_result sqlite_prepare(struct sqlite *s, enum sqlite_sql last)
{
    int rc = SQLITE_OK;
    for (int i = 0; i <= (int)last && rc == SQLITE_OK; i++) {
        if (!s->sql[i])
            rc = sqlite3_prepare_v3(s->db, sqlite_sql_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &s->sql[i], NULL);
    }
    return rc == SQLITE_OK ? STORE_OK : sqlite_fail(s, rc);
}

static enum store_result sqlite_configure(struct sqlite *s)
{
    sqlite3_busy_handler(s->db, sqlite_on_busy, s);
    sqlite3_wal_hook(s->db, sqlite_on_commit, s);
    sqlite3_progress_handler(s->db, SQLITE_PROGRESS_STEPS, sqlite_on_progress, s);
    for (size_t i = 0; i < sizeof sqlite_options / sizeof sqlite_options[0]; i++) {
        int rc = sqlite3_db_config(s->db, sqlite_options[i].option, sqlite_options[i].value, NULL);
        if (rc != SQLITE_OK)
            return sqlite_fail(s, rc);
    }
    int rc = sqlite3_exec(s->db, sqlite_settings, NULL, NULL, NULL);
    return rc == SQLITE_OK ? STORE_OK : sqlite_fail(s, rc);
}

static enum store_result sqlite_connect(struct sqlite *s, int create)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | create;
    int rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
    if (rc != SQLITE_OK)
        return sqlite_fail(s, rc);
    /* Without the permission to write, SQLite opens the file for reading and says nothing. */
    if (sqlite3_db_readonly(s->db, "main") != 0)
        return sqlite_fail_text(s, STORE_UNREACHABLE, "no permission to write the file");
    return sqlite_configure(s);
}

void sqlite_disconnect(struct sqlite *s)
{
    for (int i = 0; i < SQLITE_SQL_MAX; i++) {
        sqlite3_finalize(s->sql[i]);
        s->sql[i] = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
}

enum store_result sqlite_version(struct sqlite *s, int *version)
{
    /* One statement is one snapshot: another process may migrate right now. */
    static const char sql[] = "SELECT a.application_id, u.user_version,"
                              " (SELECT count(*) FROM sqlite_schema)"
                              " FROM pragma_application_id AS a, pragma_user_version AS u";
    sqlite3_stmt *stmt = NULL;
    int application = 0, objects = 0;
    int rc = sqlite3_prepare_v3(s->db, sql, -1, 0, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        application = sqlite3_column_int(stmt, 0);
        *version = sqlite3_column_int(stmt, 1);
        objects = sqlite3_column_int(stmt, 2);
    }
    enum store_result result = rc == SQLITE_ROW ? STORE_OK : sqlite_fail(s, rc);
    sqlite3_finalize(stmt);
    if (result != STORE_OK)
        return result;
    if (application != SQLITE_APPLICATION_ID && (application || *version || objects))
        return sqlite_fail_text(s, STORE_FAULT, "the file is another program's SQLite database");
    return *version > sqlite_schema_version() ? STORE_NEW_SCHEMA : STORE_OK;
}

static enum store_result sqlite_check(struct sqlite *s)
{
    int version = 0;
    enum store_result result = sqlite_version(s, &version);
    return result == STORE_OK && version < sqlite_schema_version() ? STORE_OLD_SCHEMA : result;
}

static enum store_result sqlite_start(struct sqlite *s, const char *call, int create)
{
    s->call = call;
    s->error = (struct sqlite_error){0};
    s->unbounded = false;
    s->deadline_us = clock_monotonic_us() + (int64_t)s->timeout_ms * 1000;
    if (s->db && sqlite_has_moved(s))
        sqlite_disconnect(s);
    if (s->db)
        return STORE_OK;
    enum store_result result = sqlite_connect(s, create);
    /* Never to be taken for a connection that is configured. */
    if (result != STORE_OK)
        sqlite_disconnect(s);
    return result;
}

enum store_result sqlite_enter(struct store *store, const char *call)
{
    struct sqlite *s = (struct sqlite *)store;
    enum store_result result = sqlite_start(s, call, 0);
    if (result != STORE_OK || s->sql[SQLITE_SQL_MAX - 1])
        return result;
    result = sqlite_check(s);
    return result == STORE_OK ? sqlite_prepare(s, SQLITE_SQL_MAX - 1) : result;
}

enum store_result sqlite_enter_unchecked(struct store *store, const char *call)
{
    struct sqlite *s = (struct sqlite *)store;
    enum store_result result = sqlite_start(s, call, SQLITE_OPEN_CREATE);
    return result == STORE_OK ? sqlite_prepare(s, SQLITE_SQL_ROLLBACK) : result;
}

enum store_result sqlite_leave(struct sqlite *s, enum store_result result)
{
    if (trouble_is(result))
        sqlite_disconnect(s);
    trouble_note(&s->trouble, result, s->error.code,
                 LOG_FIELDS(LOG_TEXT("store", s->path), LOG_TEXT("call", s->call),
                            LOG_TEXT("error", s->error.text), LOG_NUMBER("code", s->error.code),
                            LOG_NUMBER("errno", s->error.system_errno)));
    return result;
}

enum store_result sqlite_begin(struct sqlite *s)
{
    enum store_result result = sqlite_run(s, s->sql[SQLITE_SQL_BEGIN]);
    /* The wait for the lock may have been long. */
    if (result == STORE_OK && sqlite_has_moved(s))
        result =
            sqlite_end(s, sqlite_fail_text(s, STORE_UNREACHABLE, "the file was moved or deleted"));
    return result;
}

enum store_result sqlite_end(struct sqlite *s, enum store_result result)
{
    /* SQLite looks at the clock for the last time after a COMMIT is done, and would then report it
     * as interrupted. */
    s->unbounded = true;
    if (result == STORE_OK)
        result = sqlite_run(s, s->sql[SQLITE_SQL_COMMIT]);
    /* Some failures roll back by themselves. If this fails, closing the file does it. */
    if (!sqlite3_get_autocommit(s->db)) {
        sqlite3_step(s->sql[SQLITE_SQL_ROLLBACK]);
        sqlite3_reset(s->sql[SQLITE_SQL_ROLLBACK]);
    }
    if (!sqlite3_get_autocommit(s->db))
        sqlite_disconnect(s);
    return result;
}

sqlite3_stmt *sqlite_bind(struct sqlite *s, enum sqlite_sql which,
                          const struct sqlite_argument *arguments, int count)
{
    sqlite3_stmt *stmt = s->sql[which];
    for (int i = 0; i < count; i++) {
        /* Neither can fail on a statement that is reset and has that many parameters. */
        if (arguments[i].text)
            sqlite3_bind_text(stmt, i + 1, arguments[i].text, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(stmt, i + 1, arguments[i].number);
    }
    return stmt;
}

enum store_result sqlite_row(struct sqlite *s, sqlite3_stmt *stmt)
{
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        return STORE_OK;
    return rc == SQLITE_DONE ? STORE_NOT_FOUND : sqlite_fail(s, rc);
}

enum store_result sqlite_run(struct sqlite *s, sqlite3_stmt *stmt)
{
    enum store_result result = sqlite_row(s, stmt);
    sqlite3_reset(stmt);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

bool sqlite_copy_text(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    if (text)
        snprintf(out, size, "%s", (const char *)text);
    return text != NULL;
}

/* The path in sqlite:PATH or sqlite:///PATH; NULL for an authority, which a file has not. */
static const char *sqlite_path_of(const char *url)
{
    const char *path = strchr(url, ':') + 1;
    if (strncmp(path, "//", 2) != 0)
        return path;
    return path[2] == '/' ? path + 2 : NULL;
}

static bool sqlite_takes(const char *url, char *why, size_t size)
{
    (void)why;
    (void)size;
    const char *path = sqlite_path_of(url);
    return path && *path;
}

/* A path is no secret. */
static void sqlite_show(const char *url, char *out, size_t size)
{
    snprintf(out, size, "%s", url);
}

static struct store *sqlite_open(const struct store_options *options)
{
    const char *path = sqlite_path_of(options->url);
    struct sqlite *s = path ? calloc(1, sizeof *s) : NULL;
    if (!s)
        return NULL;
    s->store.driver = &sqlite_driver;
    s->timeout_ms = options->timeout_ms;
    /* The "./" keeps SQLite from seeing a URI or ":memory:" in the name. */
    if (asprintf(&s->path, "%s%s", *path == '/' ? "" : "./", path) < 0) {
        free(s);
        return NULL;
    }
    return &s->store;
}

static void sqlite_close(struct store *store)
{
    struct sqlite *s = (struct sqlite *)store;
    sqlite_disconnect(s);
    free(s->path);
    free(s);
}

static enum store_result sqlite_ping(struct store *store)
{
    enum store_result result = sqlite_enter(store, "ping");
    /* A connection opened earlier may have been overtaken by a migration. */
    if (result == STORE_OK)
        result = sqlite_check((struct sqlite *)store);
    return sqlite_leave((struct sqlite *)store, result);
}

const struct store_driver sqlite_driver = {
    .scheme = "sqlite",
    .form = "sqlite:PATH",
    .traits = {.migrates_itself = true, .workers_per_cpu = 1},
    .takes = sqlite_takes,
    .show = sqlite_show,
    .open = sqlite_open,
    .close = sqlite_close,
#define STORE_CALL(name, parameters, arguments) .name = sqlite_##name,
#include "store/calls.def"
};
