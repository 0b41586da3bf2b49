#include "store/sqlite/product.h"

#include "store/sqlite/call.h"
#include "store/sqlite/row.h"
#include "store/sqlite/statement.h"

/* What the calls were given. */
struct product_get {
    int64_t id;
    store_product_visit visit;
    void *context;
};

struct product_list {
    int64_t after, limit;
    store_product_visit visit;
    void *context;
};

struct product_import {
    store_product_next next;
    void *context;
    bool if_empty;
};

/* Steps to the next row and shows it to the visitor. */
static enum store_result sqlite_product_show(struct sqlite *s, sqlite3_stmt *stmt,
                                             store_product_visit visit, void *context)
{
    struct product product;
    enum store_result result = sqlite_statement_step(s, stmt);
    if (result != STORE_OK)
        return result;
    if (!sqlite_row_product(stmt, &product))
        return sqlite_connection_fail(s, SQLITE_NOMEM);
    return visit(context, &product) ? STORE_OK : STORE_STOPPED;
}

static enum store_result sqlite_product_find(struct sqlite *s, void *context)
{
    const struct product_get *given = context;
    sqlite3_stmt *stmt = SQLITE_BIND(s, SQLITE_SQL_PRODUCT_GET, SQLITE_AS_NUMBER(given->id));
    enum store_result result = sqlite_product_show(s, stmt, given->visit, given->context);
    sqlite3_reset(stmt);
    return result;
}

enum store_result sqlite_product_get(struct store *store, int64_t id, store_product_visit visit,
                                     void *context)
{
    static const struct sqlite_call call = {.name = "product_get", .work = sqlite_product_find};
    return sqlite_call_run(store, &call, &(struct product_get){id, visit, context});
}

static enum store_result sqlite_product_show_all(struct sqlite *s, void *context)
{
    const struct product_list *given = context;
    enum store_result result = STORE_OK;
    sqlite3_stmt *stmt = SQLITE_BIND(s, SQLITE_SQL_PRODUCT_LIST, SQLITE_AS_NUMBER(given->after),
                                     SQLITE_AS_NUMBER(given->limit ? given->limit : -1));
    while (result == STORE_OK)
        result = sqlite_product_show(s, stmt, given->visit, given->context);
    sqlite3_reset(stmt);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

enum store_result sqlite_product_list(struct store *store, int64_t after, int64_t limit,
                                      store_product_visit visit, void *context)
{
    static const struct sqlite_call call = {.name = "product_list",
                                            .work = sqlite_product_show_all};
    return sqlite_call_run(store, &call, &(struct product_list){after, limit, visit, context});
}

/* STORE_OK if there is no product, or STORE_NOT_EMPTY. */
static enum store_result sqlite_product_look(struct sqlite *s)
{
    sqlite3_stmt *stmt =
        SQLITE_BIND(s, SQLITE_SQL_PRODUCT_LIST, SQLITE_AS_NUMBER(0), SQLITE_AS_NUMBER(1));
    enum store_result result = sqlite_statement_step(s, stmt);
    sqlite3_reset(stmt);
    if (result == STORE_NOT_FOUND)
        return STORE_OK;
    return result == STORE_OK ? STORE_NOT_EMPTY : result;
}

static enum store_result sqlite_product_store(struct sqlite *s, void *context)
{
    const struct product_import *given = context;
    struct product product;
    enum store_result result = given->if_empty ? sqlite_product_look(s) : STORE_OK;
    int more = 0;
    /* Only the wait for the lock is bounded: an import takes as long as its products are many. */
    s->unbounded = true;
    while (result == STORE_OK && (more = given->next(given->context, &product)) > 0)
        result = sqlite_statement_run(
            s,
            SQLITE_BIND(s, SQLITE_SQL_PRODUCT_IMPORT, SQLITE_AS_NUMBER(product.id),
                        SQLITE_AS_NUMBER(product.price_cents), SQLITE_AS_NUMBER(product.quantity),
                        SQLITE_AS_TEXT(product.name), SQLITE_AS_TEXT(product.description)));
    return result == STORE_OK && more < 0 ? STORE_STOPPED : result;
}

enum store_result sqlite_product_import(struct store *store, bool if_empty, store_product_next next,
                                        void *context)
{
    static const struct sqlite_call call = {
        .name = "product_import", .work = sqlite_product_store, .writes = true};
    return sqlite_call_run(store, &call, &(struct product_import){next, context, if_empty});
}
