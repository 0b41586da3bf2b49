/* conditional: entity tags, and requests that depend on them (RFC 9110, sections 8.8.3 and 13). */
#ifndef HTTP_CONDITIONAL_H
#define HTTP_CONDITIONAL_H

#include <stdbool.h>
#include <stddef.h>

enum { CONDITIONAL_ETAG_SIZE = 35 };

/* Writes the strong entity tag of a representation, quotes included: a 128-bit hash of its bytes.
 */
void conditional_etag(const char *body, size_t len, char out[CONDITIONAL_ETAG_SIZE]);

/* Tells whether an If-None-Match header (NULL if absent) names the tag, by the weak comparison, or
 * is "*". A header that is not of its form matches nothing. */
bool conditional_matches(const char *if_none_match, const char *etag);

#endif
