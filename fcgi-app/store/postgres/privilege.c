#include "store/postgres/privilege.h"

#include <stdio.h>
#include <string.h>

#include "store/postgres/query.h"
#include "store/postgres/url.h"

/* insufficient_privilege */
static const char postgres_privilege_state[] = "42501";

enum store_result postgres_privilege_check(struct postgres *p)
{
    char text[POSTGRES_ERROR_SIZE];
    PGresult *row = NULL;
    enum store_result result = postgres_query_run(p, POSTGRES_SQL_PRIVILEGES, NULL, 0, &row);
    if (result == STORE_OK && strcmp(PQgetvalue(row, 0, 0), "off") != 0) {
        result =
            postgres_session_fail(p, STORE_UNREACHABLE,
                                  "the session is read only, so it takes no orders: the server "
                                  "is a standby, or default_transaction_read_only is on");
        /* What makes it so may be over for the next connection. */
        postgres_session_leave_host(p);
        p->remedy = POSTGRES_ELSEWHERE;
    } else if (result == STORE_OK && !PQgetisnull(row, 0, 1)) {
        snprintf(text, sizeof text, "missing privilege; run: %s", PQgetvalue(row, 0, 1));
        result = postgres_session_fail(p, STORE_UNSUITABLE, text);
    }
    PQclear(row);
    return result;
}

void postgres_privilege_advise(struct postgres *p, bool migrates)
{
    const char *user = p->conn ? PQuser(p->conn) : postgres_url_option(p->options, "user");
    size_t used = strlen(p->error.text);
    if (strcmp(p->error.state, postgres_privilege_state) != 0)
        return;
    if (!*user)
        user = "ROLE";
    snprintf(p->error.text + used, sizeof p->error.text - used,
             migrates ? "; missing privilege; run postern migrate as the tables' owner, or: GRANT "
                        "USAGE, CREATE ON SCHEMA \"%s\" TO \"%s\""
                      : "; missing privilege; run: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL "
                        "TABLES IN SCHEMA \"%s\" TO \"%s\"",
             p->schema, user);
}
