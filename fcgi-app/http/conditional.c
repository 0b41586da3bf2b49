#include "http/conditional.h"

#include <stdint.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/text.h"

void conditional_etag(const char *body, size_t len, const char *beside,
                      char out[CONDITIONAL_ETAG_SIZE])
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, body, len);
    XXH3_128bits_update(&state, beside, strlen(beside));
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    out[0] = '"';
    text_hex(hash.high64, out + 1);
    text_hex(hash.low64, out + TEXT_HEX_SIZE);
    memcpy(out + CONDITIONAL_ETAG_SIZE - 2, "\"", 2);
}

bool conditional_matches(const char *if_none_match, const char *etag)
{
    const char *at = if_none_match;
    size_t etag_len = strlen(etag);
    if (!at)
        return false;
    if (strcmp(at, "*") == 0)
        return true;
    for (;;) {
        at += strspn(at, " \t,");
        if (strncmp(at, "W/", 2) == 0)
            at += 2;
        const char *end = *at == '"' ? strchr(at + 1, '"') : NULL;
        if (!end)
            return false;
        if ((size_t)(end + 1 - at) == etag_len && strncmp(at, etag, etag_len) == 0)
            return true;
        at = end + 1;
    }
}
