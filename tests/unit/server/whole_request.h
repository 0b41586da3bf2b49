/* whole_request: a FastCGI request's bytes, for the tests of who reads them. */
#ifndef TESTS_UNIT_SERVER_WHOLE_REQUEST_H
#define TESTS_UNIT_SERVER_WHOLE_REQUEST_H

#include <stddef.h>

#include "base/buffer.h"

/* What begins a request after which the connection is kept, or ends. */
#define KEEPS "\0\1\1\0\0\0\0\0"
#define ENDS  "\0\1\0\0\0\0\0\0"

enum { WHOLE_REQUEST_ID = 1, WHOLE_REQUEST_MAX = 512 * 1024 };

/* Writes a request whose body tells it from others; out is anew. */
void whole_request_write(struct buffer *out, const char *begin, const char *body);

/* Sends all of the bytes, which is checked. */
void whole_request_give(int fd, const char *bytes, size_t len);

#endif
