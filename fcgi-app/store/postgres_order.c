#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/postgres_internal.h"

/* The columns of order_place, order_get and order_list; the last two are order_place's alone. */
enum {
    POSTGRES_ORDER_ID,
    POSTGRES_ORDER_CREATED,
    POSTGRES_ORDER_TOTAL,
    POSTGRES_ORDER_EMAIL,
    POSTGRES_ORDER_REFERENCE,
    POSTGRES_LINE_PRODUCT,
    POSTGRES_LINE_QUANTITY,
    POSTGRES_LINE_UNIT_PRICE,
    POSTGRES_LINE_AMOUNT,
    POSTGRES_LINE_NAME,
    POSTGRES_OUTCOME,
    POSTGRES_AVAILABLE
};

/* What order_place says in its column of that name, and what it means. */
static const struct {
    const char *outcome;
    enum store_result result;
} postgres_outcomes[] = {
    {"placed", STORE_OK},   {"replayed", STORE_REPLAYED},       {"unknown", STORE_UNKNOWN_PRODUCT},
    {"short", STORE_SHORT}, {"in flight", STORE_KEY_IN_FLIGHT},
};

enum {
    /* Digits of the largest number, and what stands between two in an array. */
    POSTGRES_ARRAY_SIZE = ORDER_LINES_MAX * 20 + 3,
    /* Percent of the deadline after which a server that has not answered is asked anew. */
    POSTGRES_ANSWER_PERCENT = 75,
    POSTGRES_SETTLE_US = 50000, /* between attempts to learn what became of an order */
};

static void postgres_order_read_head(const PGresult *rows, int row, struct order *order)
{
    order->count = 0;
    order->created_us = postgres_number(rows, row, POSTGRES_ORDER_CREATED);
    order->total_cents = postgres_number(rows, row, POSTGRES_ORDER_TOTAL);
    postgres_copy_text(rows, row, POSTGRES_ORDER_ID, order->id, sizeof order->id);
    postgres_copy_text(rows, row, POSTGRES_ORDER_EMAIL, order->email, sizeof order->email);
    postgres_copy_text(rows, row, POSTGRES_ORDER_REFERENCE, order->reference,
                       sizeof order->reference);
}

/* Reads the line in a row, and with the first one the order's head. */
static enum store_result postgres_order_read_line(struct postgres *p, const PGresult *rows, int row,
                                                  struct order *order)
{
    if (order->count == 0)
        postgres_order_read_head(rows, row, order);
    if (order->count == ORDER_LINES_MAX)
        return postgres_fail(p, STORE_FAULT, "an order has too many lines");
    struct order_line *line = &order->lines[order->count++];
    line->product_id = postgres_number(rows, row, POSTGRES_LINE_PRODUCT);
    line->quantity = postgres_number(rows, row, POSTGRES_LINE_QUANTITY);
    line->unit_price_cents = postgres_number(rows, row, POSTGRES_LINE_UNIT_PRICE);
    line->amount_cents = postgres_number(rows, row, POSTGRES_LINE_AMOUNT);
    postgres_copy_text(rows, row, POSTGRES_LINE_NAME, line->name, sizeof line->name);
    return STORE_OK;
}

static enum store_result postgres_order_read(struct postgres *p, const PGresult *rows,
                                             struct order *order)
{
    enum store_result result = PQntuples(rows) > 0 ? STORE_OK : STORE_NOT_FOUND;
    order->count = 0;
    for (int row = 0; row < PQntuples(rows) && result == STORE_OK; row++)
        result = postgres_order_read_line(p, rows, row, order);
    return result;
}

static enum store_result postgres_order_load(struct postgres *p, const char *consumer,
                                             const char *id, struct order *order)
{
    PGresult *rows = NULL;
    enum store_result result =
        postgres_run(p, POSTGRES_SQL_ORDER_GET,
                     POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(id), POSTGRES_AS_TEXT(consumer)), &rows);
    if (result == STORE_OK)
        result = postgres_order_read(p, rows, order);
    PQclear(rows);
    return result;
}

enum store_result postgres_order_get(struct store *store, const char *consumer, const char *id,
                                     struct order *order)
{
    struct postgres *p = (struct postgres *)store;
    enum store_result result;
    postgres_enter(p, "order_get");
    do {
        result = postgres_reach(p);
        if (result == STORE_OK)
            result = postgres_order_load(p, consumer, id, order);
    } while (postgres_again(p, result));
    return postgres_leave(p, result);
}

/* Shows the order that has been read. */
static enum store_result postgres_order_show(struct postgres *p, store_order_visit visit,
                                             void *context)
{
    p->shown = true;
    return visit(context, &p->order) ? STORE_OK : STORE_STOPPED;
}

/* Adds a line to the order that is being read; the first line of the next one shows it. */
static enum store_result postgres_order_collect(struct postgres *p, const PGresult *row,
                                                store_order_visit visit, void *context)
{
    enum store_result result = postgres_in_time(p);
    if (result == STORE_OK && p->order.count > 0 &&
        strcmp(PQgetvalue(row, 0, POSTGRES_ORDER_ID), p->order.id) != 0) {
        result = postgres_order_show(p, visit, context);
        p->order.count = 0;
    }
    return result == STORE_OK ? postgres_order_read_line(p, row, 0, &p->order) : result;
}

/* Shows the orders one by one, as their lines come. */
static enum store_result postgres_order_stream(struct postgres *p, const char *consumer,
                                               const char *before, int64_t limit,
                                               store_order_visit visit, void *context)
{
    PGresult *row = NULL;
    /* "~" is above every id. */
    enum store_result result = postgres_send(
        p, POSTGRES_SQL_ORDER_LIST,
        POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(consumer), POSTGRES_AS_TEXT(*before ? before : "~"),
                           limit ? POSTGRES_AS_NUMBER(limit) : POSTGRES_AS_NULL));
    if (result == STORE_OK)
        PQsetSingleRowMode(p->conn);
    p->order.count = 0;
    while (result == STORE_OK && (result = postgres_next(p, &row)) == STORE_OK) {
        if (PQntuples(row) > 0)
            result = postgres_order_collect(p, row, visit, context);
        PQclear(row);
    }
    postgres_abandon(p);
    if (result != STORE_NOT_FOUND)
        return result;
    return p->order.count > 0 ? postgres_order_show(p, visit, context) : STORE_OK;
}

enum store_result postgres_order_list(struct store *store, const char *consumer, const char *before,
                                      int64_t limit, store_order_visit visit, void *context)
{
    struct postgres *p = (struct postgres *)store;
    enum store_result result;
    postgres_enter(p, "order_list");
    do {
        result = postgres_reach(p);
        if (result == STORE_OK)
            result = postgres_order_stream(p, consumer, before, limit, visit, context);
    } while (postgres_again(p, result));
    return postgres_leave(p, result);
}

/* Writes the products, or the quantities, as an array. */
static void postgres_order_array(const struct order_request *request, bool quantities,
                                 char out[POSTGRES_ARRAY_SIZE])
{
    int used = snprintf(out, POSTGRES_ARRAY_SIZE, "{");
    for (size_t i = 0; i < request->count; i++)
        used += snprintf(out + used, POSTGRES_ARRAY_SIZE - (size_t)used, "%s%" PRId64, i ? "," : "",
                         quantities ? request->items[i].quantity : request->items[i].product_id);
    snprintf(out + used, POSTGRES_ARRAY_SIZE - (size_t)used, "}");
}

/* Reads order_place's rows, all of which have the outcome of the first. */
static enum store_result postgres_order_read_outcome(struct postgres *p, const PGresult *rows,
                                                     struct store_outcome *outcome)
{
    const char *said = PQntuples(rows) > 0 ? PQgetvalue(rows, 0, POSTGRES_OUTCOME) : "";
    enum store_result result = STORE_RESULT_MAX, read;
    outcome->unknown_count = 0;
    outcome->short_count = 0;
    for (size_t i = 0; i < sizeof postgres_outcomes / sizeof postgres_outcomes[0]; i++) {
        if (strcmp(said, postgres_outcomes[i].outcome) == 0)
            result = postgres_outcomes[i].result;
    }
    if (result == STORE_RESULT_MAX || PQntuples(rows) > ORDER_LINES_MAX)
        return postgres_fail(p, STORE_FAULT, "place_order returned what it never should");
    if (result == STORE_OK || result == STORE_REPLAYED) {
        read = postgres_order_read(p, rows, &outcome->order);
        return read == STORE_OK ? result : read;
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        int64_t product = postgres_number(rows, row, POSTGRES_LINE_PRODUCT);
        if (result == STORE_UNKNOWN_PRODUCT)
            outcome->unknown[outcome->unknown_count++] = product;
        else if (result == STORE_SHORT)
            outcome->shorts[outcome->short_count++] =
                (struct order_shortage){product, postgres_number(rows, row, POSTGRES_LINE_QUANTITY),
                                        postgres_number(rows, row, POSTGRES_AVAILABLE)};
    }
    return result;
}

/* One attempt; see the function place_order in the schema. */
static enum store_result postgres_order_try(struct postgres *p, const struct order_request *request,
                                            const struct store_placement *placement,
                                            struct store_outcome *outcome)
{
    char products[POSTGRES_ARRAY_SIZE], quantities[POSTGRES_ARRAY_SIZE];
    PGresult *rows = NULL;
    postgres_order_array(request, false, products);
    postgres_order_array(request, true, quantities);
    enum store_result result = postgres_run(
        p, POSTGRES_SQL_ORDER_PLACE,
        POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(placement->consumer),
                           placement->key ? POSTGRES_AS_TEXT(placement->key) : POSTGRES_AS_NULL,
                           POSTGRES_AS_TEXT(placement->id), POSTGRES_AS_NUMBER(placement->now_us),
                           POSTGRES_AS_NUMBER(placement->now_us + STORE_KEY_LIFETIME_US),
                           POSTGRES_AS_TEXT(products), POSTGRES_AS_TEXT(quantities),
                           POSTGRES_AS_TEXT(request->email), POSTGRES_AS_TEXT(request->reference)),
        &rows);
    if (result == STORE_OK)
        result = postgres_order_read_outcome(p, rows, outcome);
    PQclear(rows);
    if (result == STORE_REPLAYED && !order_matches(&outcome->order, request))
        result = STORE_KEY_REUSED;
    return result;
}

/* Sees to it that a session which is lost to us is over on the server too. */
static enum store_result postgres_session_end(struct postgres *p, int64_t session)
{
    PGresult *row = NULL;
    enum store_result result = postgres_run(p, POSTGRES_SQL_SESSION_TERMINATE,
                                            POSTGRES_ARGUMENTS(POSTGRES_AS_NUMBER(session)), NULL);
    if (result == STORE_OK)
        result = postgres_run(p, POSTGRES_SQL_SESSION_AWAIT,
                              POSTGRES_ARGUMENTS(POSTGRES_AS_NUMBER(session)), &row);
    if (result == STORE_OK && *PQgetvalue(row, 0, 0) == 't') {
        result = postgres_fail(p, STORE_UNREACHABLE, "the server is a standby");
        postgres_leave_host(p);
    }
    PQclear(row);
    return result;
}

/* Finds out what became of an order whose answer was lost with the connection: STORE_OK and the
 * order; STORE_UNREACHABLE, to be tried again, if it is certain that nothing changed;
 * STORE_UNKNOWN.
 *
 * To look for the order is not enough: the old session may not have finished, or even read, what it
 * was sent. So each session holds an advisory lock of a random number from its first statement to
 * its end, when the server gives it back, after the session's last transaction has become visible
 * or was undone. Who gets this lock knows that the session can change nothing any more. Its end is
 * brought about, since a server may take hours to notice that a client is gone. If another server
 * has taken over, the lock is free there at once; that the old one cannot commit any more is what
 * fail-over means. A standby is not asked: the lock is free there, too, while the primary lives.
 *
 * The order of another attempt has the same id, so even a fault in all this could not place it
 * twice: ids are unique. */
static enum store_result postgres_order_settle(struct postgres *p, int64_t session,
                                               const struct store_placement *placement,
                                               struct order *order)
{
    enum store_result result;
    p->deadline_us = p->end_us;
    for (;;) {
        result = postgres_reach(p);
        if (result == STORE_OK)
            result = postgres_session_end(p, session);
        if (result == STORE_OK)
            result = postgres_order_load(p, placement->consumer, placement->id, order);
        if (result == STORE_OK || result == STORE_NOT_FOUND)
            break;
        if (clock_monotonic_us() + POSTGRES_SETTLE_US >= p->end_us) {
            log_write(LOG_WARN, "an order may or may not have been placed",
                      LOG_FIELDS(LOG_TEXT("store", p->name), LOG_TEXT("order_id", placement->id)));
            p->remedy = POSTGRES_NONE;
            return STORE_UNKNOWN;
        }
        clock_sleep_us(POSTGRES_SETTLE_US);
    }
    p->remedy = result == STORE_OK ? POSTGRES_NONE : POSTGRES_RECONNECT;
    return result == STORE_OK ? STORE_OK : STORE_UNREACHABLE;
}

enum store_result postgres_order_place(struct store *store, const struct order_request *request,
                                       const struct store_placement *placement,
                                       struct store_outcome *outcome)
{
    struct postgres *p = (struct postgres *)store;
    enum store_result result;
    int64_t session;
    postgres_enter(p, "order_place");
    /* The rest of the time is to find out what became of it. */
    p->deadline_us -= (int64_t)p->timeout_ms * (100 - POSTGRES_ANSWER_PERCENT) * 10;
    do {
        result = postgres_reach(p);
        session = p->session;
        if (result == STORE_OK) {
            result = postgres_order_try(p, request, placement, outcome);
            if (p->remedy == POSTGRES_LOST)
                result = postgres_order_settle(p, session, placement, &outcome->order);
        }
    } while (postgres_again(p, result));
    return postgres_leave(p, result);
}
