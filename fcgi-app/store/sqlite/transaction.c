#include "store/sqlite/transaction.h"

#include "store/sqlite/statement.h"

/* Commits if the result so far is STORE_OK, or else rolls back; returns how it ended. */
static enum store_result sqlite_transaction_end(struct sqlite *s, enum store_result result)
{
    /* SQLite looks at the clock for the last time after a COMMIT is done, and would then report it
     * as interrupted. */
    s->unbounded = true;
    if (result == STORE_OK)
        result = sqlite_statement_run(s, s->sql[SQLITE_SQL_COMMIT]);
    /* Some failures roll back by themselves. If this fails, closing the file does it. */
    if (!sqlite3_get_autocommit(s->db)) {
        sqlite3_step(s->sql[SQLITE_SQL_ROLLBACK]);
        sqlite3_reset(s->sql[SQLITE_SQL_ROLLBACK]);
    }
    if (!sqlite3_get_autocommit(s->db))
        sqlite_connection_close(s);
    return result;
}

/* If it returns STORE_OK, and only then, sqlite_transaction_end must follow. */
static enum store_result sqlite_transaction_begin(struct sqlite *s)
{
    enum store_result result = sqlite_statement_run(s, s->sql[SQLITE_SQL_BEGIN]);
    /* The wait for the lock may have been long. */
    if (result == STORE_OK && sqlite_connection_has_moved(s))
        result = sqlite_transaction_end(
            s, sqlite_connection_fail_text(s, STORE_UNREACHABLE, "the file was moved or deleted"));
    return result;
}

enum store_result sqlite_transaction_run(struct sqlite *s, sqlite_work work, void *context)
{
    enum store_result result = sqlite_transaction_begin(s);
    return result == STORE_OK ? sqlite_transaction_end(s, work(s, context)) : result;
}
