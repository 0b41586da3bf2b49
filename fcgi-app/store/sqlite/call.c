#include "store/sqlite/call.h"

#include "base/clock.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/statement.h"

static void sqlite_call_enter(struct sqlite *s, const char *name)
{
    s->call = name;
    s->error = (struct sqlite_error){0};
    s->unbounded = false;
    s->deadline_us = clock_monotonic_us() + (int64_t)s->timeout_ms * 1000;
}

/* Opens the file, and prepares the statements that the call may use. */
static enum store_result sqlite_call_reach(struct sqlite *s, const struct sqlite_call *call)
{
    enum store_result result = STORE_OK;
    if (!call->looks_rarely || !sqlite_connection_looked(s))
        result = sqlite_connection_open(s, call->migrates);
    if (result != STORE_OK)
        return result;
    /* The other statements need tables that may not be there yet. */
    if (call->migrates)
        return sqlite_statement_prepare(s, SQLITE_SQL_ROLLBACK);
    if (s->sql[SQLITE_SQL_MAX - 1])
        return STORE_OK;
    result = sqlite_schema_check(s);
    if (result == STORE_OK)
        result = sqlite_connection_checkpoint(s);
    if (result == STORE_OK)
        result = sqlite_statement_prepare(s, SQLITE_SQL_MAX - 1);
    /* Nothing is read or written before it is certain what became of the commit that failed. */
    return result == STORE_OK && s->doubtful ? sqlite_transaction_touch(s) : result;
}

static enum store_result sqlite_call_leave(struct sqlite *s, enum store_result result)
{
    struct sqlite_error error = s->error;
    /* A store that another file took the place of stays open. */
    if (trouble_is(result) && s->db && sqlite_connection_recheck(s) == STORE_OK)
        sqlite_connection_close(s);
    s->error = error;
    /* That something can be read does not end a trouble with writing. */
    if (!trouble_is(result) && s->unwritable)
        return result;
    trouble_note(&s->trouble, result, s->error.code,
                 LOG_FIELDS(LOG_TEXT("store", s->path), LOG_TEXT("call", s->call),
                            LOG_TEXT("error", s->error.text), LOG_NUMBER("code", s->error.code),
                            LOG_NUMBER("errno", s->error.system_errno)));
    return result;
}

enum store_result sqlite_call_run(struct store *store, const struct sqlite_call *call,
                                  void *context)
{
    struct sqlite *s = (struct sqlite *)store;
    sqlite_call_enter(s, call->name);
    enum store_result result = sqlite_call_reach(s, call);
    if (result == STORE_OK)
        result =
            call->writes ? sqlite_transaction_run(s, call->work, context) : call->work(s, context);
    /* The statements of this connection, if any, are of the old schema. */
    if (call->migrates && result == STORE_OK)
        sqlite_connection_close(s);
    return sqlite_call_leave(s, result);
}
