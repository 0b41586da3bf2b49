#include "store/postgres/schema.h"

#include <string.h>

#include "gen/postgres_schema.h"
#include "store/postgres/query.h"
#include "store/postgres/row.h"

/* What the server answers when there is no such table. */
static const char postgres_undefined_table[] = "42P01";

int postgres_schema_version(void)
{
    return postgres_schema[sizeof postgres_schema / sizeof postgres_schema[0] - 1].version;
}

enum store_result postgres_schema_read(struct postgres *p, int *version, int *serves)
{
    PGresult *row = NULL;
    enum store_result result = postgres_query_run(p, POSTGRES_SQL_VERSION, NULL, 0, &row);
    if (result == STORE_OK) {
        *version = (int)postgres_row_number(row, 0, 0);
        *serves = (int)postgres_row_number(row, 0, 1);
    }
    PQclear(row);
    if (result == STORE_FAULT && strcmp(p->error.state, postgres_undefined_table) == 0) {
        *version = *serves = 0;
        return STORE_OK;
    }
    return result;
}

enum store_result postgres_schema_vacant(struct postgres *p)
{
    PGresult *row = NULL;
    enum store_result result = postgres_query_run(
        p, POSTGRES_SQL_SCHEMA_LACKS, POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(p->schema)), &row);
    if (result == STORE_OK && !PQgetisnull(row, 0, 0))
        result = postgres_session_fail(p, STORE_UNSUITABLE, PQgetvalue(row, 0, 0));
    PQclear(row);
    return result;
}

enum store_result postgres_schema_check(struct postgres *p)
{
    int version = 0, serves = 0;
    enum store_result result = postgres_schema_read(p, &version, &serves);
    if (result == STORE_OK && version == 0)
        result = postgres_schema_vacant(p);
    if (result != STORE_OK)
        return result;
    if (version < postgres_schema_version())
        return postgres_session_fail(p, STORE_OLD_SCHEMA, "");
    return serves > postgres_schema_version() ? postgres_session_fail(p, STORE_NEW_SCHEMA, "")
                                              : STORE_OK;
}
