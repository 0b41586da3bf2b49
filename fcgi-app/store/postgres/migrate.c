#include "store/postgres/migrate.h"

#include "gen/postgres_schema.h"
#include "store/postgres/call.h"
#include "store/postgres/query.h"
#include "store/postgres/row.h"
#include "store/postgres/schema.h"

enum { POSTGRES_MIGRATIONS = sizeof postgres_schema / sizeof postgres_schema[0] };

/* What the call was given. */
struct migrate {
    int *from, *to;
};

/* Runs every migration above the version. */
static enum store_result postgres_migrate_apply(struct postgres *p, int version)
{
    enum store_result result = STORE_OK;
    for (int i = 0; i < POSTGRES_MIGRATIONS && result == STORE_OK; i++) {
        if (postgres_schema[i].version <= version)
            continue;
        result = postgres_query_send_text(p, postgres_schema[i].sql);
        if (result == STORE_OK)
            result = postgres_query_finish(p, NULL);
        if (result == STORE_OK)
            result = postgres_query_run(
                p, POSTGRES_SQL_MIGRATE_NOTE,
                POSTGRES_ARGUMENTS(POSTGRES_AS_NUMBER(postgres_schema[i].version),
                                   POSTGRES_AS_NUMBER(postgres_schema[i].serves),
                                   POSTGRES_AS_TEXT(postgres_schema[i].name)),
                NULL);
    }
    return result;
}

/* Makes the table of versions if there is none. Who may create nothing can still be told that
 * there is nothing to do. */
static enum store_result postgres_migrate_begin(struct postgres *p)
{
    PGresult *row = NULL;
    enum store_result result = postgres_query_run(p, POSTGRES_SQL_MIGRATE_LOOK, NULL, 0, &row);
    bool there = result == STORE_OK && postgres_row_number(row, 0, 0);
    PQclear(row);
    if (result != STORE_OK || there)
        return result;
    result = postgres_schema_vacant(p);
    return result == STORE_OK ? postgres_query_run(p, POSTGRES_SQL_MIGRATE_BEGIN, NULL, 0, NULL)
                              : result;
}

static enum store_result postgres_migrate_locked(struct postgres *p, void *context)
{
    const struct migrate *given = context;
    /* Only the wait for the lock is bounded: a migration takes as long as the tables are large. */
    enum store_result result = postgres_query_run(p, POSTGRES_SQL_MIGRATE_LOCK, NULL, 0, NULL);
    int serves = 0;
    p->unbounded = true;
    if (result == STORE_OK)
        result = postgres_migrate_begin(p);
    if (result == STORE_OK)
        result = postgres_schema_read(p, given->from, &serves);
    if (result == STORE_OK && serves > postgres_schema_version())
        return postgres_session_fail(p, STORE_NEW_SCHEMA, "");
    if (result == STORE_OK)
        result = postgres_migrate_apply(p, *given->from);
    if (result == STORE_OK)
        *given->to =
            *given->from > postgres_schema_version() ? *given->from : postgres_schema_version();
    return result;
}

enum store_result postgres_migrate(struct store *store, int *from, int *to)
{
    static const struct postgres_call call = {
        .name = "migrate", .work = postgres_migrate_locked, .transacts = true, .migrates = true};
    return postgres_call_run(store, &call, &(struct migrate){from, to});
}
