#include "store/sqlite/stock.h"

#include "store/sqlite/call.h"
#include "store/sqlite/statement.h"

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

/* STORE_NOT_FOUND if the adjustment is still to be made. */
static enum store_result sqlite_stock_before(struct sqlite *s, const struct stock_adjust *given)
{
    sqlite3_stmt *stmt =
        SQLITE_BIND(s, SQLITE_SQL_ADJUSTMENT_GET, SQLITE_AS_TEXT(given->adjustment->id));
    enum store_result result = sqlite_statement_step(s, stmt);
    if (result == STORE_OK)
        *given->adjusted =
            (struct store_adjusted){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1)};
    sqlite3_reset(stmt);
    return result;
}

static enum store_result sqlite_stock_read(struct sqlite *s, int64_t product_id, int64_t *quantity)
{
    sqlite3_stmt *stmt = SQLITE_BIND(s, SQLITE_SQL_STOCK_GET, SQLITE_AS_NUMBER(product_id));
    enum store_result result = sqlite_statement_step(s, stmt);
    if (result == STORE_OK)
        *quantity = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return result;
}

static enum store_result sqlite_stock_write(struct sqlite *s, const struct store_adjustment *a,
                                            int64_t change)
{
    enum store_result result = sqlite_statement_run(s, SQLITE_BIND(s, SQLITE_SQL_PRODUCT_RETURN,
                                                                   SQLITE_AS_NUMBER(a->product_id),
                                                                   SQLITE_AS_NUMBER(change)));
    if (result != STORE_OK)
        return result;
    return sqlite_statement_run(s,
                                SQLITE_BIND(s, SQLITE_SQL_ADJUSTMENT_INSERT, SQLITE_AS_TEXT(a->id),
                                            SQLITE_AS_NUMBER(a->product_id),
                                            SQLITE_AS_NUMBER(a->now_us), SQLITE_AS_NUMBER(change),
                                            SQLITE_AS_TEXT(a->reason), SQLITE_AS_TEXT(a->run_as)));
}

static enum store_result sqlite_stock_change(struct sqlite *s, void *context)
{
    const struct stock_adjust *given = context;
    const struct store_adjustment *a = given->adjustment;
    int64_t quantity = 0;
    enum store_result result = sqlite_stock_before(s, given);
    if (result != STORE_NOT_FOUND)
        return result;
    result = sqlite_stock_read(s, a->product_id, &quantity);
    if (result != STORE_OK)
        return result;
    int64_t change = a->set ? a->amount - quantity : a->amount;
    *given->adjusted = (struct store_adjusted){0, quantity};
    /* What is cancelled may have lifted it above the maximum, and from there it may fall. */
    if (quantity + change < 0 || (change > 0 && quantity + change > PRODUCT_QUANTITY_MAX))
        return STORE_BEYOND;
    *given->adjusted = (struct store_adjusted){change, quantity + change};
    return sqlite_stock_write(s, a, change);
}

enum store_result sqlite_stock_adjust(struct store *store,
                                      const struct store_adjustment *adjustment,
                                      struct store_adjusted *adjusted)
{
    static const struct sqlite_call call = {
        .name = "stock_adjust", .work = sqlite_stock_change, .writes = true};
    return sqlite_call_run(store, &call, &(struct stock_adjust){adjustment, adjusted});
}

/* Shows the rows of a statement one by one; STORE_NOT_FOUND if there is none. */
static enum store_result sqlite_stock_stream(
    struct sqlite *s, enum sqlite_sql which, int64_t product_id,
    enum store_result (*show)(struct sqlite *s, sqlite3_stmt *stmt, const void *context),
    const void *context)
{
    /* The lines of all orders are sorted. In memory they would take as much as they are many. */
    int rc = sqlite3_exec(s->db, "PRAGMA temp_store = FILE", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return sqlite_connection_fail(s, rc);
    /* It takes as long as the orders are many. */
    s->unbounded = true;
    sqlite3_stmt *stmt = SQLITE_BIND(s, which, SQLITE_AS_NUMBER(product_id));
    enum store_result result = sqlite_statement_step(s, stmt);
    bool any = result == STORE_OK;
    while (result == STORE_OK) {
        result = show(s, stmt, context);
        if (result == STORE_OK)
            result = sqlite_statement_step(s, stmt);
    }
    sqlite3_reset(stmt);
    return result == STORE_NOT_FOUND && any ? STORE_OK : result;
}

static enum store_result sqlite_stock_show(struct sqlite *s, sqlite3_stmt *stmt,
                                           const void *context)
{
    const struct stock_list *given = context;
    (void)s;
    const struct store_stock stock = {
        .product_id = sqlite3_column_int64(stmt, 0),
        .quantity = sqlite3_column_int64(stmt, 1),
        .adjusted = sqlite3_column_int64(stmt, 2),
        .sold = sqlite3_column_int64(stmt, 3),
        .cancelled = sqlite3_column_int64(stmt, 4),
    };
    return given->visit(given->context, &stock) ? STORE_OK : STORE_STOPPED;
}

static enum store_result sqlite_stock_show_all(struct sqlite *s, void *context)
{
    const struct stock_list *given = context;
    enum store_result result =
        sqlite_stock_stream(s, SQLITE_SQL_STOCK_LIST, given->product_id, sqlite_stock_show, given);
    return result == STORE_NOT_FOUND && !given->product_id ? STORE_OK : result;
}

enum store_result sqlite_stock_list(struct store *store, int64_t product_id,
                                    store_stock_visit visit, void *context)
{
    static const struct sqlite_call call = {.name = "stock_list", .work = sqlite_stock_show_all};
    return sqlite_call_run(store, &call, &(struct stock_list){product_id, visit, context});
}

static enum store_result sqlite_stock_show_entry(struct sqlite *s, sqlite3_stmt *stmt,
                                                 const void *context)
{
    const struct stock_entries *given = context;
    const struct store_entry entry = {
        .at_us = sqlite3_column_int64(stmt, 0),
        .kind = (enum store_entry_kind)sqlite3_column_int(stmt, 1),
        .change = sqlite3_column_int64(stmt, 2),
        .id = (const char *)sqlite3_column_text(stmt, 3),
        .who = (const char *)sqlite3_column_text(stmt, 4),
        .reason = (const char *)sqlite3_column_text(stmt, 5),
        .quantity = sqlite3_column_int64(stmt, 6),
    };
    if (!entry.id || !entry.who || !entry.reason)
        return sqlite_connection_fail(s, SQLITE_NOMEM);
    return given->visit(given->context, &entry) ? STORE_OK : STORE_STOPPED;
}

static enum store_result sqlite_stock_show_entries(struct sqlite *s, void *context)
{
    const struct stock_entries *given = context;
    /* Every product has an entry: its opening stock. */
    return sqlite_stock_stream(s, SQLITE_SQL_STOCK_ENTRIES, given->product_id,
                               sqlite_stock_show_entry, given);
}

enum store_result sqlite_stock_entries(struct store *store, int64_t product_id,
                                       store_entry_visit visit, void *context)
{
    static const struct sqlite_call call = {.name = "stock_entries",
                                            .work = sqlite_stock_show_entries};
    return sqlite_call_run(store, &call, &(struct stock_entries){product_id, visit, context});
}
