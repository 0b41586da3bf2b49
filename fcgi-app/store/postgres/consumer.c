#include "store/postgres/consumer.h"

#include <stdlib.h>

#include "store/postgres/call.h"
#include "store/postgres/query.h"
#include "store/postgres/row.h"

enum { POSTGRES_DECIMAL = 10 };

/* What the call was given. */
struct consumer_rename {
    const struct store_rename *rename;
    struct store_renamed *renamed;
};

/* Runs a statement on the two names, and counts the rows that it changed. */
static enum store_result postgres_consumer_change(struct postgres *p, enum postgres_sql which,
                                                  const struct store_rename *rename, int64_t *rows)
{
    PGresult *answer = NULL;
    enum store_result result = postgres_query_run(
        p, which, POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(rename->from), POSTGRES_AS_TEXT(rename->to)),
        &answer);
    *rows = result == STORE_OK ? strtoll(PQcmdTuples(answer), NULL, POSTGRES_DECIMAL) : 0;
    PQclear(answer);
    return result;
}

/* STORE_OK if the name has orders or keys, or else STORE_NOT_FOUND. */
static enum store_result postgres_consumer_holds(struct postgres *p, const char *name)
{
    PGresult *answer = NULL;
    enum store_result result = postgres_query_run(
        p, POSTGRES_SQL_CONSUMER_HOLDS, POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(name)), &answer);
    if (result == STORE_OK && !postgres_row_number(answer, 0, 0))
        result = STORE_NOT_FOUND;
    PQclear(answer);
    return result;
}

static enum store_result postgres_consumer_check(struct postgres *p,
                                                 const struct store_rename *rename)
{
    enum store_result result = postgres_consumer_holds(p, rename->from);
    if (result != STORE_OK || rename->merge)
        return result;
    result = postgres_consumer_holds(p, rename->to);
    return result == STORE_OK ? STORE_TAKEN : result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* The orders come first, which may be many: only then, and so for a short time, do others' keys
 * wait. */
static enum store_result postgres_consumer_move(struct postgres *p, void *context)
{
    const struct consumer_rename *given = context;
    const struct store_rename *rename = given->rename;
    struct store_renamed *renamed = given->renamed;
    enum store_result result = postgres_consumer_check(p, rename);
    if (result == STORE_OK)
        result =
            postgres_consumer_change(p, POSTGRES_SQL_CONSUMER_ORDERS, rename, &renamed->orders);
    if (result == STORE_OK)
        result = postgres_query_run(p, POSTGRES_SQL_CONSUMER_LOCK, NULL, 0, NULL);
    if (result == STORE_OK)
        result = postgres_query_run(
            p, POSTGRES_SQL_CONSUMER_PURGE,
            POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(rename->from), POSTGRES_AS_TEXT(rename->to)), NULL);
    if (result == STORE_OK)
        result = postgres_consumer_change(p, POSTGRES_SQL_CONSUMER_DROP, rename, &renamed->dropped);
    if (result == STORE_OK)
        result = postgres_consumer_change(p, POSTGRES_SQL_CONSUMER_KEYS, rename, &renamed->keys);
    /* The new name may have got keys since it was looked at. */
    if (result == STORE_OK && renamed->dropped && !rename->merge)
        return STORE_TAKEN;
    return result;
}

enum store_result postgres_consumer_rename(struct store *store, const struct store_rename *rename,
                                           struct store_renamed *renamed)
{
    static const struct postgres_call call = {
        .name = "consumer_rename", .work = postgres_consumer_move, .transacts = true};
    return postgres_call_run(store, &call, &(struct consumer_rename){rename, renamed});
}
