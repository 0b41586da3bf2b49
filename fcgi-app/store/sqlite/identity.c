#include "store/sqlite/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { SQLITE_NOTE_MAX = 64, SQLITE_LOCK_MODE = 0644 };

bool sqlite_identity_of(const char *path, struct sqlite_identity *identity)
{
    struct statx st;
    if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &st) != 0)
        return false;
    *identity = (struct sqlite_identity){
        .device = makedev(st.stx_dev_major, st.stx_dev_minor),
        .inode = st.stx_ino,
        .born_ns = (st.stx_mask & STATX_BTIME)
                       ? st.stx_btime.tv_sec * INT64_C(1000000000) + st.stx_btime.tv_nsec
                       : 0,
    };
    return true;
}

bool sqlite_identity_same(const struct sqlite_identity *a, const struct sqlite_identity *b)
{
    bool near = !a->device || !b->device || a->device == b->device;
    return near && a->inode == b->inode && a->born_ns == b->born_ns;
}

/* What root makes belongs to whom the store belongs to, and may be used by the same. */
static void sqlite_identity_give(int fd, const char *path)
{
    struct stat st;
    if (geteuid() == 0 && stat(path, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) == 0)
        fchmod(fd, st.st_mode & 0666);
}

int sqlite_identity_open(const char *path)
{
    char name[PATH_MAX];
    int flags = O_RDWR | O_CLOEXEC;
    if (snprintf(name, sizeof name, "%s-lock", path) >= (int)sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = open(name, flags);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    fd = open(name, flags | O_CREAT, SQLITE_LOCK_MODE);
    if (fd >= 0)
        sqlite_identity_give(fd, path);
    return fd;
}

bool sqlite_identity_lock(int fd, bool alone)
{
    return flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0;
}

bool sqlite_identity_read(int fd, struct sqlite_identity *identity)
{
    char note[SQLITE_NOTE_MAX], *end = note;
    ssize_t n = pread(fd, note, sizeof note - 1, 0);
    note[n > 0 ? n : 0] = '\0';
    *identity = (struct sqlite_identity){.inode = strtoull(note, &end, 10)};
    identity->born_ns = strtoll(end, NULL, 10);
    return end != note;
}

bool sqlite_identity_note(int fd, const struct sqlite_identity *identity)
{
    char note[SQLITE_NOTE_MAX];
    /* Of one width, so that a shorter note leaves nothing of a longer one. */
    int len = snprintf(note, sizeof note, "%20" PRIu64 " %20" PRId64 "\n", identity->inode,
                       identity->born_ns);
    return pwrite(fd, note, (size_t)len, 0) == len && fdatasync(fd) == 0;
}
