/* proxy: connections that start with a PROXY protocol v2 header, as an NLB writes it. The balancer
 * is 127.0.0.2 in these tests; from 127.0.0.1 lighttpd trusts nobody. */
#ifndef TESTS_E2E_PROXY_H
#define TESTS_E2E_PROXY_H

#include <stddef.h>

#define PROXY_BALANCER "127.0.0.2"
#define PROXY_STRANGER "127.0.0.1"

/* What a pair needs for it, in pair_options: the environment, the module, and this. */
#define PROXY_LIGHTTPD                                                                             \
    "include env.WEBSERVER_CONF + \"/PROXY_PROTOCOL=\" + env.PROXY_PROTOCOL + \".conf\"\n"
#define PROXY_ENVIRONMENT "PROXY_PROTOCOL=v2", "PROXY_TRUSTED=" PROXY_BALANCER "/32"

#define PROXY_SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define PROXY_IP4       "\x0a\0\0\x05\x0a\0\0\x06\x30\x39\0\x50"
#define PROXY_TLV(id)   "\xEA\0\x17\x01" id
#define PROXY_OF(id)    PROXY_SIGNATURE "\x21\x11\0\x26" PROXY_IP4 PROXY_TLV(id)
#define PROXY_NO_TLV    PROXY_SIGNATURE "\x21\x11\0\x0c" PROXY_IP4
#define PROXY_LOCAL     PROXY_SIGNATURE "\x20\0\0\0"

#define PROXY_A "vpce-0aaaaaaaaaaaaaaaa"
#define PROXY_B "vpce-0bbbbbbbbbbbbbbbb"

/* A connection from this address to 127.0.0.1:port, or -1. */
int proxy_open(int port, const char *source);

/* One from the balancer, of the endpoint with this id, which is as long as PROXY_A; or -1. */
int proxy_open_of(int port, const char *id);

#endif
