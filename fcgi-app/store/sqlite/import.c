#include "store/sqlite/import.h"

#include "store/sqlite/call.h"
#include "store/sqlite/row.h"
#include "store/sqlite/statement.h"

/* What the call was given. */
struct product_import {
    const struct store_import *import;
    struct store_imported *imported;
};

/* Whether the import is refused by now, so that it only reads on to tell of more. */
static bool sqlite_import_refused(const struct store_imported *imported)
{
    return imported->counts[STORE_LACKING] || imported->counts[STORE_STOCKED] ||
           imported->counts[STORE_RETIRED];
}

/* STORE_OK if there is no product, or STORE_NOT_EMPTY. */
static enum store_result sqlite_import_look(struct sqlite *s)
{
    sqlite3_stmt *stmt = s->sql[SQLITE_SQL_IMPORT_LOOK];
    enum store_result result = sqlite_statement_step(s, stmt);
    if (result == STORE_OK && sqlite3_column_int(stmt, 0))
        result = STORE_NOT_EMPTY;
    sqlite3_reset(stmt);
    return result;
}

/* Judges a product; was is it as it is, NULL if it is new. Makes it whole unless it is refused. */
static enum store_verdict sqlite_import_judge(const struct store_import *import,
                                              const struct product *was, bool retired,
                                              struct product *product)
{
    static const struct product nothing = {.description = ""};
    bool stocked = product->quantity != PRODUCT_NOT_GIVEN;
    if (!was) {
        bool lacking = !product->name || product->price_cents == PRODUCT_NOT_GIVEN;
        product_complete(product, &nothing);
        return lacking ? STORE_LACKING : STORE_ADDED;
    }
    if (retired)
        return STORE_RETIRED;
    if (stocked && import->quantity == STORE_QUANTITY_REFUSE)
        return STORE_STOCKED;
    if (import->quantity == STORE_QUANTITY_KEEP)
        product->quantity = PRODUCT_NOT_GIVEN;
    product_complete(product, was);
    return product_equals(product, was) ? STORE_LEFT : STORE_CHANGED;
}

static enum store_result sqlite_import_write(struct sqlite *s, enum sqlite_sql which,
                                             const struct product *product)
{
    return sqlite_statement_run(
        s, SQLITE_BIND(s, which, SQLITE_AS_NUMBER(product->id),
                       SQLITE_AS_NUMBER(product->price_cents), SQLITE_AS_NUMBER(product->quantity),
                       SQLITE_AS_TEXT(product->name), SQLITE_AS_TEXT(product->description)));
}

/* Does what the verdict on a product asks for, and tells of it if that is of interest. */
static enum store_result sqlite_import_heed(struct sqlite *s, const struct product_import *given,
                                            enum store_verdict verdict, const struct product *was,
                                            const struct product *product)
{
    const struct store_import *import = given->import;
    bool told = verdict >= STORE_LACKING || (verdict == STORE_CHANGED && import->dry_run);
    if (++given->imported->counts[verdict] <= STORE_TOLD_MAX && told)
        import->tell(import->context, verdict, was, product);
    if (import->dry_run || sqlite_import_refused(given->imported))
        return STORE_OK;
    if (verdict == STORE_ADDED)
        return sqlite_import_write(s, SQLITE_SQL_IMPORT_ADD, product);
    return verdict == STORE_CHANGED ? sqlite_import_write(s, SQLITE_SQL_IMPORT_CHANGE, product)
                                    : STORE_OK;
}

static enum store_result sqlite_import_one(struct sqlite *s, const struct product_import *given,
                                           struct product *product)
{
    struct product was;
    sqlite3_stmt *stmt = SQLITE_BIND(s, SQLITE_SQL_PRODUCT_FIND, SQLITE_AS_NUMBER(product->id));
    enum store_result result = sqlite_statement_step(s, stmt);
    bool exists = result == STORE_OK;
    if (exists && !sqlite_row_product(stmt, &was))
        result = sqlite_connection_fail(s, SQLITE_NOMEM);
    else if (exists || result == STORE_NOT_FOUND)
        result =
            sqlite_import_heed(s, given,
                               sqlite_import_judge(given->import, exists ? &was : NULL,
                                                   exists && sqlite_row_retired(stmt), product),
                               exists ? &was : NULL, product);
    sqlite3_reset(stmt);
    return result;
}

static enum store_result sqlite_import_all(struct sqlite *s, void *context)
{
    const struct product_import *given = context;
    const struct store_import *import = given->import;
    struct product product;
    enum store_result result = import->if_empty ? sqlite_import_look(s) : STORE_OK;
    int more = 0;
    /* Only the wait for the lock is bounded: an import takes as long as its products are many. */
    s->unbounded = true;
    while (result == STORE_OK && (more = import->next(import->context, &product)) > 0)
        result = sqlite_import_one(s, given, &product);
    if (result == STORE_OK && more < 0)
        return STORE_STOPPED;
    return result == STORE_OK && sqlite_import_refused(given->imported) ? STORE_REFUSED : result;
}

enum store_result sqlite_product_import(struct store *store, const struct store_import *import,
                                        struct store_imported *imported)
{
    static const struct sqlite_call call = {
        .name = "product_import", .work = sqlite_import_all, .writes = true};
    *imported = (struct store_imported){{0}};
    return sqlite_call_run(store, &call, &(struct product_import){import, imported});
}
