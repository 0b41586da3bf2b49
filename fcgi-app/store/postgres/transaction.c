#include "store/postgres/transaction.h"

#include "store/postgres/query.h"

/* Commits if the result so far is STORE_OK, or else rolls back; returns how it ended. */
static enum store_result postgres_transaction_end(struct postgres *p, enum store_result result)
{
    if (result == STORE_OK) {
        result = postgres_query_run(p, POSTGRES_SQL_COMMIT, NULL, 0, NULL);
        return p->remedy == POSTGRES_LOST ? STORE_UNKNOWN : result;
    }
    if (!p->conn)
        return result;
    struct postgres_error error = p->error;
    enum postgres_remedy remedy = p->remedy;
    /* If this fails, closing the connection does it. */
    if (postgres_query_run(p, POSTGRES_SQL_ROLLBACK, NULL, 0, NULL) != STORE_OK)
        postgres_session_close(p);
    p->error = error;
    p->remedy = remedy;
    return result;
}

enum store_result postgres_transaction_run(struct postgres *p, postgres_work work, void *context)
{
    enum store_result result = postgres_query_run(p, POSTGRES_SQL_BEGIN, NULL, 0, NULL);
    return result == STORE_OK ? postgres_transaction_end(p, work(p, context)) : result;
}
