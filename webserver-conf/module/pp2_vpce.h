/* pp2_vpce: the VPC endpoint's id in a PROXY protocol v2 header. The header: HAProxy's
 * proxy-protocol.txt, section 2.2. The TLV: AWS, guide for Network Load Balancers, "Proxy
 * protocol". Knows no web server. */
#ifndef MODULE_PP2_VPCE_H
#define MODULE_PP2_VPCE_H

#include <stddef.h>

#include "base/endpoint.h"

/* What lighttpd's mod_extforward takes at most; it drops the connection of a longer header. */
enum { PP2_VPCE_HEADER_MAX = 256 };

enum pp2_vpce_result {
    PP2_VPCE_MORE, /* the bytes start a header that may hold an id */
    PP2_VPCE_NONE, /* the header is whole and says nothing of an endpoint, or is of version 1 */
    PP2_VPCE_BAD, /* there is none, it is malformed, or what it says of an endpoint is not one id */
    PP2_VPCE_FOUND, /* the header is whole and holds exactly one id */
    PP2_VPCE_RESULT_MAX
};

struct pp2_vpce {
    size_t wanted;             /* with PP2_VPCE_MORE: ask again when there are so many bytes */
    char id[ENDPOINT_ID_SIZE]; /* with PP2_VPCE_FOUND: as endpoint_is_id has it; else "" */
};

/* Reads the first bytes of a connection, which may go on after the header. Only the command PROXY
 * over TCP counts, and only a TLV of the header itself, not one inside another. */
enum pp2_vpce_result pp2_vpce_read(const unsigned char *bytes, size_t len, struct pp2_vpce *out);

#endif
