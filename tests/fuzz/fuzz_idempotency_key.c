/* fuzz_idempotency_key: a key taken is 1 to 255 printable characters, and the header that quotes it
 * gives it back. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "http/header.h"

static void fuzz_quote(const char *key, char out[2 * ORDER_KEY_MAX + 3])
{
    size_t used = 0;
    out[used++] = '"';
    for (; *key; key++) {
        if (*key == '"' || *key == '\\')
            out[used++] = '\\';
        out[used++] = *key;
    }
    out[used++] = '"';
    out[used] = '\0';
}

static void fuzz_check_key(const char *key)
{
    char quoted[2 * ORDER_KEY_MAX + 3], again[ORDER_KEY_MAX + 1];
    size_t len = strlen(key);
    FUZZ_COMPARE(len, >=, 1);
    FUZZ_COMPARE(len, <=, ORDER_KEY_MAX);
    for (size_t i = 0; i < len; i++) {
        FUZZ_COMPARE((unsigned char)key[i], >=, 0x20);
        FUZZ_COMPARE((unsigned char)key[i], <=, 0x7e);
    }
    fuzz_quote(key, quoted);
    FUZZ_REQUIRE(header_idempotency_key(quoted, again));
    FUZZ_TEXT(key, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *header = malloc(size + 1), *key = malloc(ORDER_KEY_MAX + 1);
    FUZZ_REQUIRE(header);
    FUZZ_REQUIRE(key);
    memcpy(header, data, size);
    header[size] = '\0';
    if (header_idempotency_key(header, key))
        fuzz_check_key(key);
    free(key);
    free(header);
    return 0;
}
