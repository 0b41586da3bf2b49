#include "torture/query.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "torture/wrong.h"

enum { QUERY_BUSY_MS = 30000, QUERY_COLUMNS_MAX = 8 };

#define QUERY_BEGIN "SET statement_timeout = 30000; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

static const char query_scheme[] = "sqlite:";

struct query {
    PGconn *conn;
    sqlite3 *db; /* one of the two */
};

static bool query_begin(struct query *query)
{
    if (query->db) {
        sqlite3_busy_timeout(query->db, QUERY_BUSY_MS);
        return sqlite3_exec(query->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
    }
    PGresult *begun = PQexec(query->conn, QUERY_BEGIN);
    bool ok = PQresultStatus(begun) == PGRES_COMMAND_OK;
    PQclear(begun);
    return ok;
}

struct query *query_open(const char *url)
{
    struct query *query = calloc(1, sizeof *query);
    bool sqlite = strncmp(url, query_scheme, strlen(query_scheme)) == 0;
    if (!query)
        return NULL;
    if (sqlite)
        sqlite3_open_v2(url + strlen(query_scheme), &query->db, SQLITE_OPEN_READWRITE, NULL);
    else
        query->conn = PQconnectdb(url);
    if ((query->db || query->conn) && query_begin(query))
        return query;
    wrong_say("the books cannot be opened: %s",
              sqlite ? sqlite3_errmsg(query->db) : PQerrorMessage(query->conn));
    query_close(query);
    return NULL;
}

bool query_is_sqlite(const struct query *query)
{
    return query->db != NULL;
}

static bool query_add(struct query_table *table, const char *text)
{
    if (table->cells == table->room) {
        size_t room = table->room ? 2 * table->room : 64;
        char **texts = realloc(table->texts, room * sizeof *texts);
        if (!texts)
            return false;
        table->texts = texts;
        table->room = room;
    }
    return (table->texts[table->cells++] = strdup(text ? text : "")) != NULL;
}

/* One row, as sqlite3_exec gives it. */
static int query_add_row(void *context, int columns, char **texts, char **names)
{
    struct query_table *table = context;
    (void)names;
    table->columns = (size_t)columns;
    for (int i = 0; i < columns; i++) {
        if (!query_add(table, texts[i]))
            return 1;
    }
    table->rows++;
    return 0;
}

static bool query_run_postgres(PGconn *conn, const char *sql, struct query_table *table)
{
    PGresult *result = PQexec(conn, sql);
    bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;
    for (int row = 0; ok && row < PQntuples(result); row++) {
        char *texts[QUERY_COLUMNS_MAX] = {NULL};
        for (int i = 0; i < PQnfields(result) && i < QUERY_COLUMNS_MAX; i++)
            texts[i] = PQgetvalue(result, row, i);
        ok = query_add_row(table, PQnfields(result), texts, NULL) == 0;
    }
    PQclear(result);
    return ok;
}

bool query_run(struct query *query, const char *sql, struct query_table *table)
{
    *table = (struct query_table){.rows = 0};
    if (query->db ? sqlite3_exec(query->db, sql, query_add_row, table, NULL) == SQLITE_OK
                  : query_run_postgres(query->conn, sql, table))
        return true;
    wrong_say("the books cannot be read: %s",
              query->db ? sqlite3_errmsg(query->db) : PQerrorMessage(query->conn));
    return false;
}

const char *query_text(const struct query_table *table, size_t row, size_t column)
{
    return table->texts[row * table->columns + column];
}

void query_free(struct query_table *table)
{
    for (size_t i = 0; i < table->cells; i++)
        free(table->texts[i]);
    free(table->texts);
}

void query_close(struct query *query)
{
    if (!query)
        return;
    PQfinish(query->conn);
    sqlite3_close(query->db);
    free(query);
}
