#include "pp2_vpce.h"

#include <stdbool.h>
#include <string.h>

enum {
    PP2_VPCE_AT_COMMAND = 12,
    PP2_VPCE_AT_FAMILY = 13,
    PP2_VPCE_AT_LENGTH = 14,
    PP2_VPCE_AT_ADDRESSES = 16,
    PP2_VPCE_LOCAL = 0x20,   /* version 2, LOCAL: the balancer speaks for itself */
    PP2_VPCE_COMMAND = 0x21, /* version 2, PROXY */
    PP2_VPCE_TLV_HEAD = 3,
    PP2_VPCE_TLV_AWS = 0xEA,
    PP2_VPCE_SUBTYPE_ID = 0x01
};

static const unsigned char pp2_vpce_signature[PP2_VPCE_AT_COMMAND] = {
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};

/* Of version 1: a line of text, which names no endpoint. */
static const unsigned char pp2_vpce_text[] = {'P', 'R', 'O', 'X', 'Y', ' '};

static bool pp2_vpce_starts(const unsigned char *bytes, size_t len, const unsigned char *start,
                            size_t start_len)
{
    return memcmp(bytes, start, len < start_len ? len : start_len) == 0;
}

static size_t pp2_vpce_number(const unsigned char *at)
{
    return (size_t)at[0] << 8 | at[1];
}

/* The bytes that the two addresses and ports take; 0 for a family that no TCP listener has. */
static size_t pp2_vpce_addresses(unsigned char family)
{
    static const struct {
        unsigned char family;
        size_t size;
    } rows[] = {{0x11, 12}, {0x21, 36}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].family == family)
            return rows[i].size;
    return 0;
}

/* Copies an id and ends it with NUL; false, and out is "", if it is none. */
static bool pp2_vpce_copy(const unsigned char *id, size_t len, char out[ENDPOINT_ID_SIZE])
{
    if (!endpoint_is_id((const char *)id, len))
        return false;
    memcpy(out, id, len);
    out[len] = '\0';
    return true;
}

/* Every TLV must fit. There is one of AWS's that is an id, or there is none of AWS's at all.
 * Whoever sends two ids may have passed on another's. */
static enum pp2_vpce_result pp2_vpce_tlvs(const unsigned char *at, size_t left, char *id)
{
    const unsigned char *value = NULL;
    size_t value_len = 0;
    bool aws = false;
    while (left > 0) {
        if (left < PP2_VPCE_TLV_HEAD)
            return PP2_VPCE_BAD;
        size_t len = pp2_vpce_number(at + 1);
        if (len > left - PP2_VPCE_TLV_HEAD)
            return PP2_VPCE_BAD;
        const unsigned char *tlv = at + PP2_VPCE_TLV_HEAD;
        aws = aws || at[0] == PP2_VPCE_TLV_AWS;
        /* AWS reserves the other subtypes. */
        if (at[0] == PP2_VPCE_TLV_AWS && len > 0 && tlv[0] == PP2_VPCE_SUBTYPE_ID) {
            if (value)
                return PP2_VPCE_BAD;
            value = tlv + 1;
            value_len = len - 1;
        }
        at = tlv + len;
        left -= PP2_VPCE_TLV_HEAD + len;
    }
    if (!aws)
        return PP2_VPCE_NONE;
    return value && pp2_vpce_copy(value, value_len, id) ? PP2_VPCE_FOUND : PP2_VPCE_BAD;
}

enum pp2_vpce_result pp2_vpce_read(const unsigned char *bytes, size_t len, struct pp2_vpce *out)
{
    size_t addresses = 0;
    *out = (struct pp2_vpce){.wanted = 0};
    if (!pp2_vpce_starts(bytes, len, pp2_vpce_signature, sizeof pp2_vpce_signature))
        return pp2_vpce_starts(bytes, len, pp2_vpce_text, sizeof pp2_vpce_text) ? PP2_VPCE_NONE
                                                                                : PP2_VPCE_BAD;
    if (len > PP2_VPCE_AT_COMMAND && bytes[PP2_VPCE_AT_COMMAND] != PP2_VPCE_COMMAND)
        return bytes[PP2_VPCE_AT_COMMAND] == PP2_VPCE_LOCAL ? PP2_VPCE_NONE : PP2_VPCE_BAD;
    if (len > PP2_VPCE_AT_FAMILY) {
        addresses = pp2_vpce_addresses(bytes[PP2_VPCE_AT_FAMILY]);
        if (addresses == 0)
            return PP2_VPCE_BAD;
    }
    if (len < PP2_VPCE_AT_ADDRESSES) {
        out->wanted = PP2_VPCE_AT_ADDRESSES;
        return PP2_VPCE_MORE;
    }
    size_t rest = pp2_vpce_number(bytes + PP2_VPCE_AT_LENGTH);
    if (rest < addresses || rest > PP2_VPCE_HEADER_MAX - PP2_VPCE_AT_ADDRESSES)
        return PP2_VPCE_BAD;
    if (len < PP2_VPCE_AT_ADDRESSES + rest) {
        out->wanted = PP2_VPCE_AT_ADDRESSES + rest;
        return PP2_VPCE_MORE;
    }
    return pp2_vpce_tlvs(bytes + PP2_VPCE_AT_ADDRESSES + addresses, rest - addresses, out->id);
}
