#include "store/sqlite/statement.h"

enum store_result sqlite_statement_prepare(struct sqlite *s, enum sqlite_sql last)
{
    int rc = SQLITE_OK;
    for (int i = 0; i <= (int)last && rc == SQLITE_OK; i++) {
        if (!s->sql[i])
            rc = sqlite3_prepare_v3(s->db, sqlite_sql_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &s->sql[i], NULL);
    }
    return rc == SQLITE_OK ? STORE_OK : sqlite_connection_fail(s, rc);
}

sqlite3_stmt *sqlite_statement_bind(struct sqlite *s, enum sqlite_sql which,
                                    const struct sqlite_argument *arguments, int count)
{
    sqlite3_stmt *stmt = s->sql[which];
    for (int i = 0; i < count; i++) {
        /* Neither can fail on a statement that is reset and has that many parameters. */
        if (arguments[i].text)
            sqlite3_bind_text(stmt, i + 1, arguments[i].text, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(stmt, i + 1, arguments[i].number);
    }
    return stmt;
}

enum store_result sqlite_statement_step(struct sqlite *s, sqlite3_stmt *stmt)
{
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        return STORE_OK;
    return rc == SQLITE_DONE ? STORE_NOT_FOUND : sqlite_connection_fail(s, rc);
}

enum store_result sqlite_statement_run(struct sqlite *s, sqlite3_stmt *stmt)
{
    enum store_result result = sqlite_statement_step(s, stmt);
    sqlite3_reset(stmt);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}
