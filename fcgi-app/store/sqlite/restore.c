#include "store/sqlite/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/sqlite/connection.h"
#include "store/sqlite/copy.h"

/* Where SQLite locks a file for reading, as every connection to a WAL store does while it is open
 * (sqlite.org, "File Locking", SHARED_FIRST and SHARED_SIZE). */
enum { SQLITE_SHARED_FIRST = 0x40000002, SQLITE_SHARED_SIZE = 510 };

enum { SQLITE_NAME_SIZE = PATH_MAX + 64 };

struct sqlite_restore {
    const char *file;          /* the copy that is to be restored */
    const char *path;          /* the store's, as it was given */
    char at[PATH_MAX];         /* where that leads to */
    char aside[PATH_MAX + 20]; /* what the former store is called then; "" if there is none */
    bool foreign;              /* the log beside the store is not its own */
    int lock;
    struct sqlite_copy copy;
};

/* Whether a program has the file open that does not know of PATH-lock. */
static bool sqlite_restore_is_read(const char *path)
{
    struct flock lock = {.l_type = F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = SQLITE_SHARED_FIRST,
                         .l_len = SQLITE_SHARED_SIZE};
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool held = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return held;
}

/* Makes sure that nobody uses the store, or will before this ends. */
static bool sqlite_restore_lock(struct sqlite_restore *r)
{
    struct sqlite_identity noted, there;
    if (!realpath(r->path, r->at))
        snprintf(r->at, sizeof r->at, "%s", r->path);
    r->lock = sqlite_identity_open(r->path);
    if (r->lock < 0)
        return sqlite_copy_fail(&r->copy, r->path, strerror(errno));
    if (!sqlite_identity_lock(r->lock, true) || sqlite_restore_is_read(r->at))
        return sqlite_copy_fail(&r->copy, r->path,
                                "it is in use; stop every postern that uses it first");
    /* Without a store, no file that comes there is to be read with the log that may lie there. */
    if (!sqlite_identity_of(r->at, &there))
        there = (struct sqlite_identity){.inode = 0};
    if (sqlite_identity_read(r->lock, &noted))
        r->foreign = !sqlite_identity_same(&noted, &there);
    else if (!sqlite_identity_note(r->lock, &there))
        return sqlite_copy_fail(&r->copy, r->path, strerror(errno));
    return true;
}

static bool sqlite_restore_fill(struct sqlite_restore *r)
{
    sqlite3 *from = NULL;
    struct sqlite_identity given, there;
    struct stat st;
    if (!sqlite_identity_of(r->file, &given))
        return sqlite_copy_fail(&r->copy, r->file, strerror(errno));
    if (sqlite_identity_of(r->at, &there) && sqlite_identity_same(&given, &there))
        return sqlite_copy_fail(&r->copy, r->file, "it is the store itself");
    int rc = sqlite3_open_v2(r->file, &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_EXRESCODE, NULL);
    bool ok = rc == SQLITE_OK || sqlite_copy_fail(&r->copy, r->file, sqlite3_errstr(rc));
    ok = ok && sqlite_copy_make(&r->copy, r->at) && sqlite_copy_fill(&r->copy, from, true);
    sqlite3_close(from);
    /* Whoever could use the former store can use this one. */
    if (ok && stat(r->at, &st) == 0 &&
        ((geteuid() == 0 && chown(r->copy.temporary, st.st_uid, st.st_gid) != 0) ||
         chmod(r->copy.temporary, st.st_mode & 0777) != 0))
        return sqlite_copy_fail(&r->copy, r->copy.temporary, strerror(errno));
    return ok;
}

/* Gives the former store a second name. */
static bool sqlite_restore_keep(struct sqlite_restore *r)
{
    char stamp[20];
    time_t now = time(NULL);
    struct tm utc;
    if (access(r->at, F_OK) != 0)
        return true;
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    snprintf(r->aside, sizeof r->aside, "%s.%s", r->at, stamp);
    return link(r->at, r->aside) == 0 || sqlite_copy_fail(&r->copy, r->aside, strerror(errno));
}

/* Between any two of these steps a log lies beside a file that PATH-lock does not note, or that it
 * belongs to: if this ends early, nobody reads the one with the other, and it can be done again. */
static bool sqlite_restore_swap(struct sqlite_restore *r)
{
    char log[SQLITE_NAME_SIZE], kept[SQLITE_NAME_SIZE], index[SQLITE_NAME_SIZE];
    struct sqlite_identity restored;
    snprintf(log, sizeof log, "%s-wal", r->at);
    snprintf(index, sizeof index, "%s-shm", r->at);
    /* SQLite reads the log of that name with the former store, if it is that store's own. */
    snprintf(kept, sizeof kept, "%s%s-wal", *r->aside ? r->aside : r->at,
             r->foreign || !*r->aside ? ".other" : "");
    if (rename(r->copy.temporary, r->at) != 0)
        return sqlite_copy_fail(&r->copy, r->at, strerror(errno));
    if ((rename(log, kept) != 0 && errno != ENOENT) || (unlink(index) != 0 && errno != ENOENT))
        return sqlite_copy_fail(&r->copy, log, strerror(errno));
    if (!sqlite_copy_sync_folder(&r->copy, r->at))
        return false;
    if (!sqlite_identity_of(r->at, &restored) || !sqlite_identity_note(r->lock, &restored))
        return sqlite_copy_fail(&r->copy, r->at, strerror(errno));
    return true;
}

bool sqlite_restore(struct store *store, const char *file, char *said, size_t size)
{
    struct sqlite_restore r = {.file = file,
                               .path = ((const struct sqlite *)store)->path,
                               .lock = -1,
                               .copy = {.error = said, .size = size}};
    bool ok = sqlite_restore_lock(&r) && sqlite_restore_fill(&r) && sqlite_restore_keep(&r) &&
              sqlite_restore_swap(&r);
    sqlite_copy_discard(&r.copy);
    if (r.lock >= 0)
        close(r.lock);
    if (ok)
        snprintf(said, size, "%s", r.aside);
    return ok;
}
