#include "store/postgres/stock.h"

#include <string.h>

#include "store/postgres/call.h"
#include "store/postgres/query.h"
#include "store/postgres/row.h"

/* What the calls were given. */
struct stock_adjust {
    const struct store_adjustment *adjustment;
    struct store_adjusted *adjusted;
};

struct stock_list {
    int64_t product_id;
    store_stock_visit visit;
    void *context;
};

struct stock_entries {
    int64_t product_id;
    store_entry_visit visit;
    void *context;
};

/* Reads a row of adjustment_make or adjustment_get, if there is one, and clears it. */
static enum store_result postgres_stock_take(PGresult *row, struct store_adjusted *adjusted)
{
    enum store_result result = STORE_NOT_FOUND;
    if (PQntuples(row) > 0) {
        result = strcmp(PQgetvalue(row, 0, 0), "made") == 0 ? STORE_OK : STORE_BEYOND;
        *adjusted =
            (struct store_adjusted){postgres_row_number(row, 0, 1), postgres_row_number(row, 0, 2)};
    }
    PQclear(row);
    return result;
}

/* See the function adjust_stock in the schema. */
static enum store_result postgres_stock_change(struct postgres *p, void *context)
{
    const struct stock_adjust *given = context;
    const struct store_adjustment *a = given->adjustment;
    PGresult *row = NULL;
    enum store_result result = postgres_query_run(
        p, POSTGRES_SQL_ADJUSTMENT_MAKE,
        POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(a->id), POSTGRES_AS_NUMBER(a->product_id),
                           POSTGRES_AS_NUMBER(a->set), POSTGRES_AS_NUMBER(a->amount),
                           POSTGRES_AS_NUMBER(PRODUCT_QUANTITY_MAX), POSTGRES_AS_TEXT(a->reason),
                           POSTGRES_AS_TEXT(a->run_as)),
        &row);
    return result == STORE_OK ? postgres_stock_take(row, given->adjusted) : result;
}

static enum store_result postgres_stock_look(struct postgres *p, void *context)
{
    const struct stock_adjust *given = context;
    PGresult *row = NULL;
    enum store_result result =
        postgres_query_run(p, POSTGRES_SQL_ADJUSTMENT_GET,
                           POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(given->adjustment->id)), &row);
    return result == STORE_OK ? postgres_stock_take(row, given->adjusted) : result;
}

static void postgres_stock_give_up(const struct postgres *p, const void *context)
{
    const struct stock_adjust *given = context;
    log_write(LOG_WARN, "a stock may or may not have been adjusted",
              LOG_FIELDS(LOG_TEXT("store", p->name),
                         LOG_TEXT("adjustment_id", given->adjustment->id),
                         LOG_NUMBER("product_id", given->adjustment->product_id)));
}

enum store_result postgres_stock_adjust(struct store *store,
                                        const struct store_adjustment *adjustment,
                                        struct store_adjusted *adjusted)
{
    static const struct postgres_settlement settlement = {.look = postgres_stock_look,
                                                          .give_up = postgres_stock_give_up};
    static const struct postgres_call call = {
        .name = "stock_adjust", .work = postgres_stock_change, .settlement = &settlement};
    return postgres_call_run(store, &call, &(struct stock_adjust){adjustment, adjusted});
}

static bool postgres_stock_show(const PGresult *row, const void *context)
{
    const struct stock_list *given = context;
    const struct store_stock stock = {
        .product_id = postgres_row_number(row, 0, 0),
        .quantity = postgres_row_number(row, 0, 1),
        .adjusted = postgres_row_number(row, 0, 2),
        .sold = postgres_row_number(row, 0, 3),
        .cancelled = postgres_row_number(row, 0, 4),
    };
    return given->visit(given->context, &stock);
}

static bool postgres_stock_show_entry(const PGresult *row, const void *context)
{
    const struct stock_entries *given = context;
    const struct store_entry entry = {
        .at_us = postgres_row_number(row, 0, 0),
        .kind = (enum store_entry_kind)postgres_row_number(row, 0, 1),
        .change = postgres_row_number(row, 0, 2),
        .id = PQgetvalue(row, 0, 3),
        .who = PQgetvalue(row, 0, 4),
        .reason = PQgetvalue(row, 0, 5),
        .quantity = postgres_row_number(row, 0, 6),
    };
    return given->visit(given->context, &entry);
}

/* Shows the rows of a statement one by one, as they come; STORE_NOT_FOUND if there is none. */
static enum store_result
postgres_stock_stream(struct postgres *p, enum postgres_sql which, int64_t product_id,
                      bool (*show)(const PGresult *row, const void *context), const void *context)
{
    PGresult *row = NULL;
    enum store_result result = postgres_query_run(p, POSTGRES_SQL_STOCK_START, NULL, 0, NULL);
    /* It takes as long as the orders are many. */
    p->unbounded = true;
    if (result == STORE_OK)
        result = postgres_query_send(p, which, POSTGRES_ARGUMENTS(POSTGRES_AS_NUMBER(product_id)));
    if (result == STORE_OK)
        PQsetSingleRowMode(p->conn);
    while (result == STORE_OK && (result = postgres_query_next(p, &row)) == STORE_OK) {
        if (PQntuples(row) > 0) {
            p->shown = true;
            result = show(row, context) ? STORE_OK : STORE_STOPPED;
        }
        PQclear(row);
    }
    postgres_query_abandon(p);
    return result == STORE_NOT_FOUND && p->shown ? STORE_OK : result;
}

static enum store_result postgres_stock_show_all(struct postgres *p, void *context)
{
    const struct stock_list *given = context;
    enum store_result result = postgres_stock_stream(p, POSTGRES_SQL_STOCK_LIST, given->product_id,
                                                     postgres_stock_show, context);
    return result == STORE_NOT_FOUND && !given->product_id ? STORE_OK : result;
}

enum store_result postgres_stock_list(struct store *store, int64_t product_id,
                                      store_stock_visit visit, void *context)
{
    static const struct postgres_call call = {
        .name = "stock_list", .work = postgres_stock_show_all, .transacts = true};
    return postgres_call_run(store, &call, &(struct stock_list){product_id, visit, context});
}

static enum store_result postgres_stock_show_entries(struct postgres *p, void *context)
{
    const struct stock_entries *given = context;
    return postgres_stock_stream(p, POSTGRES_SQL_STOCK_ENTRIES, given->product_id,
                                 postgres_stock_show_entry, context);
}

enum store_result postgres_stock_entries(struct store *store, int64_t product_id,
                                         store_entry_visit visit, void *context)
{
    static const struct postgres_call call = {
        .name = "stock_entries", .work = postgres_stock_show_entries, .transacts = true};
    return postgres_call_run(store, &call, &(struct stock_entries){product_id, visit, context});
}
