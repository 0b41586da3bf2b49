#include "store/postgres/product.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "store/postgres/call.h"
#include "store/postgres/query.h"
#include "store/postgres/row.h"

/* Bytes of rows that an import collects before it sends them. */
enum { POSTGRES_COPY_SEND = 32768, POSTGRES_COPY_MAX = 65536 };

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

/* Shows a row of product_get or product_list to the visitor. */
static enum store_result postgres_product_show(struct postgres *p, const PGresult *row,
                                               store_product_visit visit, void *context)
{
    const struct product product = {
        .id = postgres_row_number(row, 0, 0),
        .price_cents = postgres_row_number(row, 0, 1),
        .quantity = postgres_row_number(row, 0, 2),
        .name = PQgetvalue(row, 0, 3),
        .description = PQgetvalue(row, 0, 4),
    };
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

/* Appends a text as COPY wants it; one that ends a line ends a row, so it is never the first. */
static void postgres_product_copy_text(struct buffer *rows, const char *text)
{
    static const struct {
        char is;
        const char *shown;
    } escapes[] = {{'\\', "\\\\"}, {'\t', "\\t"}, {'\n', "\\n"}, {'\r', "\\r"}};
    for (; *text; text++) {
        const char *shown = NULL;
        for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
            if (*text == escapes[i].is)
                shown = escapes[i].shown;
        }
        if (shown)
            buffer_text(rows, shown);
        else
            buffer_char(rows, *text);
    }
}

static void postgres_product_copy_row(struct buffer *rows, const struct product *product)
{
    buffer_printf(rows, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t", product->id,
                  product->price_cents, product->quantity);
    postgres_product_copy_text(rows, product->name);
    buffer_char(rows, '\t');
    postgres_product_copy_text(rows, product->description);
    buffer_char(rows, '\n');
}

static enum store_result postgres_product_copy_send(struct postgres *p, struct buffer *rows)
{
    if (rows->overflown)
        return postgres_session_fail(p, STORE_FAULT, "out of memory");
    if (rows->len == 0)
        return STORE_OK;
    int rc;
    while ((rc = PQputCopyData(p->conn, rows->data, (int)rows->len)) == 0) {
        enum store_result result = postgres_query_flush(p);
        if (result != STORE_OK)
            return result;
    }
    buffer_reset(rows, POSTGRES_COPY_MAX);
    if (rc < 0)
        return postgres_session_fail(p, STORE_UNREACHABLE, PQerrorMessage(p->conn));
    return postgres_query_flush(p);
}

/* Sends all that next gives, within COPY. */
static enum store_result postgres_product_copy_all(struct postgres *p,
                                                   const struct product_import *given)
{
    struct product product;
    struct buffer rows;
    enum store_result result = STORE_OK;
    int more = 0;
    buffer_init(&rows, POSTGRES_COPY_MAX);
    while (result == STORE_OK && (more = given->next(given->context, &product)) > 0) {
        postgres_product_copy_row(&rows, &product);
        if (rows.len >= POSTGRES_COPY_SEND)
            result = postgres_product_copy_send(p, &rows);
    }
    if (result == STORE_OK)
        result = more < 0 ? STORE_STOPPED : postgres_product_copy_send(p, &rows);
    buffer_free(&rows);
    return result;
}

/* Ends the COPY, in a failure if the result so far is one. */
static enum store_result postgres_product_copy_end(struct postgres *p, enum store_result result)
{
    int rc;
    if (!p->conn)
        return result;
    while ((rc = PQputCopyEnd(p->conn, result == STORE_OK ? NULL : "given up")) == 0) {
        if (postgres_query_flush(p) != STORE_OK)
            return STORE_UNREACHABLE;
    }
    if (result != STORE_OK) {
        postgres_query_abandon(p);
        return result;
    }
    return rc > 0 ? postgres_query_finish(p, NULL)
                  : postgres_session_fail(p, STORE_UNREACHABLE, PQerrorMessage(p->conn));
}

/* Up to the COPY. */
static enum store_result postgres_product_copy_start(struct postgres *p)
{
    PGresult *answer = NULL;
    bool copying = false;
    enum store_result result = postgres_query_send(p, POSTGRES_SQL_IMPORT_START, NULL, 0);
    while (result == STORE_OK && !copying) {
        result = postgres_query_next(p, &answer);
        copying = result == STORE_OK && PQresultStatus(answer) == PGRES_COPY_IN;
        PQclear(answer);
        answer = NULL;
    }
    return result;
}

/* STORE_OK if there is no product, or STORE_NOT_EMPTY. No other import comes between. */
static enum store_result postgres_product_look(struct postgres *p)
{
    PGresult *row = NULL;
    enum store_result result = postgres_query_run(p, POSTGRES_SQL_IMPORT_LOOK, NULL, 0, &row);
    if (result == STORE_OK && postgres_row_number(row, 0, 0) > 0)
        result = STORE_NOT_EMPTY;
    PQclear(row);
    return result;
}

/* Stores what next gives, within a transaction. It goes into a table of this connection's own
 * first, so that the products' rows are locked in the order of their ids, whatever order they come
 * in, and for a short time only. */
static enum store_result postgres_product_store(struct postgres *p, void *context)
{
    const struct product_import *given = context;
    enum store_result result = given->if_empty ? postgres_product_look(p) : STORE_OK;
    if (result == STORE_OK)
        result = postgres_product_copy_start(p);
    if (result != STORE_OK)
        return result;
    /* Once next has been called, nothing can be done over; and only the wait for a lock is
     * bounded: an import takes as long as its products are many. */
    p->shown = true;
    p->unbounded = true;
    result = postgres_product_copy_end(p, postgres_product_copy_all(p, context));
    return result == STORE_OK ? postgres_query_run(p, POSTGRES_SQL_IMPORT_STORE, NULL, 0, NULL)
                              : result;
}

enum store_result postgres_product_import(struct store *store, bool if_empty,
                                          store_product_next next, void *context)
{
    static const struct postgres_call call = {
        .name = "product_import", .work = postgres_product_store, .transacts = true};
    return postgres_call_run(store, &call, &(struct product_import){next, context, if_empty});
}
