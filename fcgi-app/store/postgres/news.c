#include "store/postgres/news.h"

#include "store/postgres/call.h"
#include "store/postgres/query.h"
#include "store/postgres/row.h"

/* What the call was given. */
struct news {
    struct store_cursor *cursor;
    store_id_visit visit;
    void *context;
};

/* A number for the connection. The process may have died, and its place be taken by one that knows
 * less: after a fail-over, or where a backup was restored. */
static int64_t postgres_news_connection(const struct postgres *p)
{
    return p->session ^ PQbackendPID(p->conn);
}

/* Shows the products in the rows, or 0 if they cannot be told one by one. */
static enum store_result postgres_news_show(struct postgres *p, const PGresult *rows, bool all,
                                            const struct news *given)
{
    bool on = true;
    p->shown = true;
    if (all)
        return given->visit(given->context, 0) ? STORE_OK : STORE_STOPPED;
    for (int i = 0; on && i < PQntuples(rows) && !PQgetisnull(rows, i, 2); i++)
        on = given->visit(given->context, postgres_row_number(rows, i, 2));
    return on ? STORE_OK : STORE_STOPPED;
}

static enum store_result postgres_news_look(struct postgres *p, void *context)
{
    const struct news *given = context;
    struct store_cursor *cursor = given->cursor;
    int64_t connection = postgres_news_connection(p);
    bool empty = cursor->connection == 0, here = cursor->connection == connection;
    PGresult *rows = NULL;
    enum store_result result = postgres_query_run(
        p, POSTGRES_SQL_NEWS,
        POSTGRES_ARGUMENTS(here ? POSTGRES_AS_TEXT(cursor->at) : POSTGRES_AS_NULL,
                           POSTGRES_AS_NUMBER(STORE_NEWS_MAX + 1)),
        &rows);
    if (result == STORE_OK) {
        bool all = !here || postgres_row_number(rows, 0, 1) || PQntuples(rows) > STORE_NEWS_MAX;
        result = empty ? STORE_OK : postgres_news_show(p, rows, all, given);
    }
    if (result == STORE_OK) {
        cursor->connection = connection;
        postgres_row_text(rows, 0, 0, cursor->at, sizeof cursor->at);
    }
    PQclear(rows);
    return result;
}

enum store_result postgres_news(struct store *store, struct store_cursor *cursor,
                                store_id_visit visit, void *context)
{
    static const struct postgres_call call = {.name = "news", .work = postgres_news_look};
    return postgres_call_run(store, &call, &(struct news){cursor, visit, context});
}

static enum store_result postgres_news_forget(struct postgres *p, void *context)
{
    const struct store_cursor *before = context;
    if (before->connection != postgres_news_connection(p))
        return STORE_OK;
    return postgres_query_run(
        p, POSTGRES_SQL_NEWS_PURGE,
        POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(before->at), POSTGRES_AS_NUMBER(STORE_NEWS_FORGET)),
        NULL);
}

enum store_result postgres_news_purge(struct store *store, const struct store_cursor *before)
{
    static const struct postgres_call call = {.name = "news_purge", .work = postgres_news_forget};
    struct store_cursor copy = *before;
    return postgres_call_run(store, &call, &copy);
}
