/* header: reads those request headers that must have a certain form. */
#ifndef HTTP_HEADER_H
#define HTTP_HEADER_H

#include <stdbool.h>

#include "domain/order.h"

/* Tells whether a Content-Type (NULL if absent) is application/json, with any parameters. */
bool header_is_json(const char *content_type);

/* Tells whether a Host is a name or an address in brackets, perhaps with a port, as strict web
 * servers take it: labels of letters, digits and hyphens, the latter only inside, with dots between
 * (RFC 1123, section 2.1). */
bool header_is_host(const char *host);

/* Reads an Idempotency-Key. It is a quoted string without parameters (RFC 8941, section 3.3.3), as
 * draft-ietf-httpapi-idempotency-key-header asks, or a bare token. "abc" and abc are the same key.
 * False unless it has 1..ORDER_KEY_MAX characters. */
bool header_idempotency_key(const char *header, char key[ORDER_KEY_MAX + 1]);

#endif
