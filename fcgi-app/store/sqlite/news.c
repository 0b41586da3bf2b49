#include "store/sqlite/news.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/sqlite/call.h"
#include "store/sqlite/statement.h"

/* What the call was given. */
struct news {
    struct store_cursor *cursor;
    store_id_visit visit;
    void *context;
};

/* The last entry that a cursor was told of. */
static int64_t sqlite_news_told(const struct store_cursor *cursor)
{
    return strtoll(cursor->at, NULL, 10);
}

/* Shows the products in the rows from the current one on, or 0 if they are too many: STORE_OK,
 * STORE_STOPPED, or how it failed. */
static enum store_result sqlite_news_show(struct sqlite *s, sqlite3_stmt *stmt,
                                          const struct news *given)
{
    enum store_result result = STORE_OK;
    for (int shown = 0; result == STORE_OK && sqlite3_column_type(stmt, 2) != SQLITE_NULL;
         shown++) {
        int64_t id = shown < STORE_NEWS_MAX ? sqlite3_column_int64(stmt, 2) : 0;
        result = given->visit(given->context, id) ? sqlite_statement_step(s, stmt) : STORE_STOPPED;
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

static enum store_result sqlite_news_look(struct sqlite *s, void *context)
{
    const struct news *given = context;
    struct store_cursor *cursor = given->cursor;
    bool empty = cursor->connection == 0;
    int64_t told = empty ? INT64_MAX : sqlite_news_told(cursor);
    sqlite3_stmt *stmt = SQLITE_BIND(s, SQLITE_SQL_NEWS, SQLITE_AS_NUMBER(told),
                                     SQLITE_AS_NUMBER(STORE_NEWS_MAX + 1));
    enum store_result result = sqlite_statement_step(s, stmt);
    int64_t oldest = sqlite3_column_int64(stmt, 0), newest = sqlite3_column_int64(stmt, 1);
    bool lost = !empty && (cursor->connection != s->connection || told > newest ||
                           (oldest > 0 && told < oldest - 1));
    if (result == STORE_OK && lost)
        result = given->visit(given->context, 0) ? STORE_OK : STORE_STOPPED;
    else if (result == STORE_OK)
        result = sqlite_news_show(s, stmt, given);
    sqlite3_reset(stmt);
    if (result != STORE_OK)
        return result;
    cursor->connection = s->connection;
    snprintf(cursor->at, sizeof cursor->at, "%" PRId64, newest);
    return STORE_OK;
}

enum store_result sqlite_news(struct store *store, struct store_cursor *cursor,
                              store_id_visit visit, void *context)
{
    static const struct sqlite_call call = {.name = "news", .work = sqlite_news_look};
    return sqlite_call_run(store, &call, &(struct news){cursor, visit, context});
}

static enum store_result sqlite_news_forget(struct sqlite *s, void *context)
{
    const struct store_cursor *before = context;
    if (before->connection != s->connection)
        return STORE_OK;
    return sqlite_statement_run(s, SQLITE_BIND(s, SQLITE_SQL_NEWS_PURGE,
                                               SQLITE_AS_NUMBER(sqlite_news_told(before)),
                                               SQLITE_AS_NUMBER(STORE_NEWS_FORGET)));
}

enum store_result sqlite_news_purge(struct store *store, const struct store_cursor *before)
{
    static const struct sqlite_call call = {
        .name = "news_purge", .work = sqlite_news_forget, .writes = true};
    struct store_cursor copy = *before;
    return sqlite_call_run(store, &call, &copy);
}
