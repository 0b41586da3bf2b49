/* endpoint: the id of a VPC endpoint, which names a caller. */
#ifndef BASE_ENDPOINT_H
#define BASE_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ENDPOINT_ID_MAX = 64, /* characters; AWS gives out 22 */
    ENDPOINT_ID_SIZE = ENDPOINT_ID_MAX + 1
};

/* Tells whether the bytes are a VPC endpoint's id: "vpce-" and lower-case hex digits, at most
 * ENDPOINT_ID_MAX in all. */
bool endpoint_is_id(const char *bytes, size_t len);

#endif
