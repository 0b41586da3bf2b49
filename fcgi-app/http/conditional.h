/* conditional: entity tags, and requests that depend on them (RFC 9110, sections 8.8.3 and 13). */
#ifndef HTTP_CONDITIONAL_H
#define HTTP_CONDITIONAL_H

#include <stdbool.h>
#include <stddef.h>

enum { CONDITIONAL_ETAG_SIZE = 35 };

/* Writes the strong entity tag of a body, with its quotes: a 128-bit hash of the bytes. */
void conditional_etag(const char *body, size_t len, char out[CONDITIONAL_ETAG_SIZE]);

/* Tells whether an If-None-Match header names the tag, by the weak comparison, or is "*". The
 * header is NULL if absent. A malformed one matches nothing. */
bool conditional_matches(const char *if_none_match, const char *etag);

#endif
