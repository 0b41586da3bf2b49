#include "store/sqlite/retire.h"

#include "store/sqlite/call.h"
#include "store/sqlite/statement.h"

/* What the call was given. */
struct product_retire {
    const int64_t *ids;
    size_t count;
    bool back;
    struct store_retired *retired;
};

static enum store_result sqlite_retire_one(struct sqlite *s, const struct product_retire *given,
                                           int64_t id)
{
    sqlite3_stmt *stmt = SQLITE_BIND(s, SQLITE_SQL_PRODUCT_FIND, SQLITE_AS_NUMBER(id));
    enum store_result result = sqlite_statement_step(s, stmt);
    sqlite3_reset(stmt);
    if (result == STORE_OK)
        result =
            sqlite_statement_run(s, SQLITE_BIND(s, SQLITE_SQL_PRODUCT_RETIRE, SQLITE_AS_NUMBER(id),
                                                SQLITE_AS_NUMBER(!given->back)));
    if (result == STORE_OK)
        given->retired->changed += sqlite3_changes(s->db);
    return result;
}

static enum store_result sqlite_retire_all(struct sqlite *s, void *context)
{
    const struct product_retire *given = context;
    int64_t *missing = &given->retired->missing;
    for (size_t i = 0; i < given->count; i++) {
        enum store_result result = sqlite_retire_one(s, given, given->ids[i]);
        if (result == STORE_NOT_FOUND && (!*missing || given->ids[i] < *missing))
            *missing = given->ids[i];
        if (result != STORE_OK && result != STORE_NOT_FOUND)
            return result;
    }
    return *missing ? STORE_NOT_FOUND : STORE_OK;
}

enum store_result sqlite_product_retire(struct store *store, const int64_t *ids, size_t count,
                                        bool back, struct store_retired *retired)
{
    static const struct sqlite_call call = {
        .name = "product_retire", .work = sqlite_retire_all, .writes = true};
    *retired = (struct store_retired){.changed = 0};
    return sqlite_call_run(store, &call, &(struct product_retire){ids, count, back, retired});
}
