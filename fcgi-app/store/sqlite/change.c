#include "store/sqlite/change.h"

#include "base/clock.h"
#include "store/sqlite/call.h"
#include "store/sqlite/cancellation.h"
#include "store/sqlite/order.h"
#include "store/sqlite/statement.h"

/* What each kind of change does within the transaction. One that is refused must not have written.
 */
static enum store_result (*const sqlite_change_works[STORE_USES])(struct sqlite *s,
                                                                  const struct store_change *) = {
    [STORE_USE_ORDER] = sqlite_order_write,
    [STORE_USE_CANCEL] = sqlite_cancellation_write,
};

struct changes {
    struct store_change *list;
    size_t count;
};

/* A result that says that nothing is to be committed, and that each change has its own. */
#define SQLITE_CHANGES_NONE STORE_NOT_FOUND

/* Makes one change of several. It has no savepoint of its own, which would copy each page that it
 * writes: one that is refused has written nothing. */
static enum store_result sqlite_change_make(struct sqlite *s, const struct store_change *change)
{
    sqlite3_int64 written = sqlite3_total_changes64(s->db);
    enum store_result result = sqlite_change_works[change->use](s, change);
    if (result == STORE_OK || trouble_is(result) || result == STORE_BUSY ||
        sqlite3_total_changes64(s->db) == written)
        return result;
    return sqlite_connection_fail_text(s, STORE_FAULT, "a change wrote before it was refused");
}

/* All that happens within the transaction. A change that is refused leaves the others alone; a
 * failure of the store ends them all. */
static enum store_result sqlite_changes_write(struct sqlite *s, void *context)
{
    const struct changes *all = context;
    bool changed = false;
    for (size_t i = 0; i < all->count; i++) {
        struct store_change *change = &all->list[i];
        /* One alone is undone with its transaction. */
        change->result = all->count == 1 ? sqlite_change_works[change->use](s, change)
                                         : sqlite_change_make(s, change);
        if (trouble_is(change->result) || change->result == STORE_BUSY)
            return change->result;
        changed = changed || change->result == STORE_OK;
    }
    return changed ? STORE_OK : SQLITE_CHANGES_NONE;
}

static enum store_result sqlite_changes_try(struct store *store, struct store_change *changes,
                                            size_t count)
{
    static const struct sqlite_call call = {
        .name = "changes_make", .work = sqlite_changes_write, .writes = true};
    enum store_result result = sqlite_call_run(store, &call, &(struct changes){changes, count});
    if (result == STORE_OK || result == SQLITE_CHANGES_NONE)
        return STORE_OK;
    for (size_t i = 0; i < count; i++)
        changes[i].result = result;
    return result;
}

/* After a group in which there is a defect, perhaps of one change alone. */
static enum store_result sqlite_changes_one_by_one(struct store *store,
                                                   struct store_change *changes, size_t count,
                                                   int64_t until_us)
{
    enum store_result result = STORE_OK;
    for (size_t i = 0; i < count; i++) {
        changes[i].result = STORE_BUSY;
        if (clock_monotonic_us() < until_us)
            sqlite_changes_try(store, &changes[i], 1);
        if (trouble_is(changes[i].result) && changes[i].result != STORE_FAULT)
            result = changes[i].result;
    }
    return result;
}

enum store_result sqlite_changes_make(struct store *store, struct store_change *changes,
                                      size_t count)
{
    const struct sqlite *s = (const struct sqlite *)store;
    int64_t until_us = clock_monotonic_us() + (int64_t)s->timeout_ms * 1000;
    enum store_result result = sqlite_changes_try(store, changes, count);
    return result == STORE_FAULT && count > 1
               ? sqlite_changes_one_by_one(store, changes, count, until_us)
               : result;
}
