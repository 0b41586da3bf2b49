#include "base/placed.h"

#include <sys/stat.h>
#include <unistd.h>

void placed_note(struct placed *placed, const char *path)
{
    struct stat st;
    *placed = (struct placed){0};
    if (lstat(path, &st) == 0)
        *placed = (struct placed){st.st_dev, st.st_ino, st.st_mtim};
}

bool placed_is_there(const struct placed *placed, const char *path)
{
    struct placed now;
    placed_note(&now, path);
    return placed->inode && now.device == placed->device && now.inode == placed->inode &&
           now.changed.tv_sec == placed->changed.tv_sec &&
           now.changed.tv_nsec == placed->changed.tv_nsec;
}

void placed_remove(const struct placed *placed, const char *path)
{
    if (placed_is_there(placed, path))
        unlink(path);
}
