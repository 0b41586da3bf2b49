/* pace: how often the publisher asks the store what has changed. Answers must be kept true only
 * while somebody reads them, and a task that nobody reads from shall cost its store next to
 * nothing. */
#ifndef SERVER_PACE_H
#define SERVER_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PACE_READ_US = 50 * 1000,        /* between two looks, while products are read */
    PACE_UNREAD_US = 1000 * 1000,    /* while they are not */
    PACE_QUIET_US = 5 * 1000 * 1000, /* after the last read they still count as read */
    PACE_FAILED_US = 1000 * 1000,    /* after a look that failed; the lease is over anyway */
    /* For so long after the last change there is something to be forgotten. To forget writes to the
     * database even where there is nothing. */
    PACE_FORGET_US = 300 * 1000 * 1000
};

/* Times are monotonic. */
struct pace {
    int64_t reads;   /* how many were counted when it was last told */
    int64_t read_us; /* when there was last one more */
    int64_t told_us; /* when a look last told of a change */
    int64_t next_us; /* when the next look is due */
};

/* Begins as if a product had just been read and changed. A look is due. */
void pace_start(struct pace *pace, int64_t reads, int64_t now_us);

/* Tells it how many reads there were so far. The first one after a pause makes a look due. */
void pace_note(struct pace *pace, int64_t reads, int64_t now_us);

/* Sets when the next look is due: the last one has just ended, and was good or not. */
void pace_looked(struct pace *pace, bool good, int64_t now_us);

/* Tells it of a change. */
void pace_change(struct pace *pace, int64_t now_us);

/* Whether there may be something to forget. */
bool pace_forgets(const struct pace *pace, int64_t now_us);

#endif
