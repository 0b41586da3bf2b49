/* conditional: entity tags, and requests that depend on them (RFC 9110, sections 8.8.3 and 13). */
#ifndef HTTP_CONDITIONAL_H
#define HTTP_CONDITIONAL_H

#include <stdbool.h>
#include <stddef.h>

enum { CONDITIONAL_ETAG_SIZE = 35 };

/* Writes the strong entity tag of a body, with its quotes: a 128-bit hash of its bytes and of what
 * the headers say beside it, "" if nothing. A 304 leaves the client with the headers that it has
 * (RFC 9111, section 3.2), so where they changed there must be none. */
void conditional_etag(const char *body, size_t len, const char *beside,
                      char out[CONDITIONAL_ETAG_SIZE]);

/* Tells whether an If-None-Match header names the tag, by the weak comparison, or is "*". The
 * header is NULL if absent. A malformed one matches nothing. */
bool conditional_matches(const char *if_none_match, const char *etag);

#endif
