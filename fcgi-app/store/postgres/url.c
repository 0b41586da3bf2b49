#include "store/postgres/url.h"

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

PQconninfoOption *postgres_url_parse(const char *url)
{
    /* Its error message may quote a part of the password, so nobody gets to see it. */
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    /* Signs of a password with an @ or a / that is not written %40 or %2F. What follows it would be
     * taken for a host and a port, and messages would name it. */
    if (options && !strchr(postgres_url_option(options, "host"), '@') &&
        strspn(postgres_url_option(options, "port"), "0123456789,") ==
            strlen(postgres_url_option(options, "port")))
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
