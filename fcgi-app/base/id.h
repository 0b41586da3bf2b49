/* id: identifiers of orders and requests. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

enum { ID_TEXT_SIZE = 37 };

/* Writes a UUIDv7 in its text form (RFC 9562, section 5.7). The 12 bits after the milliseconds hold
 * the fraction of the millisecond (section 6.2, method 3). So ids sort by time to a quarter of a
 * microsecond, whichever process made them. Ends the process if the kernel gives no random bytes;
 * Linux always does once it has booted. */
void id_make(int64_t now_us, char out[ID_TEXT_SIZE]);

/* Tells whether the text is a UUID in lower case, the only form this service hands out. */
bool id_is_valid(const char *text);

/* Tells whether a caller's X-Request-Id may be used as the request's id: 1..128 letters, digits and
 * "._:+/=-". */
bool id_is_request_id(const char *text);

#endif
