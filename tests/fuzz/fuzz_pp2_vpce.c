/* fuzz_pp2_vpce: an id that is found is one, is the value of the header's one AWS TLV, and is found
 * in no part of the header, nor when the balancer speaks for itself. One more id in the header, and
 * it is bad. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "module/pp2_vpce.h"

static enum pp2_vpce_result fuzz_read(const uint8_t *data, size_t size, struct pp2_vpce *found)
{
    /* Of exactly this size, and never NULL, so that the sanitizer sees who reads past it. */
    uint8_t *copy = malloc(size ? size : 1);
    FUZZ_REQUIRE(copy);
    memcpy(copy, data, size);
    memset(found, 'x', sizeof *found);
    enum pp2_vpce_result result = pp2_vpce_read(copy, size, found);
    free(copy);
    FUZZ_COMPARE(result, <, PP2_VPCE_RESULT_MAX);
    FUZZ_INT(result == PP2_VPCE_FOUND, found->id[0] != '\0');
    FUZZ_INT(result == PP2_VPCE_MORE, found->wanted != 0);
    return result;
}

static size_t fuzz_header_size(const uint8_t *data)
{
    return 16 + ((size_t)data[14] << 8) + data[15];
}

/* Walks the TLVs on its own; how many carry an id, the last of which is at *id. */
static int fuzz_count_ids(const uint8_t *data, const uint8_t **id, size_t *len)
{
    size_t end = fuzz_header_size(data), at = data[13] == 0x11 ? 28 : 52;
    int ids = 0;
    while (at < end) {
        FUZZ_COMPARE(end - at, >=, 3);
        size_t value = (size_t)data[at + 1] << 8 | data[at + 2];
        FUZZ_COMPARE(value, <=, end - at - 3);
        if (data[at] == 0xEA && value >= 1 && data[at + 3] == 1) {
            *id = data + at + 4;
            *len = value - 1;
            ids++;
        }
        at += 3 + value;
    }
    return ids;
}

static void fuzz_check_found(const uint8_t *data, size_t size, const struct pp2_vpce *found)
{
    const size_t digits = strspn(found->id + 5, "0123456789abcdef"), len = strlen(found->id);
    const uint8_t *id = NULL;
    size_t id_len = 0;
    FUZZ_REQUIRE(strncmp(found->id, "vpce-", 5) == 0);
    FUZZ_COMPARE(digits, >=, 1);
    FUZZ_INT(len, 5 + digits);
    FUZZ_COMPARE(len, <=, ENDPOINT_ID_MAX);
    FUZZ_COMPARE(fuzz_header_size(data), <=, size);
    FUZZ_COMPARE(fuzz_header_size(data), <=, PP2_VPCE_HEADER_MAX);
    FUZZ_INT(data[12], 0x21);
    FUZZ_REQUIRE(data[13] == 0x11 || data[13] == 0x21);
    FUZZ_INT(fuzz_count_ids(data, &id, &id_len), 1);
    FUZZ_INT(id_len, len);
    FUZZ_REQUIRE(memcmp(id, found->id, len) == 0);
}

static void fuzz_check_parts(const uint8_t *data, const struct pp2_vpce *found)
{
    size_t whole = fuzz_header_size(data);
    uint8_t local[PP2_VPCE_HEADER_MAX];
    struct pp2_vpce again;
    for (size_t size = 0; size < whole; size++) {
        FUZZ_INT(fuzz_read(data, size, &again), PP2_VPCE_MORE);
        FUZZ_INT(again.wanted, size < 16 ? 16 : whole);
    }
    FUZZ_INT(fuzz_read(data, whole, &again), PP2_VPCE_FOUND);
    FUZZ_TEXT(again.id, found->id);
    memcpy(local, data, whole);
    local[12] = 0x20;
    FUZZ_INT(fuzz_read(local, whole, &again), PP2_VPCE_NONE);
}

/* A header with one more id after all that it holds. */
static void fuzz_check_two(const uint8_t *data)
{
    static const uint8_t tlv[] = {0xEA, 0, 7, 1, 'v', 'p', 'c', 'e', '-', '0'};
    size_t whole = fuzz_header_size(data), length = whole - 16 + sizeof tlv;
    uint8_t two[PP2_VPCE_HEADER_MAX + sizeof tlv];
    struct pp2_vpce again;
    memcpy(two, data, whole);
    memcpy(two + whole, tlv, sizeof tlv);
    two[14] = (uint8_t)(length >> 8);
    two[15] = (uint8_t)length;
    FUZZ_INT(fuzz_read(two, whole + sizeof tlv, &again), PP2_VPCE_BAD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pp2_vpce found;
    switch (fuzz_read(data, size, &found)) {
    case PP2_VPCE_FOUND:
        fuzz_check_found(data, size, &found);
        fuzz_check_parts(data, &found);
        fuzz_check_two(data);
        break;
    case PP2_VPCE_MORE:
        FUZZ_COMPARE(found.wanted, >, size);
        FUZZ_COMPARE(found.wanted, <=, PP2_VPCE_HEADER_MAX);
        break;
    default:
        break;
    }
    return 0;
}
