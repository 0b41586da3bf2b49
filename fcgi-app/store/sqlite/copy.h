/* copy: a whole, checked and durable copy of a store in a new file. */
#ifndef STORE_SQLITE_COPY_H
#define STORE_SQLITE_COPY_H

#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/* A file that gets its name once it is whole. */
struct sqlite_copy {
    char temporary[PATH_MAX];
    char *error; /* the caller's: why something failed */
    size_t size;
};

/* Makes the copy's file beside the path that it is meant for, under another name. False, and error
 * says why, as for all below; sqlite_copy_discard must follow in any case. */
bool sqlite_copy_make(struct sqlite_copy *copy, const char *path);

/* Copies the open database as it is at one moment, and checks the copy: its pages, its references,
 * and that it is a store that this program can use. With wal it can be served as it is; without, it
 * can be read from anywhere. */
bool sqlite_copy_fill(struct sqlite_copy *copy, sqlite3 *from, bool wal);

/* Removes what is left of the file under its other name. */
void sqlite_copy_discard(const struct sqlite_copy *copy);

/* Sets error and returns false; what is a file, or what was tried, and why is what came of it. */
bool sqlite_copy_fail(const struct sqlite_copy *copy, const char *what, const char *why);

/* Makes the names in the path's folder durable. */
bool sqlite_copy_sync_folder(const struct sqlite_copy *copy, const char *path);

#endif
