/* record: FastCGI's records, as they are written (FastCGI 1.0, section 3.3). */
#ifndef SERVER_RECORD_H
#define SERVER_RECORD_H

#include <stddef.h>

#include "base/buffer.h"

/* Appends one record of that type, of at most 65535 bytes. */
void record_put(struct buffer *out, int type, unsigned id, const char *content, size_t len);

/* Appends a stream's content, of any length, in as many records as it takes; not its end. */
void record_put_stream(struct buffer *out, int type, unsigned id, const char *content, size_t len);

#endif
