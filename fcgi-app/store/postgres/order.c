#include "store/postgres/order.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/postgres/call.h"
#include "store/postgres/query.h"
#include "store/postgres/row.h"

/* The columns of order_place, order_cancel, order_get and order_list; the last two are
 * order_place's alone. */
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
    POSTGRES_ORDER_CANCELLED,
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

/* Digits of the largest number, and what stands between two in an array. */
enum { POSTGRES_ARRAY_SIZE = ORDER_LINES_MAX * 20 + 3 };

/* What the calls were given. */
struct order_get {
    const char *consumer, *id;
    struct order *order;
};

struct order_list {
    const struct store_order_filter *filter;
    store_order_visit visit;
    void *context;
};

static void postgres_order_read_head(const PGresult *rows, int row, struct order *order)
{
    order->count = 0;
    order->created_us = postgres_row_number(rows, row, POSTGRES_ORDER_CREATED);
    order->cancelled_us = postgres_row_number(rows, row, POSTGRES_ORDER_CANCELLED); /* NULL: 0 */
    order->total_cents = postgres_row_number(rows, row, POSTGRES_ORDER_TOTAL);
    postgres_row_text(rows, row, POSTGRES_ORDER_ID, order->id, sizeof order->id);
    postgres_row_text(rows, row, POSTGRES_ORDER_EMAIL, order->email, sizeof order->email);
    postgres_row_text(rows, row, POSTGRES_ORDER_REFERENCE, order->reference,
                      sizeof order->reference);
}

/* Reads the line in a row, and with the first one the order's head. */
static enum store_result postgres_order_read_line(struct postgres *p, const PGresult *rows, int row,
                                                  struct order *order)
{
    if (order->count == 0)
        postgres_order_read_head(rows, row, order);
    if (order->count == ORDER_LINES_MAX)
        return postgres_session_fail(p, STORE_FAULT, "an order has too many lines");
    struct order_line *line = &order->lines[order->count++];
    line->product_id = postgres_row_number(rows, row, POSTGRES_LINE_PRODUCT);
    line->quantity = postgres_row_number(rows, row, POSTGRES_LINE_QUANTITY);
    line->unit_price_cents = postgres_row_number(rows, row, POSTGRES_LINE_UNIT_PRICE);
    line->amount_cents = postgres_row_number(rows, row, POSTGRES_LINE_AMOUNT);
    postgres_row_text(rows, row, POSTGRES_LINE_NAME, line->name, sizeof line->name);
    return STORE_OK;
}

enum store_result postgres_order_read(struct postgres *p, const PGresult *rows, struct order *order)
{
    enum store_result result = PQntuples(rows) > 0 ? STORE_OK : STORE_NOT_FOUND;
    order->count = 0;
    for (int row = 0; row < PQntuples(rows) && result == STORE_OK; row++)
        result = postgres_order_read_line(p, rows, row, order);
    return result;
}

enum store_result postgres_order_load(struct postgres *p, const char *consumer, const char *id,
                                      struct order *order)
{
    PGresult *rows = NULL;
    enum store_result result = postgres_query_run(
        p, POSTGRES_SQL_ORDER_GET,
        POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(id), POSTGRES_AS_TEXT(consumer)), &rows);
    if (result == STORE_OK)
        result = postgres_order_read(p, rows, order);
    PQclear(rows);
    return result;
}

static enum store_result postgres_order_find(struct postgres *p, void *context)
{
    const struct order_get *given = context;
    return postgres_order_load(p, given->consumer, given->id, given->order);
}

enum store_result postgres_order_get(struct store *store, const char *consumer, const char *id,
                                     struct order *order)
{
    static const struct postgres_call call = {.name = "order_get", .work = postgres_order_find};
    return postgres_call_run(store, &call, &(struct order_get){consumer, id, order});
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
    enum store_result result = postgres_session_in_time(p);
    if (result == STORE_OK && p->order.count > 0 &&
        strcmp(PQgetvalue(row, 0, POSTGRES_ORDER_ID), p->order.id) != 0) {
        result = postgres_order_show(p, visit, context);
        p->order.count = 0;
    }
    return result == STORE_OK ? postgres_order_read_line(p, row, 0, &p->order) : result;
}

/* Shows the orders one by one, as their lines come. */
static enum store_result postgres_order_stream(struct postgres *p, void *context)
{
    const struct order_list *given = context;
    const struct store_order_filter *filter = given->filter;
    PGresult *row = NULL;
    /* "~" is above every id. */
    const struct postgres_argument arguments[] = {
        POSTGRES_AS_TEXT(filter->consumer), POSTGRES_AS_TEXT(filter->before ? filter->before : "~"),
        filter->limit ? POSTGRES_AS_NUMBER(filter->limit) : POSTGRES_AS_NULL,
        POSTGRES_AS_TEXT(filter->reference)};
    enum store_result result =
        filter->reference ? postgres_query_send(p, POSTGRES_SQL_ORDER_LIST_REFERENCE, arguments, 4)
                          : postgres_query_send(p, POSTGRES_SQL_ORDER_LIST, arguments, 3);
    if (result == STORE_OK)
        PQsetSingleRowMode(p->conn);
    p->order.count = 0;
    while (result == STORE_OK && (result = postgres_query_next(p, &row)) == STORE_OK) {
        if (PQntuples(row) > 0)
            result = postgres_order_collect(p, row, given->visit, given->context);
        PQclear(row);
    }
    postgres_query_abandon(p);
    if (result != STORE_NOT_FOUND)
        return result;
    return p->order.count > 0 ? postgres_order_show(p, given->visit, given->context) : STORE_OK;
}

enum store_result postgres_order_list(struct store *store, const struct store_order_filter *filter,
                                      store_order_visit visit, void *context)
{
    static const struct postgres_call call = {.name = "order_list", .work = postgres_order_stream};
    return postgres_call_run(store, &call, &(struct order_list){filter, visit, context});
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
        return postgres_session_fail(p, STORE_FAULT, "place_order returned what it never should");
    if (result == STORE_OK || result == STORE_REPLAYED) {
        read = postgres_order_read(p, rows, &outcome->order);
        return read == STORE_OK ? result : read;
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        int64_t product = postgres_row_number(rows, row, POSTGRES_LINE_PRODUCT);
        if (result == STORE_UNKNOWN_PRODUCT)
            outcome->unknown[outcome->unknown_count++] = product;
        else if (result == STORE_SHORT)
            outcome->shorts[outcome->short_count++] = (struct order_shortage){
                product, postgres_row_number(rows, row, POSTGRES_LINE_QUANTITY),
                postgres_row_number(rows, row, POSTGRES_AVAILABLE)};
    }
    return result;
}

/* See the function place_order in the schema. */
bool postgres_order_queue(struct postgres *p, const struct store_change *change)
{
    const struct order_request *request = change->request;
    const struct store_placement *placement = change->placement;
    char products[POSTGRES_ARRAY_SIZE], quantities[POSTGRES_ARRAY_SIZE];
    postgres_order_array(request, false, products);
    postgres_order_array(request, true, quantities);
    return postgres_query_queue(
        p, POSTGRES_SQL_ORDER_PLACE,
        POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(placement->consumer),
                           placement->key ? POSTGRES_AS_TEXT(placement->key) : POSTGRES_AS_NULL,
                           POSTGRES_AS_TEXT(placement->id),
                           POSTGRES_AS_NUMBER(placement->key_lifetime_us),
                           POSTGRES_AS_TEXT(products), POSTGRES_AS_TEXT(quantities),
                           POSTGRES_AS_TEXT(request->email), POSTGRES_AS_TEXT(request->reference)));
}

enum store_result postgres_order_take(struct postgres *p, const struct store_change *change,
                                      const PGresult *rows)
{
    struct store_outcome *outcome = change->outcome;
    enum store_result result = postgres_order_read_outcome(p, rows, outcome);
    return result == STORE_REPLAYED && !order_matches(&outcome->order, change->request)
               ? STORE_KEY_REUSED
               : result;
}

enum store_result postgres_order_look(struct postgres *p, const struct store_change *change)
{
    return postgres_order_load(p, change->placement->consumer, change->placement->id,
                               &change->outcome->order);
}
