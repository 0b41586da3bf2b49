#include "store/sqlite/consumer.h"

#include "store/sqlite/call.h"
#include "store/sqlite/statement.h"

/* What the call was given. */
struct consumer_rename {
    const struct store_rename *rename;
    struct store_renamed *renamed;
};

/* Runs a statement on the two names, and counts the rows that it changed. */
static enum store_result sqlite_consumer_change(struct sqlite *s, enum sqlite_sql which,
                                                const struct store_rename *rename, int64_t *rows)
{
    enum store_result result = sqlite_statement_run(
        s, SQLITE_BIND(s, which, SQLITE_AS_TEXT(rename->from), SQLITE_AS_TEXT(rename->to)));
    *rows = sqlite3_changes(s->db);
    return result;
}

/* STORE_OK if the name has orders or keys, or else STORE_NOT_FOUND. */
static enum store_result sqlite_consumer_holds(struct sqlite *s, const char *name)
{
    sqlite3_stmt *stmt = SQLITE_BIND(s, SQLITE_SQL_CONSUMER_HOLDS, SQLITE_AS_TEXT(name));
    enum store_result result = sqlite_statement_step(s, stmt);
    if (result == STORE_OK && !sqlite3_column_int(stmt, 0))
        result = STORE_NOT_FOUND;
    sqlite3_reset(stmt);
    return result;
}

static enum store_result sqlite_consumer_check(struct sqlite *s, const struct store_rename *rename)
{
    enum store_result result = sqlite_consumer_holds(s, rename->from);
    if (result != STORE_OK || rename->merge)
        return result;
    result = sqlite_consumer_holds(s, rename->to);
    return result == STORE_OK ? STORE_TAKEN : result == STORE_NOT_FOUND ? STORE_OK : result;
}

static enum store_result sqlite_consumer_move(struct sqlite *s, void *context)
{
    const struct consumer_rename *given = context;
    const struct store_rename *rename = given->rename;
    struct store_renamed *renamed = given->renamed;
    enum store_result result = sqlite_statement_run(
        s, SQLITE_BIND(s, SQLITE_SQL_CONSUMER_PURGE, SQLITE_AS_TEXT(rename->from),
                       SQLITE_AS_TEXT(rename->to), SQLITE_AS_NUMBER(rename->now_us)));
    if (result == STORE_OK)
        result = sqlite_consumer_check(s, rename);
    if (result == STORE_OK)
        result = sqlite_consumer_change(s, SQLITE_SQL_CONSUMER_ORDERS, rename, &renamed->orders);
    if (result == STORE_OK)
        result = sqlite_consumer_change(s, SQLITE_SQL_CONSUMER_DROP, rename, &renamed->dropped);
    if (result == STORE_OK)
        result = sqlite_consumer_change(s, SQLITE_SQL_CONSUMER_KEYS, rename, &renamed->keys);
    return result;
}

enum store_result sqlite_consumer_rename(struct store *store, const struct store_rename *rename,
                                         struct store_renamed *renamed)
{
    static const struct sqlite_call call = {
        .name = "consumer_rename", .work = sqlite_consumer_move, .writes = true};
    return sqlite_call_run(store, &call, &(struct consumer_rename){rename, renamed});
}
