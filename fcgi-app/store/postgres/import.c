#include "store/postgres/import.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "store/postgres/call.h"
#include "store/postgres/query.h"
#include "store/postgres/row.h"

/* Bytes of rows that an import collects before it sends them. */
enum { POSTGRES_COPY_SEND = 32768, POSTGRES_COPY_MAX = 65536 };

/* What the call was given. */
struct product_import {
    const struct store_import *import;
    struct store_imported *imported;
};

/* What import_judge is told of a quantity. */
static const char *const postgres_quantities[] = {
    [STORE_QUANTITY_REFUSE] = "refuse",
    [STORE_QUANTITY_SET] = "set",
    [STORE_QUANTITY_KEEP] = "keep",
};

/* The verdicts that import_told is to show; see enum store_verdict. */
#define POSTGRES_VERDICTS_CHANGED "{1}"
#define POSTGRES_VERDICTS_REFUSED "{3,4,5}"

_Static_assert(STORE_ADDED == 0 && STORE_CHANGED == 1 && STORE_LEFT == 2 && STORE_LACKING == 3 &&
                   STORE_STOCKED == 4 && STORE_RETIRED == 5,
               "as import_judge writes them");

/* What COPY takes for NULL. */
#define POSTGRES_COPY_NULL "\\N"

static void postgres_import_copy_number(struct buffer *rows, int64_t number)
{
    if (number == PRODUCT_NOT_GIVEN)
        buffer_text(rows, POSTGRES_COPY_NULL "\t");
    else
        buffer_printf(rows, "%" PRId64 "\t", number);
}

/* Appends a text as COPY wants it; one that ends a line ends a row, so it is never the first. */
static void postgres_import_copy_text(struct buffer *rows, const char *text)
{
    static const struct {
        char is;
        const char *shown;
    } escapes[] = {{'\\', "\\\\"}, {'\t', "\\t"}, {'\n', "\\n"}, {'\r', "\\r"}};
    if (!text)
        buffer_text(rows, POSTGRES_COPY_NULL);
    for (; text && *text; text++) {
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

static void postgres_import_copy_row(struct buffer *rows, const struct product *product)
{
    buffer_printf(rows, "%" PRId64 "\t", product->id);
    postgres_import_copy_number(rows, product->price_cents);
    postgres_import_copy_number(rows, product->quantity);
    postgres_import_copy_text(rows, product->name);
    buffer_char(rows, '\t');
    postgres_import_copy_text(rows, product->description);
    buffer_char(rows, '\n');
}

static enum store_result postgres_import_copy_send(struct postgres *p, struct buffer *rows)
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
static enum store_result postgres_import_copy_all(struct postgres *p,
                                                  const struct store_import *import)
{
    struct product product;
    struct buffer rows;
    enum store_result result = STORE_OK;
    int more = 0;
    buffer_init(&rows, POSTGRES_COPY_MAX);
    while (result == STORE_OK && (more = import->next(import->context, &product)) > 0) {
        postgres_import_copy_row(&rows, &product);
        if (rows.len >= POSTGRES_COPY_SEND)
            result = postgres_import_copy_send(p, &rows);
    }
    if (result == STORE_OK)
        result = more < 0 ? STORE_STOPPED : postgres_import_copy_send(p, &rows);
    buffer_free(&rows);
    return result;
}

/* Ends the COPY, in a failure if the result so far is one. */
static enum store_result postgres_import_copy_end(struct postgres *p, enum store_result result)
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
static enum store_result postgres_import_copy_start(struct postgres *p)
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
static enum store_result postgres_import_look(struct postgres *p)
{
    PGresult *row = NULL;
    enum store_result result = postgres_query_run(p, POSTGRES_SQL_IMPORT_LOOK, NULL, 0, &row);
    if (result == STORE_OK && postgres_row_number(row, 0, 0) > 0)
        result = STORE_NOT_EMPTY;
    PQclear(row);
    return result;
}

static enum store_result postgres_import_tell(struct postgres *p, const struct store_import *import,
                                              const char *verdicts)
{
    PGresult *rows = NULL;
    enum store_result result = postgres_query_run(
        p, POSTGRES_SQL_IMPORT_TOLD,
        POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(verdicts), POSTGRES_AS_NUMBER(STORE_TOLD_MAX)), &rows);
    for (int row = 0; result == STORE_OK && row < PQntuples(rows); row++) {
        const struct product was = postgres_row_product(rows, row, 1);
        const struct product would_be = postgres_row_product(rows, row, 6);
        import->tell(import->context, (enum store_verdict)postgres_row_number(rows, row, 0), &was,
                     &would_be);
    }
    PQclear(rows);
    return result;
}

/* Counts the verdicts, and tells of those that are of interest. */
static enum store_result postgres_import_count(struct postgres *p,
                                               const struct product_import *given)
{
    const struct store_import *import = given->import;
    PGresult *row = NULL;
    enum store_result result = postgres_query_run(p, POSTGRES_SQL_IMPORT_COUNT, NULL, 0, &row);
    for (int i = 0; result == STORE_OK && i < STORE_VERDICTS; i++)
        given->imported->counts[i] = postgres_row_number(row, 0, i);
    PQclear(row);
    bool refused = false;
    for (int i = STORE_LACKING; i < STORE_VERDICTS; i++)
        refused = refused || given->imported->counts[i];
    if (result == STORE_OK && refused)
        result = postgres_import_tell(p, import, POSTGRES_VERDICTS_REFUSED);
    else if (result == STORE_OK && import->dry_run)
        result = postgres_import_tell(p, import, POSTGRES_VERDICTS_CHANGED);
    return result == STORE_OK && refused ? STORE_REFUSED : result;
}

/* Judges and does what was sent. */
static enum store_result postgres_import_merge(struct postgres *p,
                                               const struct product_import *given)
{
    /* What each step of a real import is, in turn. */
    static const enum postgres_sql steps[] = {POSTGRES_SQL_IMPORT_ADD, POSTGRES_SQL_IMPORT_CHANGE};
    enum store_result result = STORE_OK;
    if (!given->import->dry_run)
        result = postgres_query_run(p, POSTGRES_SQL_IMPORT_LOCK, NULL, 0, NULL);
    if (result == STORE_OK)
        result = postgres_query_run(
            p, POSTGRES_SQL_IMPORT_JUDGE,
            POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(postgres_quantities[given->import->quantity])),
            NULL);
    if (result == STORE_OK)
        result = postgres_import_count(p, given);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && !given->import->dry_run; i++) {
        if (result == STORE_OK)
            result = postgres_query_run(p, steps[i], NULL, 0, NULL);
    }
    return result;
}

/* Imports what next gives, within a transaction. It goes into a table of this connection's own
 * first, so that the products' rows are locked in the order of their ids, whatever order they come
 * in, and for a short time only. */
static enum store_result postgres_import_all(struct postgres *p, void *context)
{
    const struct product_import *given = context;
    enum store_result result = given->import->if_empty ? postgres_import_look(p) : STORE_OK;
    if (result == STORE_OK)
        result = postgres_import_copy_start(p);
    if (result != STORE_OK)
        return result;
    /* Once next has been called, nothing can be done over; and only the wait for a lock is
     * bounded: an import takes as long as its products are many. */
    p->shown = true;
    p->unbounded = true;
    result = postgres_import_copy_end(p, postgres_import_copy_all(p, given->import));
    return result == STORE_OK ? postgres_import_merge(p, given) : result;
}

enum store_result postgres_product_import(struct store *store, const struct store_import *import,
                                          struct store_imported *imported)
{
    static const struct postgres_call call = {
        .name = "product_import", .work = postgres_import_all, .transacts = true};
    *imported = (struct store_imported){{0}};
    return postgres_call_run(store, &call, &(struct product_import){import, imported});
}
