#include "gen/postgres_schema.h"

#include <string.h>

#include "store/postgres_internal.h"

enum { POSTGRES_MIGRATIONS = sizeof postgres_schema / sizeof postgres_schema[0] };

/* What the server answers when there is no such table. */
static const char postgres_undefined_table[] = "42P01";

int postgres_schema_version(void)
{
    return postgres_schema[POSTGRES_MIGRATIONS - 1].version;
}

enum store_result postgres_version(struct postgres *p, int *version, int *serves)
{
    PGresult *row = NULL;
    enum store_result result = postgres_run(p, POSTGRES_SQL_VERSION, NULL, 0, &row);
    if (result == STORE_OK) {
        *version = (int)postgres_number(row, 0, 0);
        *serves = (int)postgres_number(row, 0, 1);
    }
    PQclear(row);
    if (result == STORE_FAULT && strcmp(p->error.state, postgres_undefined_table) == 0) {
        *version = *serves = 0;
        return STORE_OK;
    }
    return result;
}

enum store_result postgres_check(struct postgres *p)
{
    int version = 0, serves = 0;
    enum store_result result = postgres_version(p, &version, &serves);
    if (result != STORE_OK)
        return result;
    if (version < postgres_schema_version())
        return postgres_fail(p, STORE_OLD_SCHEMA, "");
    return serves > postgres_schema_version() ? postgres_fail(p, STORE_NEW_SCHEMA, "") : STORE_OK;
}

/* Runs every migration above the version. */
static enum store_result postgres_apply(struct postgres *p, int version)
{
    enum store_result result = STORE_OK;
    for (int i = 0; i < POSTGRES_MIGRATIONS && result == STORE_OK; i++) {
        if (postgres_schema[i].version <= version)
            continue;
        result = postgres_send_text(p, postgres_schema[i].sql);
        if (result == STORE_OK)
            result = postgres_finish(p, NULL);
        if (result == STORE_OK)
            result = postgres_run(p, POSTGRES_SQL_MIGRATE_NOTE,
                                  POSTGRES_ARGUMENTS(POSTGRES_AS_NUMBER(postgres_schema[i].version),
                                                     POSTGRES_AS_NUMBER(postgres_schema[i].serves),
                                                     POSTGRES_AS_TEXT(postgres_schema[i].name)),
                                  NULL);
    }
    return result;
}

static enum store_result postgres_migrate_locked(struct postgres *p, int *from, int *to)
{
    /* Only the wait for the lock is bounded: a migration takes as long as the tables are large. */
    enum store_result result = postgres_run(p, POSTGRES_SQL_MIGRATE_LOCK, NULL, 0, NULL);
    int serves = 0;
    p->unbounded = true;
    if (result == STORE_OK)
        result = postgres_version(p, from, &serves);
    if (result == STORE_OK && serves > postgres_schema_version())
        return postgres_fail(p, STORE_NEW_SCHEMA, "");
    if (result == STORE_OK)
        result = postgres_apply(p, *from);
    if (result == STORE_OK)
        *to = *from > postgres_schema_version() ? *from : postgres_schema_version();
    return result;
}

enum store_result postgres_migrate(struct store *store, int *from, int *to)
{
    struct postgres *p = (struct postgres *)store;
    enum store_result result;
    bool unknown = false; /* what an earlier attempt did */
    postgres_enter(p, "migrate");
    do {
        p->unbounded = false;
        result = postgres_reach_unchecked(p);
        if (result == STORE_OK)
            result = postgres_begin(p);
        if (result == STORE_OK)
            result = postgres_end(p, postgres_migrate_locked(p, from, to));
        unknown = unknown || result == STORE_UNKNOWN;
    } while (postgres_again(p, result));
    /* The statements of this connection, if any, are of the old schema. */
    postgres_disconnect(p);
    return postgres_leave(p, unknown && result == STORE_UNREACHABLE ? STORE_UNKNOWN : result);
}
