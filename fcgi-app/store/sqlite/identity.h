/* identity: which file is the store. A path leads to another file once that was put in its place,
 * and SQLite would then read the log of the one with the other. So the file PATH-lock, which lies
 * beside the store, notes which file it is. Whoever has the store open holds PATH-lock locked,
 * shared; whoever changes the note holds it alone. */
#ifndef STORE_SQLITE_IDENTITY_H
#define STORE_SQLITE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

/* What a file keeps as long as it is the same file. A copy differs. */
struct sqlite_identity {
    uint64_t device; /* 0: not known; it may change when the machine starts again */
    uint64_t inode;
    int64_t born_ns; /* when it was made, as numbers are used again; 0: the file system has none */
};

/* That of the file that the path leads to; false, with errno, if there is none. */
bool sqlite_identity_of(const char *path, struct sqlite_identity *identity);

bool sqlite_identity_same(const struct sqlite_identity *a, const struct sqlite_identity *b);

/* Opens the store's PATH-lock, and makes it if there is none, for who may use the store. -1, with
 * errno, if it cannot. To close it frees its lock. */
int sqlite_identity_open(const char *path);

/* Locks it, shared or alone, in place of an earlier lock, without waiting. If it fails, which errno
 * tells (EWOULDBLOCK: others hold it), nothing is locked. */
bool sqlite_identity_lock(int fd, bool alone);

/* Reads the note; false if there is none. */
bool sqlite_identity_read(int fd, struct sqlite_identity *identity);

/* Writes the note; false, with errno, if it cannot. */
bool sqlite_identity_note(int fd, const struct sqlite_identity *identity);

#endif
