#include "store/sqlite/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/call.h"
#include "store/sqlite/copy.h"

static enum store_result sqlite_backup_copy(struct sqlite *s, void *context)
{
    /* It takes as long as the store is large. */
    s->unbounded = true;
    return sqlite_copy_fill(context, s->db, false) ? STORE_OK : STORE_STOPPED;
}

/* Nothing is written over, and no log that lies there is taken for the copy's. */
static bool sqlite_backup_is_free(const struct sqlite_copy *copy, const char *file)
{
    static const char *const ends[] = {"", "-wal", "-journal", "-lock"};
    char path[PATH_MAX];
    struct stat st;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%s%s", file, ends[i]);
        if (lstat(path, &st) == 0)
            return sqlite_copy_fail(copy, path, "it is there already; name a new file");
    }
    return true;
}

/* Gives the copy its name, unless a file has got that name meanwhile. */
static bool sqlite_backup_publish(const struct sqlite_copy *copy, const char *file)
{
    if (link(copy->temporary, file) != 0 &&
        renameat2(AT_FDCWD, copy->temporary, AT_FDCWD, file, RENAME_NOREPLACE) != 0)
        return sqlite_copy_fail(copy, file, strerror(errno));
    return sqlite_copy_sync_folder(copy, file);
}

bool sqlite_backup(struct store *store, const char *file, char *error, size_t size)
{
    static const struct sqlite_call call = {.name = "backup", .work = sqlite_backup_copy};
    const struct sqlite *s = (const struct sqlite *)store;
    struct sqlite_copy copy = {.error = error, .size = size};
    if (!sqlite_backup_is_free(&copy, file) || !sqlite_copy_make(&copy, file))
        return false;
    enum store_result result = sqlite_call_run(store, &call, &copy);
    if (result != STORE_OK && result != STORE_STOPPED)
        sqlite_copy_fail(&copy, s->path,
                         *s->error.text ? s->error.text
                                        : "its schema is another version's; see 'postern migrate'");
    bool ok = result == STORE_OK && sqlite_backup_publish(&copy, file);
    sqlite_copy_discard(&copy);
    return ok;
}
