#include "siege/attack.h"

#include "siege/site.h"

#define GET(target) "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"
#define UNFINISHED  "GET /products/1 HTTP/1.1\r\nHost: a\r\nX-Slow: "
#define POST(length)                                                                               \
    "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"                       \
    "Content-Length: " length "\r\n\r\n"
#define ORDER POST("43") "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"

#define A SITE_HOSTILE
#define D SITE_DENIED

/* Against connections: by a consumer, and by a denied one. */
#define TRICKLE(who)                                                                               \
    .endpoint = (who), .connections = 1024, .openings = {UNFINISHED}, .trickle_ms = 500,           \
    .again_ms = 1000, .reset_ms = ATTACK_NEVER, .told = true
#define BODIES(who)                                                                                \
    .endpoint = (who), .connections = 1000, .openings = {POST("65536")}, .filling = 60000,         \
    .trickle_ms = 500, .again_ms = 2000, .reset_ms = ATTACK_NEVER
#define IDLE(who, ...)                                                                             \
    .endpoint = (who), .connections = 1024, .openings = {__VA_ARGS__}, .again_ms = 1000,           \
    .reset_ms = ATTACK_NEVER
#define PIPELINE(who)                                                                              \
    .endpoint = (who), .connections = 64,                                                          \
    .openings = {GET("/products?limit=1000"), GET("/orders?limit=1000")}, .pipelined = 20,         \
    .reads = true, .again_ms = 50, .reset_ms = ATTACK_NEVER
#define ABORT(who)                                                                                 \
    .endpoint = (who), .connections = 200, .openings = {GET("/products?limit=1000"), ORDER},       \
    .reset_ms = 100, .again_ms = 50

const struct attack attacks[] = {
    {.name = "header bytes", TRICKLE(A)},
    {.name = "header bytes, denied", TRICKLE(D)},
    {.name = "lists, reset",
     .endpoint = A,
     .connections = 120,
     .openings = {GET("/products")},
     .reset_ms = 0,
     .again_ms = 1000},
    {.name = "lists of orders",
     .endpoint = A,
     .connections = 24,
     .openings = {GET("/orders")},
     .reads = true,
     .reset_ms = ATTACK_NEVER,
     .again_ms = 50},
    {.name = "unread lists",
     .endpoint = A,
     .connections = 512,
     .openings = {GET("/orders?limit=1000"), GET("/products")},
     .fills = true,
     .reset_ms = ATTACK_NEVER,
     .again_ms = 1000},
    {.name = "413, log stands still",
     .endpoint = A,
     .connections = 20,
     .openings = {POST("1000000")},
     .reads = true,
     .log_stands = true,
     .reset_ms = ATTACK_NEVER,
     .again_ms = 10},
    {.name = "slow bodies", BODIES(A)},
    {.name = "slow bodies, denied", BODIES(D)},
    {.name = "idle connections", IDLE(A, "", GET("/products/1"))},
    {.name = "idle connections, denied", IDLE(D, "")},
    {.name = "pipelining", PIPELINE(A)},
    {.name = "pipelining, denied", PIPELINE(D)},
    {.name = "aborts", ABORT(A)},
    {.name = "aborts, denied", ABORT(D)},
    {.name = "ten times its rate",
     .endpoint = SITE_LIMITED,
     .connections = 20,
     .openings = {GET("/products/1")},
     .rate = 10 * SITE_RATE,
     .reads = true,
     .reset_ms = ATTACK_NEVER,
     .again_ms = 50,
     .admitted = SITE_RATE},
};
const size_t attacks_count = sizeof attacks / sizeof attacks[0];
