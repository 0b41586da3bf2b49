#include <inttypes.h>
#include <poll.h>

#include "base/buffer.h"
#include "store/postgres_internal.h"

/* Bytes of rows that an import collects before it sends them. */
enum { POSTGRES_COPY_SEND = 32768, POSTGRES_COPY_MAX = 65536 };

/* Shows a row of product_get or product_list to the visitor. */
static enum store_result postgres_product_show(struct postgres *p, const PGresult *row,
                                               store_product_visit visit, void *context)
{
    const struct product product = {
        .id = postgres_number(row, 0, 0),
        .price_cents = postgres_number(row, 0, 1),
        .quantity = postgres_number(row, 0, 2),
        .name = PQgetvalue(row, 0, 3),
        .description = PQgetvalue(row, 0, 4),
    };
    p->shown = true;
    return visit(context, &product) ? STORE_OK : STORE_STOPPED;
}

static enum store_result postgres_product_read(struct postgres *p, int64_t id,
                                               store_product_visit visit, void *context)
{
    PGresult *row = NULL;
    enum store_result result =
        postgres_run(p, POSTGRES_SQL_PRODUCT_GET, POSTGRES_ARGUMENTS(POSTGRES_AS_NUMBER(id)), &row);
    if (result == STORE_OK && PQntuples(row) == 0)
        result = STORE_NOT_FOUND;
    if (result == STORE_OK)
        result = postgres_product_show(p, row, visit, context);
    PQclear(row);
    return result;
}

enum store_result postgres_product_get(struct store *store, int64_t id, store_product_visit visit,
                                       void *context)
{
    struct postgres *p = (struct postgres *)store;
    enum store_result result;
    postgres_enter(p, "product_get");
    do {
        result = postgres_reach(p);
        if (result == STORE_OK)
            result = postgres_product_read(p, id, visit, context);
    } while (postgres_again(p, result));
    return postgres_leave(p, result);
}

/* Shows the rows one by one, as they come. */
static enum store_result postgres_product_stream(struct postgres *p, int64_t after, int64_t limit,
                                                 store_product_visit visit, void *context)
{
    PGresult *row = NULL;
    enum store_result result =
        postgres_send(p, POSTGRES_SQL_PRODUCT_LIST,
                      POSTGRES_ARGUMENTS(POSTGRES_AS_NUMBER(after),
                                         limit ? POSTGRES_AS_NUMBER(limit) : POSTGRES_AS_NULL));
    if (result == STORE_OK)
        PQsetSingleRowMode(p->conn);
    while (result == STORE_OK && (result = postgres_next(p, &row)) == STORE_OK) {
        if (PQntuples(row) > 0)
            result = postgres_product_show(p, row, visit, context);
        PQclear(row);
        if (result == STORE_OK)
            result = postgres_in_time(p);
    }
    postgres_abandon(p);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

enum store_result postgres_product_list(struct store *store, int64_t after, int64_t limit,
                                        store_product_visit visit, void *context)
{
    struct postgres *p = (struct postgres *)store;
    enum store_result result;
    postgres_enter(p, "product_list");
    do {
        result = postgres_reach(p);
        if (result == STORE_OK)
            result = postgres_product_stream(p, after, limit, visit, context);
    } while (postgres_again(p, result));
    return postgres_leave(p, result);
}

/* Appends a text as COPY wants it; one that ends a line ends a row, so it is never the first. */
static void postgres_copy_add(struct buffer *rows, const char *text)
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

static void postgres_copy_row(struct buffer *rows, const struct product *product)
{
    buffer_printf(rows, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t", product->id,
                  product->price_cents, product->quantity);
    postgres_copy_add(rows, product->name);
    buffer_char(rows, '\t');
    postgres_copy_add(rows, product->description);
    buffer_char(rows, '\n');
}

static enum store_result postgres_copy_send(struct postgres *p, struct buffer *rows)
{
    if (rows->overflown)
        return postgres_fail(p, STORE_FAULT, "out of memory");
    if (rows->len == 0)
        return STORE_OK;
    int rc;
    while ((rc = PQputCopyData(p->conn, rows->data, (int)rows->len)) == 0) {
        enum store_result result = postgres_flush(p);
        if (result != STORE_OK)
            return result;
    }
    buffer_reset(rows, POSTGRES_COPY_MAX);
    if (rc < 0)
        return postgres_fail(p, STORE_UNREACHABLE, PQerrorMessage(p->conn));
    return postgres_flush(p);
}

/* Sends all that next gives, within COPY. */
static enum store_result postgres_copy_all(struct postgres *p, store_product_next next,
                                           void *context)
{
    struct product product;
    struct buffer rows;
    enum store_result result = STORE_OK;
    int given = 0;
    buffer_init(&rows, POSTGRES_COPY_MAX);
    while (result == STORE_OK && (given = next(context, &product)) > 0) {
        postgres_copy_row(&rows, &product);
        if (rows.len >= POSTGRES_COPY_SEND)
            result = postgres_copy_send(p, &rows);
    }
    if (result == STORE_OK)
        result = given < 0 ? STORE_STOPPED : postgres_copy_send(p, &rows);
    buffer_free(&rows);
    return result;
}

/* Ends the COPY, in a failure if the result so far is one. */
static enum store_result postgres_copy_end(struct postgres *p, enum store_result result)
{
    int rc;
    if (!p->conn)
        return result;
    while ((rc = PQputCopyEnd(p->conn, result == STORE_OK ? NULL : "given up")) == 0) {
        if (postgres_flush(p) != STORE_OK)
            return STORE_UNREACHABLE;
    }
    if (result != STORE_OK) {
        postgres_abandon(p);
        return result;
    }
    return rc > 0 ? postgres_finish(p, NULL)
                  : postgres_fail(p, STORE_UNREACHABLE, PQerrorMessage(p->conn));
}

/* Up to the COPY. */
static enum store_result postgres_import_start(struct postgres *p)
{
    PGresult *answer = NULL;
    bool copying = false;
    enum store_result result = postgres_send(p, POSTGRES_SQL_IMPORT_START, NULL, 0);
    while (result == STORE_OK && !copying) {
        result = postgres_next(p, &answer);
        copying = result == STORE_OK && PQresultStatus(answer) == PGRES_COPY_IN;
        PQclear(answer);
        answer = NULL;
    }
    return result;
}

/* Stores what next gives, within a transaction. It goes into a table of this connection's own
 * first, so that the products' rows are locked in the order of their ids, whatever order they come
 * in, and for a short time only. */
static enum store_result postgres_import(struct postgres *p, store_product_next next, void *context)
{
    enum store_result result = postgres_import_start(p);
    if (result != STORE_OK)
        return result;
    /* Once next has been called, nothing can be done over; and only the wait for a lock is
     * bounded: an import takes as long as its products are many. */
    p->shown = true;
    p->unbounded = true;
    result = postgres_copy_end(p, postgres_copy_all(p, next, context));
    return result == STORE_OK ? postgres_run(p, POSTGRES_SQL_IMPORT_STORE, NULL, 0, NULL) : result;
}

enum store_result postgres_product_import(struct store *store, store_product_next next,
                                          void *context)
{
    struct postgres *p = (struct postgres *)store;
    enum store_result result;
    postgres_enter(p, "product_import");
    do {
        result = postgres_reach(p);
        if (result == STORE_OK)
            result = postgres_begin(p);
        if (result == STORE_OK)
            result = postgres_end(p, postgres_import(p, next, context));
    } while (postgres_again(p, result));
    return postgres_leave(p, result);
}
