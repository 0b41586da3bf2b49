#include "store/postgres/change.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "store/postgres/call.h"
#include "store/postgres/cancellation.h"
#include "store/postgres/order.h"
#include "store/postgres/pipeline.h"
#include "store/postgres/query.h"

enum {
    /* Bytes of the array of a whole group's products: their digits and commas. */
    POSTGRES_PRODUCTS_MAX = STORE_GROUP_MAX * ORDER_LINES_MAX * 20,
    /* Bytes of the array of a whole group's order ids, likewise. */
    POSTGRES_IDS_MAX = STORE_GROUP_MAX * ID_TEXT_SIZE + 2,
    /* Percent of the deadline that must be left for one more change to be made alone. Of that a
     * call waits three quarters, which is more than a brief wait for a lock. */
    POSTGRES_ALONE_PERCENT = 15,
    /* After so many brief waits in vain nobody else of the group waits: other groups' answers do.
     */
    POSTGRES_VAIN_MAX = 3,
};

/* A change that is still to be made. */
#define POSTGRES_PENDING STORE_RESULT_MAX

/* What each kind of change is made of; see order.h. */
static const struct change_kind {
    bool (*queue)(struct postgres *p, const struct store_change *change);
    enum store_result (*take)(struct postgres *p, const struct store_change *change,
                              const PGresult *rows);
    enum store_result (*look)(struct postgres *p, const struct store_change *change);
    const char *doubt; /* what the log says if nobody knows what became of it */
} postgres_change_kinds[STORE_USES] = {
    [STORE_USE_ORDER] = {postgres_order_queue, postgres_order_take, postgres_order_look,
                         "an order may or may not have been placed"},
    [STORE_USE_CANCEL] = {postgres_cancellation_queue, postgres_cancellation_take,
                          postgres_cancellation_look,
                          "an order may or may not have been cancelled"},
};

struct changes {
    struct store_change *list;
    size_t count;
    struct store_change *pending[STORE_GROUP_MAX]; /* of the attempt under way */
    size_t pending_count;
};

static void postgres_changes_gather(struct changes *all)
{
    all->pending_count = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (all->list[i].result == POSTGRES_PENDING)
            all->pending[all->pending_count++] = &all->list[i];
    }
}

/* Looks for a change that an earlier attempt may have made. */
static enum store_result postgres_change_look(struct postgres *p, struct store_change *change)
{
    enum store_result result = postgres_change_kinds[change->use].look(p, change);
    if (result == STORE_OK)
        change->result = STORE_OK;
    return result;
}

/* Whoever made one before has died, and its session is over: see postgres_connect. What that
 * session committed is confirmed first, so that whatever is found can be acknowledged. */
static enum store_result postgres_changes_look_again(struct postgres *p, const struct changes *all)
{
    bool confirmed = false;
    for (size_t i = 0; i < all->count; i++) {
        struct store_change *change = &all->list[i];
        if (!change->placement->again || change->result != POSTGRES_PENDING)
            continue;
        enum store_result result = confirmed ? STORE_OK : postgres_settle_confirm(p);
        confirmed = true;
        if (result == STORE_OK)
            result = postgres_change_look(p, change);
        if (result != STORE_OK && result != STORE_NOT_FOUND)
            return result;
    }
    return STORE_OK;
}

/* Writes two arrays: of the products of new orders, and of the orders whose products are to be
 * looked up. */
static void postgres_changes_write_locks(const struct changes *all, struct buffer *products,
                                         struct buffer *orders)
{
    buffer_char(products, '{');
    buffer_char(orders, '{');
    for (size_t i = 0; i < all->pending_count; i++) {
        const struct store_change *change = all->pending[i];
        const struct order_request *request = change->request;
        if (change->use == STORE_USE_CANCEL)
            buffer_printf(orders, "%s%s", orders->len > 1 ? "," : "", change->placement->id);
        for (size_t k = 0; change->use == STORE_USE_ORDER && k < request->count; k++)
            buffer_printf(products, "%s%" PRId64, products->len > 1 ? "," : "",
                          request->items[k].product_id);
    }
    buffer_char(products, '}');
    buffer_char(orders, '}');
}

/* All products in the order of their ids, so that no two groups wait for each other. */
static bool postgres_changes_queue_lock(struct postgres *p, const struct changes *all)
{
    struct buffer products, orders;
    buffer_init(&products, POSTGRES_PRODUCTS_MAX);
    buffer_init(&orders, POSTGRES_IDS_MAX);
    postgres_changes_write_locks(all, &products, &orders);
    bool queued = !products.overflown && !orders.overflown;
    if (queued && orders.len == strlen("{}"))
        queued = postgres_query_queue(p, POSTGRES_SQL_PRODUCT_LOCK,
                                      POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(products.data)));
    else if (queued)
        queued = postgres_query_queue(
            p, POSTGRES_SQL_PRODUCT_LOCK_OF,
            POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(products.data), POSTGRES_AS_TEXT(orders.data)));
    buffer_free(&products);
    buffer_free(&orders);
    return queued;
}

/* Of a group of several, the first statement's rows are the lock's. */
static enum store_result postgres_changes_take(struct postgres *p, void *context, size_t number,
                                               const PGresult *rows)
{
    const struct changes *all = context;
    size_t locks = all->pending_count > 1;
    if (number < locks || number - locks >= all->pending_count)
        return STORE_OK;
    struct store_change *change = all->pending[number - locks];
    change->result = postgres_change_kinds[change->use].take(p, change, rows);
    return change->result == STORE_FAULT ? STORE_FAULT : STORE_OK;
}

/* Sends those that are pending, as one transaction. */
static void postgres_changes_begin(struct postgres *p, const struct changes *all)
{
    bool queued = postgres_pipeline_begin(p);
    if (queued && all->pending_count > 1)
        queued = postgres_changes_queue_lock(p, all);
    for (size_t i = 0; i < all->pending_count && queued; i++)
        queued = postgres_change_kinds[all->pending[i]->use].queue(p, all->pending[i]);
    postgres_pipeline_send(p, queued);
}

/* All that were sent are made, or none of them. */
static enum store_result postgres_changes_finish(struct postgres *p, struct changes *all)
{
    enum store_result result = postgres_pipeline_finish(p, postgres_changes_take, all);
    for (size_t i = 0; i < all->pending_count && result != STORE_OK; i++)
        all->pending[i]->result = POSTGRES_PENDING;
    return result;
}

static enum store_result postgres_changes_write(struct postgres *p, void *context)
{
    struct changes *all = context;
    if (!p->begun) {
        enum store_result result = postgres_changes_look_again(p, all);
        postgres_changes_gather(all);
        if (result != STORE_OK || all->pending_count == 0)
            return result;
        postgres_changes_begin(p, all);
    }
    p->begun = false;
    return postgres_changes_finish(p, all);
}

/* The changes of another attempt have the same ids, so not even a fault in settling could make one
 * twice: ids are unique. Those that were refused are not found, and are refused anew. */
static enum store_result postgres_changes_look(struct postgres *p, void *context)
{
    const struct changes *all = context;
    bool missing = false;
    for (size_t i = 0; i < all->count; i++) {
        if (all->list[i].result != POSTGRES_PENDING)
            continue;
        enum store_result result = postgres_change_look(p, &all->list[i]);
        if (result != STORE_OK && result != STORE_NOT_FOUND)
            return result;
        missing = missing || result == STORE_NOT_FOUND;
    }
    return missing ? STORE_NOT_FOUND : STORE_OK;
}

static void postgres_changes_give_up(const struct postgres *p, const void *context)
{
    const struct changes *all = context;
    for (size_t i = 0; i < all->count; i++) {
        if (all->list[i].result == POSTGRES_PENDING)
            log_write(LOG_WARN, postgres_change_kinds[all->list[i].use].doubt,
                      LOG_FIELDS(LOG_TEXT("store", p->name),
                                 LOG_TEXT("order_id", all->list[i].placement->id)));
    }
}

static const struct postgres_settlement postgres_changes_settlement = {
    .look = postgres_changes_look, .give_up = postgres_changes_give_up};

static const struct postgres_call postgres_changes_call = {.name = "changes_make",
                                                           .work = postgres_changes_write,
                                                           .settlement =
                                                               &postgres_changes_settlement};

/* Those of a group of which none is looked for first, all of them pending at first. */
static struct changes postgres_changes_of(struct store_change *changes, size_t count)
{
    struct changes all = {.list = changes, .count = count, .pending_count = count};
    for (size_t i = 0; i < count; i++)
        all.pending[i] = &changes[i];
    return all;
}

/* Makes them in one transaction, or ends that one if it has begun; all that are not made then have
 * the result it returns. */
static enum store_result postgres_changes_try(struct store *store, struct store_change *changes,
                                              size_t count)
{
    const struct postgres *p = (const struct postgres *)store;
    struct changes all = postgres_changes_of(changes, count);
    for (size_t i = 0; i < count && !p->begun; i++)
        changes[i].result = POSTGRES_PENDING;
    enum store_result result = postgres_call_run(store, &postgres_changes_call, &all);
    for (size_t i = 0; i < count; i++) {
        if (changes[i].result == POSTGRES_PENDING)
            changes[i].result = result;
    }
    return result;
}

static enum store_result postgres_changes_set_wait(struct postgres *p, void *context)
{
    char sql[64];
    (void)context;
    snprintf(sql, sizeof sql, "SET lock_timeout = %d", postgres_session_lock_ms(p));
    enum store_result result = postgres_query_send_text(p, sql);
    return result == STORE_OK ? postgres_query_finish(p, NULL) : result;
}

/* A connection that is made later begins with it. */
static void postgres_changes_be(struct store *store, enum postgres_patience patience)
{
    static const struct postgres_call call = {.name = "changes_make",
                                              .work = postgres_changes_set_wait};
    struct postgres *p = (struct postgres *)store;
    p->patience = patience;
    if (p->conn)
        postgres_call_run(store, &call, NULL);
}

/* Whether a change waits for every lock that another one waits for, as far as they tell it. An
 * order without a key does not wait for the table of keys. */
static bool postgres_change_waits_like(const struct store_change *change,
                                       const struct store_change *other)
{
    return change->use == STORE_USE_ORDER && other->use == STORE_USE_ORDER &&
           (change->placement->key || !other->placement->key) &&
           order_covers(change->request, other->request);
}

/* Whether a change is not to be tried alone: the time is nearly over, or it would wait for what
 * another one has just waited for in vain. */
static bool postgres_change_is_hopeless(const struct postgres *p, const struct store_change *change,
                                        const struct changes *vain)
{
    int64_t least_us = (int64_t)p->timeout_ms * 1000 * POSTGRES_ALONE_PERCENT / 100;
    bool hopeless = clock_monotonic_us() + least_us >= p->until_us;
    for (size_t i = 0; i < vain->pending_count && !hopeless; i++)
        hopeless = postgres_change_waits_like(change, vain->pending[i]);
    return hopeless;
}

/* After a group that failed. What kept it waiting is perhaps in the way of some changes alone, and
 * each product that somebody holds is waited for once. What was looked for and found is made. */
static enum store_result postgres_changes_one_by_one(struct store *store,
                                                     struct store_change *changes, size_t count)
{
    struct postgres *p = (struct postgres *)store;
    enum store_result result = STORE_OK;
    struct changes vain = {.pending_count = 0};
    postgres_changes_be(store, POSTGRES_BRIEF);
    for (size_t i = 0; i < count; i++) {
        struct store_change *change = &changes[i];
        if (change->result == STORE_OK)
            continue;
        if (postgres_change_is_hopeless(p, change, &vain))
            change->result = STORE_BUSY;
        else if (postgres_changes_try(store, change, 1) == STORE_BUSY)
            vain.pending[vain.pending_count++] = change;
        if (vain.pending_count == POSTGRES_VAIN_MAX && p->patience == POSTGRES_BRIEF)
            postgres_changes_be(store, POSTGRES_AT_ONCE);
        if (trouble_is(change->result) && change->result != STORE_FAULT)
            result = change->result;
    }
    /* For later calls, whatever time is left of this one. */
    p->until_us = 0;
    postgres_changes_be(store, POSTGRES_PATIENT);
    return result;
}

static void postgres_changes_set_deadline(struct postgres *p)
{
    p->until_us = clock_monotonic_us() + (int64_t)p->timeout_ms * 1000;
}

/* What was handed over again is looked for first, which takes round trips. */
bool postgres_changes_send(struct store *store, struct store_change *changes, size_t count,
                           struct store_wait *wait)
{
    struct postgres *p = (struct postgres *)store;
    struct changes all = postgres_changes_of(changes, count);
    bool again = false;
    for (size_t i = 0; i < count; i++) {
        again = again || changes[i].placement->again;
        changes[i].result = POSTGRES_PENDING;
    }
    postgres_changes_set_deadline(p);
    if (again || !postgres_call_begin(p, &postgres_changes_call))
        return false;
    postgres_changes_begin(p, &all);
    return postgres_changes_wait(store, changes, count, wait);
}

bool postgres_changes_wait(struct store *store, struct store_change *changes, size_t count,
                           struct store_wait *wait)
{
    struct postgres *p = (struct postgres *)store;
    struct changes all = postgres_changes_of(changes, count);
    short events = postgres_pipeline_read(p, postgres_changes_take, &all);
    if (events)
        *wait = (struct store_wait){{.fd = PQsocket(p->conn), .events = events}, p->deadline_us};
    return events != 0;
}

enum store_result postgres_changes_make(struct store *store, struct store_change *changes,
                                        size_t count)
{
    struct postgres *p = (struct postgres *)store;
    if (!p->until_us)
        postgres_changes_set_deadline(p);
    enum store_result result = postgres_changes_try(store, changes, count);
    if (count > 1 && (result == STORE_BUSY || result == STORE_FAULT))
        result = postgres_changes_one_by_one(store, changes, count);
    p->until_us = 0;
    return result;
}
