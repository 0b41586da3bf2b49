#include "e2e/holder.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "e2e/fixture.h"
#include "e2e/load.h"

enum { HOLDER_LATE_MS = 45000, HOLDER_TICK_MS = 5 };

static PGconn *holder;

bool holder_open(void)
{
    char url[POSTGRES_SERVER_URL_SIZE];
    postgres_server_url(&fixture_server, "postgres", url);
    holder = PQconnectdb(url);
    return PQstatus(holder) == CONNECTION_OK;
}

void holder_close(void)
{
    PQfinish(holder);
    holder = NULL;
}

void holder_run(const char *sql)
{
    PGresult *result = PQexec(holder, sql);
    CHECK_TRUE(PQresultStatus(result) == PGRES_COMMAND_OK ||
                   PQresultStatus(result) == PGRES_TUPLES_OK,
               "%s", PQerrorMessage(holder));
    PQclear(result);
}

int64_t holder_number(const char *sql)
{
    char text[32] = "";
    CHECK_TRUE(postgres_server_sql(&fixture_server, "postgres", sql, text, sizeof text));
    return strtoll(text, NULL, 10);
}

void holder_check_waiting(int count, int64_t but)
{
    char sql[160];
    int64_t waiting;
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE " HOLDER_WAITS " AND pid <> %" PRId64,
             but);
    for (int64_t until = load_now_ms() + HOLDER_LATE_MS;
         (waiting = holder_number(sql)) != count && load_now_ms() < until;)
        load_sleep_ms(HOLDER_TICK_MS);
    CHECK_INT(waiting, count);
}
