/* checkpoint: when the log of a SQLite file is moved into the file, and by whom; see
 * decisions/0009. */
#ifndef STORE_SQLITE_CHECKPOINT_H
#define STORE_SQLITE_CHECKPOINT_H

#include <sqlite3.h>
#include <stdint.h>

/* Pages in the log. */
enum {
    SQLITE_CHECKPOINT_PAGES = 4000, /* they are moved, and again after as many more */
    SQLITE_CHECKPOINT_ANEW = 12000, /* the log also begins anew */
    /* Whoever made it so long sees to it: the process that is to do so is slow, or not there. */
    SQLITE_CHECKPOINT_ALONE = 16000
};

struct sqlite_checkpoint {
    int upkeep_fd; /* see struct store_options */
    int at;        /* pages in the log at which something is to be done next */
};

/* After a commit, which left so many pages in the log: asks the other process to move them, if it
 * is time, or moves them itself. A failure does not matter: the commit is done. *deadline_us is set
 * to when the busy handler is to give up. */
void sqlite_checkpoint_follow(struct sqlite_checkpoint *checkpoint, sqlite3 *db, int pages,
                              int64_t *deadline_us);

/* By the other process: moves the log while others write to it. If it is as long as that, has it
 * begin anew, for which they wait a moment. Returns SQLite's code. */
int sqlite_checkpoint_move(sqlite3 *db, int64_t *deadline_us);

#endif
