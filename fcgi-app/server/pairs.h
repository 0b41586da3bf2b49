/* pairs: FastCGI's pairs of a name and a value, as they stand in records (FastCGI 1.0, section
 * 3.4). */
#ifndef SERVER_PAIRS_H
#define SERVER_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Neither text ends with NUL; both are borrowed from the bytes. */
struct pairs_one {
    const char *name, *value;
    size_t name_len, value_len;
};

/* Reads the pair at *at, which is below len, and moves *at behind it. False if the bytes there are
 * no whole pair. */
bool pairs_read(const char *bytes, size_t len, size_t *at, struct pairs_one *pair);

/* Adds a pair of texts of at most 127 bytes each, whose lengths have one byte. */
void pairs_put(struct buffer *out, const char *name, const char *value);

#endif
