#include "store/postgres/retire.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "store/postgres/call.h"
#include "store/postgres/query.h"
#include "store/postgres/row.h"

/* Digits of the largest number, and what stands between two in an array. */
enum { POSTGRES_RETIRE_ARRAY_MAX = STORE_RETIRE_MAX * 20 + 3 };

/* What the call was given. */
struct product_retire {
    const char *ids; /* as an array */
    bool back;
    struct store_retired *retired;
};

/* Runs a statement that gives one number; 0 for NULL. */
static enum store_result postgres_retire_ask(struct postgres *p, enum postgres_sql which,
                                             const struct postgres_argument *arguments, int count,
                                             int64_t *number)
{
    PGresult *row = NULL;
    enum store_result result = postgres_query_run(p, which, arguments, count, &row);
    if (result == STORE_OK)
        *number = postgres_row_number(row, 0, 0);
    PQclear(row);
    return result;
}

static enum store_result postgres_retire_all(struct postgres *p, void *context)
{
    const struct product_retire *given = context;
    const struct postgres_argument ids = POSTGRES_AS_TEXT(given->ids);
    const struct postgres_argument set[] = {ids, POSTGRES_AS_TEXT(given->back ? "false" : "true")};
    *given->retired = (struct store_retired){.changed = 0};
    /* In the order of the ids, as orders lock them. */
    enum store_result result = postgres_query_run(p, POSTGRES_SQL_PRODUCT_LOCK, &ids, 1, NULL);
    if (result == STORE_OK)
        result =
            postgres_retire_ask(p, POSTGRES_SQL_RETIRE_LOOK, &ids, 1, &given->retired->missing);
    if (result != STORE_OK || given->retired->missing)
        return result == STORE_OK ? STORE_NOT_FOUND : result;
    return postgres_retire_ask(p, POSTGRES_SQL_RETIRE, set, 2, &given->retired->changed);
}

enum store_result postgres_product_retire(struct store *store, const int64_t *ids, size_t count,
                                          bool back, struct store_retired *retired)
{
    static const struct postgres_call call = {
        .name = "product_retire", .work = postgres_retire_all, .transacts = true};
    struct buffer array;
    buffer_init(&array, POSTGRES_RETIRE_ARRAY_MAX);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&array, "%c%" PRId64, i ? ',' : '{', ids[i]);
    buffer_char(&array, '}');
    enum store_result result =
        array.overflown
            ? STORE_FAULT
            : postgres_call_run(store, &call, &(struct product_retire){array.data, back, retired});
    buffer_free(&array);
    return result;
}
