#include "store/postgres/url.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *postgres_url_option(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword; options++) {
        if (strcmp(options->keyword, keyword) == 0)
            return options->val ? options->val : "";
    }
    return "";
}

/* Whether the value has none of the bytes, and no control character. */
static bool postgres_url_lacks(const char *value, const char *bytes)
{
    for (const char *p = value; *p; p++) {
        if (iscntrl((unsigned char)*p))
            return false;
    }
    return value[strcspn(value, bytes)] == '\0';
}

/* Whether an @ stands where none may: libpq takes the first one before any / for the password's
 * end, and what follows for hosts, ports, a database and parameters, which messages name. */
static bool postgres_url_strays(const char *url)
{
    const char *authority = strstr(url, "//"), *at;
    if (!authority)
        return false;
    at = authority + 2 + strcspn(authority + 2, "@/");
    return strchr(*at == '@' ? at + 1 : at, '@') != NULL;
}

PQconninfoOption *postgres_url_parse(const char *url)
{
    static const struct {
        const char *keyword, *without;
    } shown[] = {{"host", "@="}, {"hostaddr", "@="}, {"dbname", "@="}};
    /* Its error message may quote a part of the password, so nobody gets to see it. */
    PQconninfoOption *options =
        postgres_url_strays(url) || strpbrk(url, " \t\r\n") ? NULL : PQconninfoParse(url, NULL);
    const char *port = options ? postgres_url_option(options, "port") : "";
    bool ok = options && port[strspn(port, "0123456789,")] == '\0';
    /* An @ or a = in what is shown is a sign of a password, or a whole parameter, out of place. */
    for (size_t i = 0; i < sizeof shown / sizeof shown[0] && ok; i++)
        ok = postgres_url_lacks(postgres_url_option(options, shown[i].keyword), shown[i].without);
    if (ok)
        return options;
    PQconninfoFree(options);
    return NULL;
}

void postgres_url_show(const char *url, char *out, size_t size)
{
    PQconninfoOption *options = postgres_url_parse(url);
    if (!options) {
        snprintf(out, size, "postgresql:…");
        return;
    }
    const char *host = postgres_url_option(options, "host"),
               *port = postgres_url_option(options, "port");
    const char *database = postgres_url_option(options, "dbname");
    snprintf(out, size, "postgresql://%s%s%s%s%s",
             *host ? host : postgres_url_option(options, "hostaddr"), *port ? ":" : "", port,
             *database ? "/" : "", database);
    PQconninfoFree(options);
}

void postgres_url_element(const char *list, int index, char *out, size_t size)
{
    while (index > 0 && strchr(list, ',')) {
        list = strchr(list, ',') + 1;
        index--;
    }
    snprintf(out, size, "%.*s", (int)strcspn(list, ","), list);
}

static int postgres_url_count(const char *list)
{
    int count = 1;
    for (; *list; list++)
        count += *list == ',';
    return count;
}

int postgres_url_hosts(const PQconninfoOption *options)
{
    int hosts = postgres_url_count(postgres_url_option(options, "host"));
    int addresses = postgres_url_count(postgres_url_option(options, "hostaddr"));
    return hosts > addresses ? hosts : addresses;
}
