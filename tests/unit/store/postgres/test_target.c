#include "store/postgres/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "store/postgres/url.h"
#include "suite.h"

enum { VALUE_SIZE = 64, TIMEOUT_MS = 3000 };

/* What a connection that was started has for an option. */
static void ask(const char *url, const char *keyword, char value[VALUE_SIZE])
{
    PQconninfoOption *options = postgres_url_parse(url);
    struct postgres_target target = {.host = ""};
    REQUIRE_NOT_NULL(options);
    postgres_target_aim(&target, options, 0, TIMEOUT_MS);
    PGconn *conn = postgres_target_start(options, &target);
    PQconninfoOption *all = PQconninfo(conn);
    value[0] = '\0';
    for (const PQconninfoOption *one = all; one && one->keyword; one++) {
        if (strcmp(one->keyword, keyword) == 0 && one->val)
            snprintf(value, VALUE_SIZE, "%s", one->val);
    }
    PQconninfoFree(all);
    PQfinish(conn);
    PQconninfoFree(options);
}

/* The URL has the first word, the environment the next, and then it is ours. */
static void test_defaults(void)
{
    static const struct {
        int line;
        const char *url, *variable, *set, *keyword, *value;
    } rows[] = {
        {__LINE__, "postgresql://h/d?host=/dev/null", NULL, NULL, "gssencmode", "disable"},
        {__LINE__, "postgresql://h/d?host=/dev/null", "PGGSSENCMODE", "prefer", "gssencmode",
         "prefer"},
        {__LINE__, "postgresql://h/d?host=/dev/null&gssencmode=prefer", "PGGSSENCMODE", "disable",
         "gssencmode", "prefer"},
        {__LINE__, "postgresql:///d?host=/dev/null,/dev/zero", NULL, NULL, "target_session_attrs",
         "read-write"},
        {__LINE__, "postgresql:///d?host=/dev/null,/dev/zero", "PGTARGETSESSIONATTRS", "any",
         "target_session_attrs", "any"},
        {__LINE__, "postgresql:///d?host=/dev/null", NULL, NULL, "target_session_attrs", "any"},
        {__LINE__, "postgresql:///d?host=/dev/null", NULL, NULL, "tcp_user_timeout", "3000"},
        {__LINE__, "postgresql:///d?host=/dev/null", NULL, NULL, "keepalives_idle", "30"},
        {__LINE__, "postgresql:///d?host=/dev/null&keepalives_idle=5", NULL, NULL,
         "keepalives_idle", "5"},
        {__LINE__, "postgresql:///d?host=/dev/null", NULL, NULL, "fallback_application_name",
         "postern"},
        {__LINE__, "postgresql:///d?host=/dev/null", NULL, NULL, "client_encoding", "UTF8"},
    };
    char value[VALUE_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        if (rows[i].variable)
            setenv(rows[i].variable, rows[i].set, 1);
        ask(rows[i].url, rows[i].keyword, value);
        CHECK_TEXT(value, rows[i].value);
        if (rows[i].variable)
            unsetenv(rows[i].variable);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"defaults", test_defaults}, CU_TEST_INFO_NULL};
    return suite_run("unit/store/postgres/target", NULL, NULL, tests);
}
