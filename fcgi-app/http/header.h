/* header: the request headers whose form matters here. */
#ifndef HTTP_HEADER_H
#define HTTP_HEADER_H

#include <stdbool.h>

#include "domain/order.h"

/* Tells whether a Content-Type (NULL if absent) is application/json, with any parameters. */
bool header_is_json(const char *content_type);

/* Reads an Idempotency-Key: a quoted string (RFC 8941, section 3.3.3, without parameters, as
 * draft-ietf-httpapi-idempotency-key-header asks) or a bare token, which is the same key as the
 * string of its characters. False unless it is 1..ORDER_KEY_MAX characters long. */
bool header_idempotency_key(const char *header, char key[ORDER_KEY_MAX + 1]);

#endif
