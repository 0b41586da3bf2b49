#include "unit/store/postgres/database.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "store/postgres/session.h"

const char *database_name(void)
{
    return strrchr(fixture_url, '/') + 1;
}

void database_url(const char *role, int port, char url[FIXTURE_URL_SIZE])
{
    snprintf(url, FIXTURE_URL_SIZE, "postgresql://%s@127.0.0.1:%d/%s", role, port, database_name());
}

struct store *database_open_at(int port, int timeout_ms)
{
    char url[FIXTURE_URL_SIZE];
    database_url("postgres", port, url);
    return fixture_open_url(url, timeout_ms);
}

void database_sql(const char *sql)
{
    CHECK_TRUE(postgres_server_sql(&fixture_server, database_name(), sql, NULL, 0), "%s", sql);
}

const char *database_value(const char *sql)
{
    static char out[200];
    CHECK_TRUE(postgres_server_sql(&fixture_server, database_name(), sql, out, sizeof out), "%s",
               sql);
    return out;
}

const char *database_said(const struct store *store)
{
    return ((const struct postgres *)store)->error.text;
}
