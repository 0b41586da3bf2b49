/* placed: which file this process has put at a path, so that it removes no other one from there. */
#ifndef BASE_PLACED_H
#define BASE_PLACED_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* All zero: none. The time is there because an inode's number is given again once its file has
 * gone. */
struct placed {
    dev_t device;
    ino_t inode;
    struct timespec changed; /* its contents: other changes leave it the same file */
};

/* Notes the file that is at the path now; none if there is none. A symbolic link is a file of its
 * own. */
void placed_note(struct placed *placed, const char *path);

/* Whether that file is still there. */
bool placed_is_there(const struct placed *placed, const char *path);

/* Removes that file. Leaves whatever else is there. */
void placed_remove(const struct placed *placed, const char *path);

#endif
