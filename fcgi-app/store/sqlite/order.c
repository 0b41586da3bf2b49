#include "store/sqlite/order.h"

#include <string.h>

#include "store/sqlite/call.h"
#include "store/sqlite/row.h"
#include "store/sqlite/statement.h"

/* The columns of order_get and order_list. */
enum {
    SQLITE_ORDER_ID,
    SQLITE_ORDER_CREATED,
    SQLITE_ORDER_TOTAL,
    SQLITE_ORDER_EMAIL,
    SQLITE_ORDER_REFERENCE,
    SQLITE_LINE_PRODUCT,
    SQLITE_LINE_QUANTITY,
    SQLITE_LINE_UNIT_PRICE,
    SQLITE_LINE_AMOUNT,
    SQLITE_LINE_NAME,
    SQLITE_ORDER_CANCELLED
};

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

static bool sqlite_order_read_head(sqlite3_stmt *stmt, struct order *order)
{
    order->count = 0;
    order->created_us = sqlite3_column_int64(stmt, SQLITE_ORDER_CREATED);
    order->cancelled_us = sqlite3_column_int64(stmt, SQLITE_ORDER_CANCELLED); /* 0 for NULL */
    order->total_cents = sqlite3_column_int64(stmt, SQLITE_ORDER_TOTAL);
    return sqlite_row_text(stmt, SQLITE_ORDER_ID, order->id, sizeof order->id) &&
           sqlite_row_text(stmt, SQLITE_ORDER_EMAIL, order->email, sizeof order->email) &&
           sqlite_row_text(stmt, SQLITE_ORDER_REFERENCE, order->reference, sizeof order->reference);
}

static bool sqlite_order_read_line(sqlite3_stmt *stmt, struct order_line *line)
{
    line->product_id = sqlite3_column_int64(stmt, SQLITE_LINE_PRODUCT);
    line->quantity = sqlite3_column_int64(stmt, SQLITE_LINE_QUANTITY);
    line->unit_price_cents = sqlite3_column_int64(stmt, SQLITE_LINE_UNIT_PRICE);
    line->amount_cents = sqlite3_column_int64(stmt, SQLITE_LINE_AMOUNT);
    return sqlite_row_text(stmt, SQLITE_LINE_NAME, line->name, sizeof line->name);
}

/* Reads the order whose first line is the current row, and steps to the row behind its last line:
 * STORE_OK if that is another order's, STORE_NOT_FOUND if there is none, or how it failed. */
static enum store_result sqlite_order_read(struct sqlite *s, sqlite3_stmt *stmt,
                                           struct order *order)
{
    enum store_result result = STORE_OK;
    const char *id = NULL;
    if (!sqlite_order_read_head(stmt, order))
        return sqlite_connection_fail(s, SQLITE_NOMEM);
    do {
        if (order->count == ORDER_LINES_MAX)
            return sqlite_connection_fail_text(s, STORE_FAULT, "an order has too many lines");
        if (!sqlite_order_read_line(stmt, &order->lines[order->count++]))
            return sqlite_connection_fail(s, SQLITE_NOMEM);
        result = sqlite_statement_step(s, stmt);
        id = result == STORE_OK ? (const char *)sqlite3_column_text(stmt, SQLITE_ORDER_ID) : NULL;
    } while (id && strcmp(id, order->id) == 0);
    return result == STORE_OK && !id ? sqlite_connection_fail(s, SQLITE_NOMEM) : result;
}

enum store_result sqlite_order_load(struct sqlite *s, const char *consumer, const char *id,
                                    struct order *order)
{
    sqlite3_stmt *stmt =
        SQLITE_BIND(s, SQLITE_SQL_ORDER_GET, SQLITE_AS_TEXT(id), SQLITE_AS_TEXT(consumer));
    enum store_result result = sqlite_statement_step(s, stmt);
    if (result == STORE_OK) {
        result = sqlite_order_read(s, stmt, order);
        result = result == STORE_NOT_FOUND ? STORE_OK : result;
    }
    sqlite3_reset(stmt);
    return result;
}

static enum store_result sqlite_order_find(struct sqlite *s, void *context)
{
    const struct order_get *given = context;
    return sqlite_order_load(s, given->consumer, given->id, given->order);
}

enum store_result sqlite_order_get(struct store *store, const char *consumer, const char *id,
                                   struct order *order)
{
    static const struct sqlite_call call = {.name = "order_get", .work = sqlite_order_find};
    return sqlite_call_run(store, &call, &(struct order_get){consumer, id, order});
}

/* Shows the orders, from the statement's first row on, to the visitor. */
static enum store_result sqlite_order_show(struct sqlite *s, sqlite3_stmt *stmt, int64_t limit,
                                           store_order_visit visit, void *context)
{
    enum store_result result = sqlite_statement_step(s, stmt);
    while (result == STORE_OK) {
        result = sqlite_order_read(s, stmt, &s->order);
        if (result != STORE_OK && result != STORE_NOT_FOUND)
            return result;
        if (!visit(context, &s->order))
            return STORE_STOPPED;
        if (limit && --limit == 0)
            return STORE_OK;
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

static enum store_result sqlite_order_show_all(struct sqlite *s, void *context)
{
    const struct order_list *given = context;
    const struct store_order_filter *filter = given->filter;
    /* "~" is above every id. */
    const char *before = filter->before ? filter->before : "~";
    sqlite3_stmt *stmt =
        filter->reference
            ? SQLITE_BIND(s, SQLITE_SQL_ORDER_LIST_REFERENCE, SQLITE_AS_TEXT(filter->consumer),
                          SQLITE_AS_TEXT(before), SQLITE_AS_TEXT(filter->reference))
            : SQLITE_BIND(s, SQLITE_SQL_ORDER_LIST, SQLITE_AS_TEXT(filter->consumer),
                          SQLITE_AS_TEXT(before));
    enum store_result result =
        sqlite_order_show(s, stmt, filter->limit, given->visit, given->context);
    sqlite3_reset(stmt);
    return result;
}

enum store_result sqlite_order_list(struct store *store, const struct store_order_filter *filter,
                                    store_order_visit visit, void *context)
{
    static const struct sqlite_call call = {.name = "order_list", .work = sqlite_order_show_all};
    return sqlite_call_run(store, &call, &(struct order_list){filter, visit, context});
}

/* Looks for the order that the key placed before: STORE_NOT_FOUND, STORE_REPLAYED or
 * STORE_KEY_REUSED, or how it failed. */
static enum store_result sqlite_order_replay(struct sqlite *s, const struct order_request *request,
                                             const struct store_placement *p, struct order *order)
{
    char id[ID_TEXT_SIZE];
    sqlite3_stmt *stmt = SQLITE_BIND(s, SQLITE_SQL_KEY_FIND, SQLITE_AS_TEXT(p->consumer),
                                     SQLITE_AS_TEXT(p->key), SQLITE_AS_NUMBER(p->now_us));
    enum store_result result = sqlite_statement_step(s, stmt);
    if (result == STORE_OK && !sqlite_row_text(stmt, 0, id, sizeof id))
        result = sqlite_connection_fail(s, SQLITE_NOMEM);
    sqlite3_reset(stmt);
    if (result != STORE_OK)
        return result;
    result = sqlite_order_load(s, p->consumer, id, order);
    if (result == STORE_NOT_FOUND)
        return sqlite_connection_fail_text(s, STORE_FAULT, "an idempotency key has no order");
    if (result != STORE_OK)
        return result;
    return order_matches(order, request) ? STORE_REPLAYED : STORE_KEY_REUSED;
}

/* Prices one item: adds it to the order, or to what is unknown or short. */
static enum store_result sqlite_order_price(struct sqlite *s, const struct order_item *item,
                                            struct store_outcome *outcome)
{
    struct product product;
    sqlite3_stmt *stmt = SQLITE_BIND(s, SQLITE_SQL_PRODUCT_GET, SQLITE_AS_NUMBER(item->product_id));
    enum store_result result = sqlite_statement_step(s, stmt);
    if (result == STORE_NOT_FOUND) {
        outcome->unknown[outcome->unknown_count++] = item->product_id;
        result = STORE_OK;
    } else if (result == STORE_OK && !sqlite_row_product(stmt, &product)) {
        result = sqlite_connection_fail(s, SQLITE_NOMEM);
    } else if (result == STORE_OK && product.quantity < item->quantity) {
        outcome->shorts[outcome->short_count++] =
            (struct order_shortage){item->product_id, item->quantity, product.quantity};
    } else if (result == STORE_OK) {
        order_add_line(&outcome->order, item, &product);
    }
    sqlite3_reset(stmt);
    return result;
}

/* Prices every item: STORE_OK, STORE_UNKNOWN_PRODUCT or STORE_SHORT, or how it failed. */
static enum store_result sqlite_order_price_all(struct sqlite *s,
                                                const struct order_request *request,
                                                struct store_outcome *outcome)
{
    enum store_result result = STORE_OK;
    for (size_t i = 0; i < request->count && result == STORE_OK; i++)
        result = sqlite_order_price(s, &request->items[i], outcome);
    if (result == STORE_OK && outcome->unknown_count > 0)
        return STORE_UNKNOWN_PRODUCT;
    return result == STORE_OK && outcome->short_count > 0 ? STORE_SHORT : result;
}

static enum store_result sqlite_order_take(struct sqlite *s, const struct order_line *line)
{
    enum store_result result = sqlite_statement_run(
        s, SQLITE_BIND(s, SQLITE_SQL_PRODUCT_TAKE, SQLITE_AS_NUMBER(line->product_id),
                       SQLITE_AS_NUMBER(line->quantity)));
    if (result == STORE_OK && sqlite3_changes(s->db) != 1)
        return sqlite_connection_fail_text(s, STORE_FAULT, "stock changed within a transaction");
    return result;
}

static enum store_result sqlite_order_insert_line(struct sqlite *s, const struct order *order,
                                                  size_t i)
{
    const struct order_line *line = &order->lines[i];
    return sqlite_statement_run(
        s, SQLITE_BIND(s, SQLITE_SQL_ORDER_INSERT_LINE, SQLITE_AS_TEXT(order->id),
                       SQLITE_AS_NUMBER(i), SQLITE_AS_NUMBER(line->product_id),
                       SQLITE_AS_NUMBER(line->quantity), SQLITE_AS_NUMBER(line->unit_price_cents),
                       SQLITE_AS_NUMBER(line->amount_cents), SQLITE_AS_TEXT(line->name)));
}

static enum store_result sqlite_order_insert(struct sqlite *s, const struct store_placement *p,
                                             const struct order *order)
{
    enum store_result result = sqlite_statement_run(
        s, SQLITE_BIND(s, SQLITE_SQL_ORDER_INSERT, SQLITE_AS_TEXT(order->id),
                       SQLITE_AS_TEXT(p->consumer), SQLITE_AS_NUMBER(order->created_us),
                       SQLITE_AS_NUMBER(order->total_cents), SQLITE_AS_TEXT(order->email),
                       SQLITE_AS_TEXT(order->reference)));
    for (size_t i = 0; i < order->count && result == STORE_OK; i++) {
        result = sqlite_order_take(s, &order->lines[i]);
        if (result == STORE_OK)
            result = sqlite_order_insert_line(s, order, i);
    }
    return result;
}

/* Keeps the key. Each order with a key also clears away two expired ones, so that they never pile
 * up and no order pays for many. */
static enum store_result sqlite_order_keep_key(struct sqlite *s, const struct store_placement *p)
{
    enum store_result result =
        sqlite_statement_run(s, SQLITE_BIND(s, SQLITE_SQL_KEY_PURGE, SQLITE_AS_NUMBER(p->now_us)));
    if (result != STORE_OK)
        return result;
    return sqlite_statement_run(s,
                                SQLITE_BIND(s, SQLITE_SQL_KEY_INSERT, SQLITE_AS_TEXT(p->consumer),
                                            SQLITE_AS_TEXT(p->key), SQLITE_AS_TEXT(p->id),
                                            SQLITE_AS_NUMBER(p->now_us + p->key_lifetime_us)));
}

/* STORE_NOT_FOUND if the order is still to be placed, or else what came of it before. */
static enum store_result sqlite_order_before(struct sqlite *s, const struct store_change *change)
{
    const struct store_placement *p = change->placement;
    struct order *order = &change->outcome->order;
    enum store_result result =
        p->again ? sqlite_order_load(s, p->consumer, p->id, order) : STORE_NOT_FOUND;
    if (result == STORE_NOT_FOUND && p->key)
        result = sqlite_order_replay(s, change->request, p, order);
    return result;
}

enum store_result sqlite_order_write(struct sqlite *s, const struct store_change *change)
{
    const struct store_placement *p = change->placement;
    struct store_outcome *outcome = change->outcome;
    enum store_result result = sqlite_order_before(s, change);
    if (result != STORE_NOT_FOUND)
        return result;
    outcome->unknown_count = 0;
    outcome->short_count = 0;
    order_begin(&outcome->order, p->id, p->now_us, change->request);
    result = sqlite_order_price_all(s, change->request, outcome);
    if (result == STORE_OK)
        result = sqlite_order_insert(s, p, &outcome->order);
    if (result == STORE_OK && p->key)
        result = sqlite_order_keep_key(s, p);
    return result;
}
