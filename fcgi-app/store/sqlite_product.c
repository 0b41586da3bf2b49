#include "store/sqlite_internal.h"

bool sqlite_product_read(sqlite3_stmt *stmt, struct product *product)
{
    product->id = sqlite3_column_int64(stmt, 0);
    product->price_cents = sqlite3_column_int64(stmt, 1);
    product->quantity = sqlite3_column_int64(stmt, 2);
    product->name = (const char *)sqlite3_column_text(stmt, 3);
    product->description = (const char *)sqlite3_column_text(stmt, 4);
    return product->name && product->description;
}

/* Steps to the next row and shows it to the visitor. */
static enum store_result sqlite_product_show(struct sqlite *s, sqlite3_stmt *stmt,
                                             store_product_visit visit, void *context)
{
    struct product product;
    enum store_result result = sqlite_row(s, stmt);
    if (result != STORE_OK)
        return result;
    if (!sqlite_product_read(stmt, &product))
        return sqlite_fail(s, SQLITE_NOMEM);
    return visit(context, &product) ? STORE_OK : STORE_STOPPED;
}

enum store_result sqlite_product_get(struct store *store, int64_t id, store_product_visit visit,
                                     void *context)
{
    struct sqlite *s = (struct sqlite *)store;
    enum store_result result = sqlite_enter(store, "product_get");
    if (result == STORE_OK) {
        sqlite3_stmt *stmt = SQLITE_BIND(s, SQLITE_SQL_PRODUCT_GET, SQLITE_AS_NUMBER(id));
        result = sqlite_product_show(s, stmt, visit, context);
        sqlite3_reset(stmt);
    }
    return sqlite_leave(s, result);
}

enum store_result sqlite_product_list(struct store *store, int64_t after, int64_t limit,
                                      store_product_visit visit, void *context)
{
    struct sqlite *s = (struct sqlite *)store;
    enum store_result result = sqlite_enter(store, "product_list");
    if (result == STORE_OK) {
        sqlite3_stmt *stmt = SQLITE_BIND(s, SQLITE_SQL_PRODUCT_LIST, SQLITE_AS_NUMBER(after),
                                         SQLITE_AS_NUMBER(limit ? limit : -1));
        while (result == STORE_OK)
            result = sqlite_product_show(s, stmt, visit, context);
        sqlite3_reset(stmt);
        result = result == STORE_NOT_FOUND ? STORE_OK : result;
    }
    return sqlite_leave(s, result);
}

/* Stores what next gives, within a transaction. */
static enum store_result sqlite_product_store(struct sqlite *s, store_product_next next,
                                              void *context)
{
    struct product product;
    enum store_result result = STORE_OK;
    int given = 0;
    /* Only the wait for the lock is bounded: an import takes as long as its products are many. */
    s->unbounded = true;
    while (result == STORE_OK && (given = next(context, &product)) > 0)
        result = sqlite_run(
            s,
            SQLITE_BIND(s, SQLITE_SQL_PRODUCT_IMPORT, SQLITE_AS_NUMBER(product.id),
                        SQLITE_AS_NUMBER(product.price_cents), SQLITE_AS_NUMBER(product.quantity),
                        SQLITE_AS_TEXT(product.name), SQLITE_AS_TEXT(product.description)));
    return result == STORE_OK && given < 0 ? STORE_STOPPED : result;
}

enum store_result sqlite_product_import(struct store *store, store_product_next next, void *context)
{
    struct sqlite *s = (struct sqlite *)store;
    enum store_result result = sqlite_enter(store, "product_import");
    if (result == STORE_OK)
        result = sqlite_begin(s);
    if (result == STORE_OK)
        result = sqlite_end(s, sqlite_product_store(s, next, context));
    return sqlite_leave(s, result);
}
