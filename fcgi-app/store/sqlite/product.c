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
    static const struct sqlite_call call = {
        .name = "product_get", .work = sqlite_product_find, .looks_rarely = true};
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
    static const struct sqlite_call call = {
        .name = "product_list", .work = sqlite_product_show_all, .looks_rarely = true};
    return sqlite_call_run(store, &call, &(struct product_list){after, limit, visit, context});
}
