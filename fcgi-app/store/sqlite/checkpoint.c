#include "store/sqlite/checkpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/eventfd.h>

#include "base/clock.h"

enum {
    SQLITE_CHECKPOINT_AGAIN = 500,     /* pages until it is to begin anew once more */
    SQLITE_CHECKPOINT_WAIT_US = 20000, /* for readers and other writers */
    SQLITE_CHECKPOINT_REST = 200,      /* pages that are moved quickly while writers wait */
    SQLITE_CHECKPOINT_PASSES = 4
};

static int sqlite_checkpoint_restart(sqlite3 *db, int64_t *deadline_us)
{
    *deadline_us = clock_monotonic_us() + SQLITE_CHECKPOINT_WAIT_US;
    return sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_RESTART, NULL, NULL);
}

/* False if there is nobody to ask, or who was asked did not come in time. */
static bool sqlite_checkpoint_ask(const struct sqlite_checkpoint *checkpoint, int pages)
{
    return checkpoint->upkeep_fd > 0 && pages < SQLITE_CHECKPOINT_ALONE &&
           eventfd_write(checkpoint->upkeep_fd, 1) == 0;
}

void sqlite_checkpoint_follow(struct sqlite_checkpoint *checkpoint, sqlite3 *db, int pages,
                              int64_t *deadline_us)
{
    if (pages < SQLITE_CHECKPOINT_PAGES)
        checkpoint->at = SQLITE_CHECKPOINT_PAGES;
    if (pages < checkpoint->at)
        return;
    bool asked = sqlite_checkpoint_ask(checkpoint, pages);
    bool short_yet = asked && pages < SQLITE_CHECKPOINT_ANEW;
    checkpoint->at = pages + (short_yet ? SQLITE_CHECKPOINT_PAGES : SQLITE_CHECKPOINT_AGAIN);
    if (!asked && sqlite_checkpoint_restart(db, deadline_us) == SQLITE_OK)
        checkpoint->at = SQLITE_CHECKPOINT_PAGES;
}

/* Each pass leaves what was written meanwhile, which is less each time. A reader of an older
 * snapshot keeps the rest in the log; then writers are not made to wait in vain. */
int sqlite_checkpoint_move(sqlite3 *db, int64_t *deadline_us)
{
    int rc, pages, moved, passes = 0;
    do
        rc = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
    while (rc == SQLITE_OK && pages >= SQLITE_CHECKPOINT_ANEW &&
           pages - moved > SQLITE_CHECKPOINT_REST && ++passes < SQLITE_CHECKPOINT_PASSES);
    if (rc != SQLITE_OK || pages < SQLITE_CHECKPOINT_ANEW || pages - moved > SQLITE_CHECKPOINT_REST)
        return rc;
    return sqlite_checkpoint_restart(db, deadline_us);
}
