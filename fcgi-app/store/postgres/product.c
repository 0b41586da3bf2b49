#include "store/postgres/product.h"

#include "store/postgres/call.h"
#include "store/postgres/query.h"
#include "store/postgres/row.h"

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

/* Shows a row of product_get or product_list to the visitor. */
static enum store_result postgres_product_show(struct postgres *p, const PGresult *row,
                                               store_product_visit visit, void *context)
{
    const struct product product = postgres_row_product(row, 0, 0);
    p->shown = true;
    return visit(context, &product) ? STORE_OK : STORE_STOPPED;
}

static enum store_result postgres_product_find(struct postgres *p, void *context)
{
    const struct product_get *given = context;
    PGresult *row = NULL;
    enum store_result result = postgres_query_run(
        p, POSTGRES_SQL_PRODUCT_GET, POSTGRES_ARGUMENTS(POSTGRES_AS_NUMBER(given->id)), &row);
    if (result == STORE_OK && PQntuples(row) == 0)
        result = STORE_NOT_FOUND;
    if (result == STORE_OK)
        result = postgres_product_show(p, row, given->visit, given->context);
    PQclear(row);
    return result;
}

enum store_result postgres_product_get(struct store *store, int64_t id, store_product_visit visit,
                                       void *context)
{
    static const struct postgres_call call = {.name = "product_get", .work = postgres_product_find};
    return postgres_call_run(store, &call, &(struct product_get){id, visit, context});
}

/* Shows the rows one by one, as they come. */
static enum store_result postgres_product_stream(struct postgres *p, void *context)
{
    const struct product_list *given = context;
    PGresult *row = NULL;
    enum store_result result = postgres_query_send(
        p, POSTGRES_SQL_PRODUCT_LIST,
        POSTGRES_ARGUMENTS(POSTGRES_AS_NUMBER(given->after),
                           given->limit ? POSTGRES_AS_NUMBER(given->limit) : POSTGRES_AS_NULL));
    if (result == STORE_OK)
        PQsetSingleRowMode(p->conn);
    while (result == STORE_OK && (result = postgres_query_next(p, &row)) == STORE_OK) {
        if (PQntuples(row) > 0)
            result = postgres_product_show(p, row, given->visit, given->context);
        PQclear(row);
        if (result == STORE_OK)
            result = postgres_session_in_time(p);
    }
    postgres_query_abandon(p);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

enum store_result postgres_product_list(struct store *store, int64_t after, int64_t limit,
                                        store_product_visit visit, void *context)
{
    static const struct postgres_call call = {.name = "product_list",
                                              .work = postgres_product_stream};
    return postgres_call_run(store, &call, &(struct product_list){after, limit, visit, context});
}
