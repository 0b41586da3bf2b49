/* url: a PostgreSQL URL, taken to pieces by libpq. */
#ifndef STORE_POSTGRES_URL_H
#define STORE_POSTGRES_URL_H

#include <libpq-fe.h>
#include <stddef.h>

/* The options of a URL, to be freed with PQconninfoFree; NULL if it is none. */
PQconninfoOption *postgres_url_parse(const char *url);

/* Writes what may be shown of a URL that postgres_url_parse takes. */
void postgres_url_show(const char *url, char *out, size_t size);

/* What the URL says of an option; "" if nothing. */
const char *postgres_url_option(const PQconninfoOption *options, const char *keyword);

/* Copies the part of a comma-separated list that has the index, counted from 0. */
void postgres_url_element(const char *list, int index, char *out, size_t size);

/* The number of hosts that the URL names; 1 if it names none. */
int postgres_url_hosts(const PQconninfoOption *options);

#endif
