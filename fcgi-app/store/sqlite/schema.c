#include "store/sqlite/schema.h"

#include "gen/sqlite_schema.h"

int sqlite_schema_version(void)
{
    return sqlite_schema[sizeof sqlite_schema / sizeof sqlite_schema[0] - 1].version;
}

enum store_result sqlite_schema_read(struct sqlite *s, int *version)
{
    /* One statement is one snapshot: another process may migrate right now. */
    static const char sql[] = "SELECT a.application_id, u.user_version,"
                              " (SELECT count(*) FROM sqlite_schema)"
                              " FROM pragma_application_id AS a, pragma_user_version AS u";
    sqlite3_stmt *stmt = NULL;
    int application = 0, objects = 0;
    int rc = sqlite3_prepare_v3(s->db, sql, -1, 0, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        application = sqlite3_column_int(stmt, 0);
        *version = sqlite3_column_int(stmt, 1);
        objects = sqlite3_column_int(stmt, 2);
    }
    enum store_result result = rc == SQLITE_ROW ? STORE_OK : sqlite_connection_fail(s, rc);
    sqlite3_finalize(stmt);
    if (result != STORE_OK)
        return result;
    if (application != SQLITE_APPLICATION_ID && (application || *version || objects))
        return sqlite_connection_fail_text(s, STORE_FAULT,
                                           "the file is another program's SQLite database");
    return *version > sqlite_schema_version() ? STORE_NEW_SCHEMA : STORE_OK;
}

enum store_result sqlite_schema_check(struct sqlite *s)
{
    int version = 0;
    enum store_result result = sqlite_schema_read(s, &version);
    return result == STORE_OK && version < sqlite_schema_version() ? STORE_OLD_SCHEMA : result;
}
