#include "store/postgres/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/postgres/url.h"

enum { POSTGRES_OPTIONS_MAX = 64 };

/* What stands for an option that the URL leaves out. */
static const struct {
    const char *keyword, *value;
} postgres_defaults[] = {
    {"fallback_application_name", "postern"},
    {"keepalives_idle", "30"},
    {"keepalives_interval", "10"},
    {"keepalives_count", "3"},
    /* Else libpq looks for Kerberos credentials at each connection to another machine. */
    {"gssencmode", "disable"},
};

void postgres_target_aim(struct postgres_target *target, const PQconninfoOption *options, int host,
                         int timeout_ms)
{
    postgres_url_element(postgres_url_option(options, "host"), host, target->host,
                         sizeof target->host);
    postgres_url_element(postgres_url_option(options, "hostaddr"), host, target->hostaddr,
                         sizeof target->hostaddr);
    postgres_url_element(postgres_url_option(options, "port"), host, target->port,
                         sizeof target->port);
    snprintf(target->timeout_ms, sizeof target->timeout_ms, "%d", timeout_ms);
    target->one_of_several = postgres_url_hosts(options) > 1;
}

/* What the target, or the URL, or else the defaults say of an option; NULL if nothing. */
static const char *postgres_target_value(const PQconninfoOption *option,
                                         const struct postgres_target *target)
{
    const struct {
        const char *keyword, *value;
        bool listed; /* the URL's value is a list, of which this is the target's part */
    } aimed[] = {
        {"host", target->host, true},
        {"hostaddr", target->hostaddr, true},
        {"port", target->port, true},
        {"password", target->password, false},
    };
    for (size_t i = 0; i < sizeof aimed / sizeof aimed[0]; i++) {
        if (strcmp(option->keyword, aimed[i].keyword) != 0)
            continue;
        if (*aimed[i].value || aimed[i].listed)
            return *aimed[i].value ? aimed[i].value : NULL;
    }
    if (option->val)
        return option->val;
    if (option->envvar && getenv(option->envvar))
        return NULL;
    if (strcmp(option->keyword, "tcp_user_timeout") == 0)
        return target->timeout_ms;
    /* Of several hosts one takes orders. */
    if (strcmp(option->keyword, "target_session_attrs") == 0 && target->one_of_several)
        return "read-write";
    for (size_t i = 0; i < sizeof postgres_defaults / sizeof postgres_defaults[0]; i++) {
        if (strcmp(option->keyword, postgres_defaults[i].keyword) == 0)
            return postgres_defaults[i].value;
    }
    return NULL;
}

PGconn *postgres_target_start(const PQconninfoOption *options, const struct postgres_target *target)
{
    const char *keywords[POSTGRES_OPTIONS_MAX + 2], *values[POSTGRES_OPTIONS_MAX + 2];
    int count = 0;
    for (const PQconninfoOption *o = options; o->keyword && count < POSTGRES_OPTIONS_MAX; o++) {
        const char *value = postgres_target_value(o, target);
        if (!value)
            continue;
        keywords[count] = o->keyword;
        values[count++] = value;
    }
    keywords[count] = "client_encoding";
    values[count++] = "UTF8";
    keywords[count] = values[count] = NULL;
    return PQconnectStartParams(keywords, values, 0);
}

bool postgres_target_check(const PQconninfoOption *options, char *why, size_t size)
{
    static const char nowhere[] = "/dev/null"; /* no socket can be in it */
    struct postgres_target target = {.port = "5432"};
    snprintf(target.host, sizeof target.host, "%s", nowhere);
    PGconn *conn = postgres_target_start(options, &target);
    const char *error = PQerrorMessage(conn);
    bool ok = PQstatus(conn) != CONNECTION_BAD || strstr(error, nowhere);
    if (!ok)
        snprintf(why, size, "%.*s", (int)strcspn(error, "\n"), error);
    PQfinish(conn);
    return ok;
}
