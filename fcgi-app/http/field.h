/* field: values of response header fields that two programs send: the application, and lighttpd's
 * module for published answers. */
#ifndef HTTP_FIELD_H
#define HTTP_FIELD_H

#include "domain/bucket.h"

#define FIELD_MEDIA_JSON "application/json"

/* Values of Cache-Control (RFC 9111, section 5.2.2). A client may keep a shared answer, if it asks
 * each time whether it has changed. It may keep no other answer. */
#define FIELD_REVALIDATE "no-cache"
#define FIELD_PRIVATE    "no-store"

enum { FIELD_RATE_SIZE = 64 };

/* What a limited consumer is told with each answer, in the fields RateLimit-Policy and RateLimit of
 * draft-ietf-httpapi-ratelimit-headers-10: how much comes back in how many seconds; what is left,
 * and when there is more. */
void field_rate_policy(const struct bucket_state *bucket, char out[FIELD_RATE_SIZE]);
void field_rate(const struct bucket_state *bucket, char out[FIELD_RATE_SIZE]);

#endif
