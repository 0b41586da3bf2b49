#include "server/record.h"

#include <fastcgi.h>
#include <stdint.h>

void record_put(struct buffer *out, int type, unsigned id, const char *content, size_t len)
{
    const FCGI_Header header = {
        .version = FCGI_VERSION_1,
        .type = (unsigned char)type,
        .requestIdB1 = (unsigned char)(id >> 8),
        .requestIdB0 = (unsigned char)id,
        .contentLengthB1 = (unsigned char)(len >> 8),
        .contentLengthB0 = (unsigned char)len,
    };
    buffer_append(out, (const char *)&header, sizeof header);
    buffer_append(out, content, len);
}

void record_put_stream(struct buffer *out, int type, unsigned id, const char *content, size_t len)
{
    while (len > 0) {
        size_t n = len < UINT16_MAX ? len : UINT16_MAX;
        record_put(out, type, id, content, n);
        content += n;
        len -= n;
    }
}
