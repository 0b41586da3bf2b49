/* group: changes that are made in one transaction, by one store handle, and answered one by one. */
#ifndef STORE_RELAY_GROUP_H
#define STORE_RELAY_GROUP_H

#include "store/relay/lines.h"
#include "store/relay/rows.h"

/* Called with the changes once they have been made or refused, before any is answered. */
typedef void (*relay_group_made)(void *context, const struct store_change *changes, size_t count);

/* All borrowed for its life; starts empty. */
struct relay_group {
    struct store *store;
    struct relay_lines *lines;
    struct relay_queue *queue;
    relay_group_made on_made; /* or NULL */
    void *on_made_context;
    struct store_outcome *outcomes; /* room for STORE_GROUP_MAX */
    int count;                      /* changes that were taken up; 0: the group is free */
    bool again;                     /* one of them was handed over before */
    struct relay_rows rows;         /* that they lock */
    int64_t start_us;               /* when it was sent */
    struct store_wait wait;         /* what for, once it was sent */
    struct store_change changes[STORE_GROUP_MAX]; /* each one's owner is its entry */
};

/* Takes up changes of the queue, the oldest first, from that place on: at most so many, and more
 * that lock the same rows as those. What locks rows that are shut is left, and so is what comes
 * after it and locks its rows: they are shut, too. What was taken back leaves the queue. */
void relay_group_fill(struct relay_group *group, struct relay_rows *shut, int from, int most);

/* Has the store begin with the changes. True: relay_group_finish would wait for it now. */
bool relay_group_send(struct relay_group *group);

/* Whether relay_group_finish would still wait, after the store's descriptor became ready or its
 * time is over. */
bool relay_group_waits(struct relay_group *group);

/* Ends what was sent, answers each change and is free again. Returns what store_changes_make did.
 */
enum store_result relay_group_finish(struct relay_group *group);

/* The same, but nothing is made: this is the result of each. */
void relay_group_refuse(struct relay_group *group, enum store_result result);

#endif
