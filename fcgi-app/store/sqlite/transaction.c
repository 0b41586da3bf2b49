#include "store/sqlite/transaction.h"

#include "base/clock.h"
#include "store/sqlite/statement.h"

enum { SQLITE_TOUCH_WAIT_US = 50000 };

/* With these, COMMIT changed nothing: a lock or a rule was in the way, or a page did not fit, and
 * the log's last valid commit is the one before. After any other failure the log may hold it all.
 */
static const int sqlite_certain[] = {SQLITE_BUSY, SQLITE_CONSTRAINT, SQLITE_FULL};

static enum store_result sqlite_transaction_commit(struct sqlite *s)
{
    enum store_result result = sqlite_statement_run(s, s->sql[SQLITE_SQL_COMMIT]);
    if (result == STORE_OK)
        return result;
    for (size_t i = 0; i < sizeof sqlite_certain / sizeof sqlite_certain[0]; i++) {
        if (sqlite_certain[i] == (s->error.code & 0xff))
            return result;
    }
    s->doubtful = true;
    return STORE_UNKNOWN;
}

/* Commits if the result so far is STORE_OK, or else rolls back; returns how it ended. */
static enum store_result sqlite_transaction_end(struct sqlite *s, enum store_result result)
{
    /* SQLite looks at the clock for the last time after a COMMIT is done, and would then report it
     * as interrupted. */
    s->unbounded = true;
    if (result == STORE_OK)
        result = sqlite_transaction_commit(s);
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
    enum store_result there = result == STORE_OK ? sqlite_connection_recheck(s) : result;
    return there == result ? result : sqlite_transaction_end(s, there);
}

enum store_result sqlite_transaction_run(struct sqlite *s, sqlite_work work, void *context)
{
    enum store_result result = sqlite_transaction_begin(s);
    if (result == STORE_OK)
        result = sqlite_transaction_end(s, work(s, context));
    if (trouble_is(result))
        s->unwritable = true;
    return result;
}

static enum store_result sqlite_transaction_write(struct sqlite *s, void *context)
{
    (void)context;
    return sqlite_statement_run(s, s->sql[SQLITE_SQL_TOUCH]);
}

enum store_result sqlite_transaction_touch(struct sqlite *s)
{
    int64_t deadline_us = s->deadline_us, until_us = clock_monotonic_us() + SQLITE_TOUCH_WAIT_US;
    if (until_us < deadline_us)
        s->deadline_us = until_us;
    /* Whether a touch that failed is found later is the same to everybody. */
    bool doubtful = s->doubtful;
    enum store_result result = sqlite_transaction_run(s, sqlite_transaction_write, NULL);
    if (result != STORE_OK)
        s->doubtful = doubtful;
    s->deadline_us = deadline_us;
    s->unbounded = false;
    return result == STORE_UNKNOWN ? STORE_UNREACHABLE : result;
}
