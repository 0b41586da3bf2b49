#include "store/sqlite/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/sqlite/schema.h"

enum { SQLITE_COPY_WAIT_US = 10000000, SQLITE_COPY_AGAIN_US = 10000 };

bool sqlite_copy_fail(const struct sqlite_copy *copy, const char *what, const char *why)
{
    snprintf(copy->error, copy->size, "%s: %s", what, why);
    return false;
}

bool sqlite_copy_make(struct sqlite_copy *copy, const char *path)
{
    int n = snprintf(copy->temporary, sizeof copy->temporary, "%s.XXXXXX", path);
    int fd = n < (int)sizeof copy->temporary ? mkstemp(copy->temporary) : -1;
    if (fd >= 0) {
        close(fd);
        return true;
    }
    copy->temporary[0] = '\0';
    return sqlite_copy_fail(
        copy, path, n < (int)sizeof copy->temporary ? strerror(errno) : "the name is too long");
}

void sqlite_copy_discard(const struct sqlite_copy *copy)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char path[PATH_MAX + 16];
    for (size_t i = 0; copy->temporary[0] && i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%s%s", copy->temporary, ends[i]);
        unlink(path);
    }
}

/* Runs SQL whose one row must hold that text or, if that is NULL, that has no row. */
static bool sqlite_copy_expect(const struct sqlite_copy *copy, sqlite3 *db, const char *sql,
                               const char *wanted)
{
    sqlite3_stmt *stmt = NULL;
    char why[200] = "there are faults in it";
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    const char *got = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    bool ok = wanted ? got && strcmp(got, wanted) == 0 : rc == SQLITE_DONE;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        snprintf(why, sizeof why, "%s", sqlite3_errmsg(db));
    else if (got)
        snprintf(why, sizeof why, "%s", got);
    sqlite3_finalize(stmt);
    return ok || sqlite_copy_fail(copy, sql, why);
}

static bool sqlite_copy_check(const struct sqlite_copy *copy, sqlite3 *db, bool wal)
{
    char version[128];
    snprintf(version, sizeof version,
             "SELECT user_version BETWEEN 1 AND %d AND application_id = %d"
             " FROM pragma_user_version, pragma_application_id",
             sqlite_schema_version(), SQLITE_APPLICATION_ID);
    if (!sqlite_copy_expect(copy, db, version, "1"))
        return sqlite_copy_fail(copy, "it cannot be used",
                                "no store of postern's, or one of a newer postern");
    return sqlite_copy_expect(copy, db,
                              wal ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE",
                              wal ? "wal" : "delete") &&
           sqlite_copy_expect(copy, db, "PRAGMA integrity_check", "ok") &&
           sqlite_copy_expect(copy, db, "PRAGMA foreign_key_check", NULL);
}

static bool sqlite_copy_pages(const struct sqlite_copy *copy, sqlite3 *from, sqlite3 *to)
{
    int64_t until_us = clock_monotonic_us() + SQLITE_COPY_WAIT_US;
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int rc;
    if (!backup)
        return sqlite_copy_fail(copy, copy->temporary, sqlite3_errmsg(to));
    /* All pages in one step are all of one moment. */
    while (((rc = sqlite3_backup_step(backup, -1)) == SQLITE_BUSY || rc == SQLITE_LOCKED) &&
           clock_monotonic_us() < until_us)
        clock_sleep_us(SQLITE_COPY_AGAIN_US);
    sqlite3_backup_finish(backup);
    return rc == SQLITE_DONE || sqlite_copy_fail(copy, "it cannot be copied", sqlite3_errstr(rc));
}

static bool sqlite_copy_sync(const struct sqlite_copy *copy, const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        sqlite_copy_fail(copy, path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

bool sqlite_copy_fill(struct sqlite_copy *copy, sqlite3 *from, bool wal)
{
    sqlite3 *to = NULL;
    int rc =
        sqlite3_open_v2(copy->temporary, &to,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    bool ok = rc == SQLITE_OK || sqlite_copy_fail(copy, copy->temporary, sqlite3_errstr(rc));
    ok = ok && sqlite_copy_pages(copy, from, to) && sqlite_copy_check(copy, to, wal);
    rc = sqlite3_close(to);
    if (ok && rc != SQLITE_OK)
        ok = sqlite_copy_fail(copy, copy->temporary, sqlite3_errstr(rc));
    return ok && sqlite_copy_sync(copy, copy->temporary, O_RDWR);
}

bool sqlite_copy_sync_folder(const struct sqlite_copy *copy, const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    return sqlite_copy_sync(copy, folder, O_RDONLY | O_DIRECTORY);
}
