#include "http/conditional.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

void conditional_etag(const char *body, size_t len, const char *beside,
                      char out[CONDITIONAL_ETAG_SIZE])
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, body, len);
    XXH3_128bits_update(&state, beside, strlen(beside));
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    snprintf(out, CONDITIONAL_ETAG_SIZE, "\"%016llx%016llx\"", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
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
