/* status: HTTP status codes and their standard phrases. */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

/* The phrase of RFC 9110, section 15 (RFC 6585 for 429 and 431); "Unknown" for a code that this
 * service never sends. */
const char *status_reason(int status);

#endif
