/* The consumer behind a load balancer that speaks the PROXY protocol: who is told, by whom, and who
 * cannot be. See proxy.h for the balancer. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "e2e/proxy.h"
#include "e2e/wire.h"

#define BYTES(text) (text), sizeof(text) - 1
#define BALANCER    PROXY_BALANCER
#define STRANGER    PROXY_STRANGER

#define SIGNATURE  PROXY_SIGNATURE
#define IP4        PROXY_IP4
#define A          PROXY_A
#define B          PROXY_B
#define TLV(id)    PROXY_TLV(id)
#define HEADER(id) PROXY_OF(id)
#define NO_TLV     PROXY_NO_TLV
#define LOCAL      PROXY_LOCAL

enum { TOLD_MAX = 100, GIVE_UP_MS = 15000, REQUEST_SIZE = 1024 };

static pid_t web; /* lighttpd's, all through */

static int setup(void)
{
    static const char *const env[] = {PROXY_ENVIRONMENT, NULL};
    const struct pair_options options = {
        .env = env, .module = true, .lighttpd = PROXY_LIGHTTPD "server.max-read-idle := 4\n"};
    int failed = fixture_start(&options);
    web = pair.web;
    return failed;
}

/* Opens a connection that starts with these bytes. */
static bool start(struct wire *wire, const char *source, const char *bytes, size_t len)
{
    wire_init(wire, pair.port);
    wire->fd = proxy_open(pair.port, source);
    return wire->fd >= 0 && (len == 0 || client_raw_send(wire->fd, bytes, len));
}

/* Asks for a product with this request id, and with more header lines. */
static enum wire_result ask(struct wire *wire, const char *id, const char *headers)
{
    char request[REQUEST_SIZE];
    snprintf(request, sizeof request,
             "GET /products/1 HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: %s\r\n%s\r\n", id,
             headers);
    return wire_call(wire, request);
}

/* Sends a request with a body, or none if it is NULL; the status. */
static int send_order(struct wire *wire, const char *target, const char *body)
{
    char request[REQUEST_SIZE];
    snprintf(request, sizeof request,
             "%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             target, strlen(body), body);
    wire_call(wire, request);
    return wire->status;
}

/* What the logs must tell in the end: they are complete only when lighttpd has stopped. */
static struct told {
    int line;
    char id[40];
    const char *consumer; /* NULL: no such request */
} told[TOLD_MAX];
static size_t told_count;

static void tell(int line, const char *id, const char *consumer)
{
    if (told_count == TOLD_MAX)
        abort();
    told[told_count].line = line;
    told[told_count].consumer = consumer;
    snprintf(told[told_count].id, sizeof told[told_count].id, "%s", id);
    told_count++;
}

/* Removes the expectation that this line of a log is about; false if it tells otherwise. */
static bool met(struct told *left, const char *line)
{
    cJSON *json = cJSON_Parse(line);
    const char *id = answer_text(json, "request_id"), *consumer = answer_text(json, "consumer");
    bool ok = true;
    for (size_t i = 0; i < told_count && id && consumer; i++) {
        if (strcmp(left[i].id, id) != 0)
            continue;
        ok = left[i].consumer && strcmp(left[i].consumer, consumer) == 0;
        left[i].id[0] = '\0';
    }
    cJSON_Delete(json);
    return ok;
}

static void check_log(const char *name)
{
    static struct told left[TOLD_MAX];
    char *text = pair_read(&pair, name), *rest = NULL;
    memcpy(left, told, sizeof left);
    for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line;
         line = strtok_r(NULL, "\n", &rest))
        CHECK_TRUE(met(left, line), "%s: %s", name, line);
    for (size_t i = 0; i < told_count; i++) {
        if (left[i].id[0])
            CHECK_FALSE(left[i].consumer, "%s has no %s of line %d", name, left[i].id,
                        left[i].line);
    }
    free(text);
}

struct row {
    int line;
    const char *source;
    const char *bytes; /* before the request */
    size_t len;
    const char *headers;  /* of the request */
    const char *consumer; /* NULL: no request gets through */
};

static const struct row rows[] = {
    {__LINE__, BALANCER, BYTES(HEADER(A)), "", A},
    {__LINE__, BALANCER, BYTES(HEADER(B)), "", B},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x21\0\x3e" IP4 IP4 IP4 TLV(A)), "", A},
    {__LINE__, BALANCER, BYTES(NO_TLV), "", "-"},
    {__LINE__, BALANCER, BYTES(LOCAL), "", "-"},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x20\x11\0\x26" IP4 TLV(A)), "", "-"},
    {__LINE__, BALANCER, BYTES("PROXY TCP4 10.0.0.5 10.0.0.6 12345 80\r\n"), "", "-"},
    /* The id inside another TLV is not AWS's. */
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x11\0\x2e" IP4 "\x20\0\x1f\x01\0\0\0\0" TLV(A)), "",
     "-"},
    /* Whose it is cannot be told, in a header that mod_extforward takes. */
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x11\0\x40" IP4 TLV(A) TLV(A)), "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x11\0\x40" IP4 TLV(A) TLV(B)), "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x11\0\x29" IP4 TLV(A) "\x04\xff\xff"), "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x11\0\x27" IP4 TLV(A) "\x04"), "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x11\0\x16" IP4 "\xEA\0\x07\x01vpce-A"), "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x11\0\x18" IP4 "\xEA\0\x09\x01vpce-0\r\n"), "",
     NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x11\0\x26" IP4 "\xEA\0\x17\x02" A), "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x12\0\x26" IP4 TLV(A)), "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\0\0\x26" IP4 TLV(A)), "", NULL},
    /* Refused whole. */
    {__LINE__, BALANCER, "", 0, "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x11\xff\xff" IP4 TLV(A)), "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x11\0\xf1" IP4 TLV(A)), "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x22\x11\0\x26" IP4 TLV(A)), "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x11\x11\0\x26" IP4 TLV(A)), "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x11\0\x25" IP4 TLV(A)), "", NULL},
    {__LINE__, BALANCER, BYTES(SIGNATURE "\x21\x11\0\0" IP4 TLV(A)), "", NULL},
    {__LINE__, BALANCER, BYTES("\r\n\r\n\0\r\nQUIT\r\x21\x11\0\x26" IP4 TLV(A)), "", NULL},
    {__LINE__, BALANCER, BYTES(NO_TLV HEADER(A)), "", NULL},
    {__LINE__, BALANCER, BYTES(HEADER(A) HEADER(B)), "", NULL},
    /* What the client writes. */
    {__LINE__, BALANCER, BYTES(HEADER(A)), "PP2-AWS-VPCE-ID: " B "\r\nPP2_AWS_VPCE_ID: " B "\r\n",
     A},
    {__LINE__, BALANCER, BYTES(NO_TLV), "PP2-AWS-VPCE-ID: " B "\r\nPP2_AWS_VPCE_ID: " B "\r\n",
     "-"},
    {__LINE__, BALANCER, BYTES(NO_TLV), "HTTP_PP2_AWS_VPCE_ID: " B "\r\nForwarded: for=" B "\r\n",
     "-"},
    {__LINE__, STRANGER, "", 0, "PP2-AWS-VPCE-ID: " B "\r\nPP2_AWS_VPCE_ID: " B "\r\n", "-"},
    {__LINE__, STRANGER, "", 0, "", "-"},
    {__LINE__, STRANGER, BYTES(HEADER(A)), "", NULL},
    {__LINE__, STRANGER, BYTES(LOCAL), "", NULL},
    {__LINE__, STRANGER, BYTES("PROXY TCP4 10.0.0.5 10.0.0.6 12345 80\r\n"), "", NULL},
    {__LINE__, "127.0.0.3", BYTES(HEADER(A)), "", NULL},
};

static void test_headers(void)
{
    struct wire wire;
    char id[32];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        CHECK_ROW(row->line);
        snprintf(id, sizeof id, "row-%d", row->line);
        CHECK_TRUE(start(&wire, row->source, row->bytes, row->len));
        enum wire_result result = ask(&wire, id, row->headers);
        if (row->consumer) {
            CHECK_INT(result, WIRE_ANSWERED);
            CHECK_INT(wire.status, 200);
        } else {
            CHECK_COMPARE(result, !=, WIRE_SILENT);
            CHECK_COMPARE(wire.status, !=, 200);
        }
        tell(row->line, id, row->consumer);
        wire_close(&wire);
    }
    CHECK_INT(pair.web, web, "lighttpd died");
    CHECK_TRUE(process_runs(web), "lighttpd died");
    CHECK_LOG(&pair, "lighttpd.log", "header names no VPC endpoint's id, or two", GIVE_UP_MS);
}

/* lighttpd says 400 to a stranger's header, as to any bad HTTP. */
static void test_stranger(void)
{
    struct wire wire;
    char id[40] = "";
    CHECK_TRUE(start(&wire, STRANGER, BYTES(HEADER(A))));
    CHECK_INT(ask(&wire, "stranger", ""), WIRE_ANSWERED, "%d", wire.status);
    CHECK_INT(wire.status, 400);
    /* Of the application's making, for the request has none that could be read. */
    const char *header = strcasestr(wire.answer, "\r\nX-Request-Id: ");
    if (CHECK_NOT_NULL(header))
        CHECK_INT(sscanf(header, "%*s %39[^\r]", id), 1);
    tell(__LINE__, id, "-");
    wire_close(&wire);
}

/* Every request of a connection has its consumer, answered well or not, and the connection that
 * lighttpd takes the same memory for next does not inherit it. */
static void test_keep_alive(void)
{
    struct wire wire;
    char id[32];
    for (int c = 0; c < 3; c++) {
        CHECK_OF("connection %d", c);
        CHECK_TRUE(start(&wire, BALANCER, c % 2 ? NO_TLV : HEADER(A),
                         c % 2 ? sizeof NO_TLV - 1 : sizeof HEADER(A) - 1));
        for (int i = 0; i < 5; i++) {
            snprintf(id, sizeof id, "kept-%d-%d", c, i);
            CHECK_OF("%s", id);
            CHECK_INT(ask(&wire, id, i == 3 ? "PP2-AWS-VPCE-ID: " B "\r\n" : ""), WIRE_ANSWERED);
            CHECK_COMPARE(wire.fd, >=, 0);
            CHECK_INT(wire.status, 200);
            tell(__LINE__, id, c % 2 ? "-" : A);
        }
        wire_close(&wire);
    }
    CHECK_TRUE(start(&wire, STRANGER, "", 0));
    CHECK_INT(ask(&wire, "kept-stranger", ""), WIRE_ANSWERED);
    wire_close(&wire);
    tell(__LINE__, "kept-stranger", "-");
}

/* A header between two requests is bad HTTP, and changes nothing for the one before it. */
static void test_later_header(void)
{
    struct wire wire;
    CHECK_TRUE(start(&wire, BALANCER, BYTES(HEADER(A))));
    CHECK_INT(ask(&wire, "later-1", ""), WIRE_ANSWERED);
    CHECK_TRUE(client_raw_send(wire.fd, BYTES(HEADER(B))));
    enum wire_result result = ask(&wire, "later-2", "");
    CHECK_COMPARE(wire.status, !=, 200, "%s %d", wire_result_names[result], wire.status);
    wire_close(&wire);
    tell(__LINE__, "later-1", A);
}

/* A header in pieces is waited for, without work meanwhile. */
static void test_pieces(void)
{
    static const char header[] = HEADER(A);
    struct wire wire;
    CHECK_TRUE(start(&wire, BALANCER, "", 0));
    for (size_t i = 0; i + 1 < sizeof header; i++) {
        CHECK_TRUE(client_raw_send(wire.fd, header + i, 1));
        load_sleep_ms(5);
    }
    CHECK_INT(ask(&wire, "pieces", ""), WIRE_ANSWERED);
    CHECK_INT(wire.status, 200);
    /* Nor does the socket wait for as many bytes ever after. */
    CHECK_TRUE(client_raw_send(wire.fd, BYTES("GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
                                              "X-Request-Id: pieces-kept\r\n")));
    load_sleep_ms(50);
    CHECK_INT(wire_call(&wire, "\r\n"), WIRE_ANSWERED);
    wire_close(&wire);
    tell(__LINE__, "pieces", A);
    tell(__LINE__, "pieces-kept", A);

    CHECK_TRUE(start(&wire, BALANCER, header, 20));
    long before = process_ticks(pair.web);
    load_sleep_ms(1000);
    long used = process_ticks(pair.web) - before;
    CHECK_COMPARE(before, >=, 0, "%ld ticks of 10 ms while waiting 1 s", used);
    CHECK_COMPARE(used, <, 20);
    CHECK_TRUE(client_raw_send(wire.fd, header + 20, sizeof header - 1 - 20));
    CHECK_INT(ask(&wire, "halves", ""), WIRE_ANSWERED);
    wire_close(&wire);
    tell(__LINE__, "halves", A);
}

/* Cut anywhere, and then closed, half closed, or left: nothing is answered, and nothing stays. */
static void test_cut(void)
{
    static const char header[] = HEADER(A);
    char scrap[1024];
    bool closed = false;
    struct wire wire;
    for (size_t i = 0; i + 1 < sizeof header; i++) {
        CHECK_TRUE(start(&wire, BALANCER, header, i));
        if (i % 2)
            shutdown(wire.fd, SHUT_WR);
        if (i % 2 && client_raw_read(wire.fd, scrap, sizeof scrap, GIVE_UP_MS, &closed) > 0)
            CHECK_TRUE(strncmp(scrap, "HTTP/1.1 200", 12) != 0, "after %zu bytes: %s", i, scrap);
        if (!closed)
            CHECK_INT(i % 2, 0, "open after %zu bytes", i);
        wire_close(&wire);
    }
    CHECK_TRUE(start(&wire, BALANCER, header, 20));
    CHECK_INT(client_raw_read(wire.fd, scrap, sizeof scrap, GIVE_UP_MS, &closed), 0,
              "a part of a header was not given up: %s", scrap);
    CHECK_TRUE(closed, "a part of a header was not given up: %s", scrap);
    wire_close(&wire);
    CHECK_TRUE(process_runs(web), "lighttpd died");
}

static void test_orders(void)
{
    static const char body[] = "{\"items\":[{\"product_id\":1,\"quantity\":1}]}";
    struct wire a, b, nobody;
    char get[128] = "GET ";
    CHECK_TRUE(start(&a, BALANCER, BYTES(HEADER(A))));
    CHECK_TRUE(start(&b, BALANCER, BYTES(HEADER(B))));
    CHECK_TRUE(start(&nobody, STRANGER, "", 0));
    CHECK_INT(send_order(&a, "POST /orders", body), 201);
    const char *location = strcasestr(a.answer, "\r\nLocation: ");
    if (location)
        sscanf(location, "%*s %100[^\r]", get + strlen(get));
    CHECK_INT(send_order(&a, get, ""), 200);
    CHECK_INT(send_order(&b, get, ""), 404);
    CHECK_INT(send_order(&nobody, get, ""), 404);
    wire_close(&a);
    wire_close(&b);
    wire_close(&nobody);
}

/* lighttpd's own errors name the consumer too, those included that end before there is a path. */
static void test_errors(void)
{
    struct wire wire;
    CHECK_TRUE(start(&wire, BALANCER, BYTES(HEADER(A))));
    wire_call(&wire, "GET /a/../b HTTP/1.1\r\nHost: x\r\nX-Request-Id: bad-path\r\n\r\n");
    CHECK_INT(wire.status, 400);
    wire_close(&wire);
    tell(__LINE__, "bad-path", A);
}

/* Stops lighttpd, which writes its log's rest then: what comes after it starts it anew. */
static void test_logs(void)
{
    struct wire wire;
    CHECK_TRUE(start(&wire, BALANCER, BYTES(HEADER(A))));
    CHECK_INT(ask(&wire, "stop", ""), WIRE_ANSWERED);
    CHECK_INT(pair.web, web, "lighttpd died");
    CHECK_TRUE(process_runs(web), "lighttpd died");
    CHECK_INT(process_exit(pair_stop_web(&pair, SIGINT)), 0);
    wire_close(&wire);
    tell(__LINE__, "stop", A);
    check_log("postern.log");
    check_log("access.log");
}

/* What does not make sense does not start, and says which setting it is. */
static void test_bad_settings(void)
{
    static const struct {
        int line;
        const char *protocol, *trusted, *text;
    } bad[] = {
        {__LINE__, "PROXY_PROTOCOL=v3", "PROXY_TRUSTED=10.0.0.0/16", "PROXY_PROTOCOL=v3.conf"},
        {__LINE__, "PROXY_PROTOCOL=", "PROXY_TRUSTED=10.0.0.0/16", "PROXY_PROTOCOL=.conf"},
        {__LINE__, "PROXY_PROTOCOL=v2", "PROXY_TRUSTED=", "\"\" cannot be trusted"},
        {__LINE__, "PROXY_PROTOCOL=v2", "PROXY_TRUSTED=all", "\"all\" cannot be trusted"},
        {__LINE__, "PROXY_PROTOCOL=v2", "PROXY_TRUSTED=127.0.0.0/8", "127.0.0.0/8\" cannot be"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ROW(bad[i].line);
        CHECK_TRUE(pair_set(&pair, bad[i].protocol));
        CHECK_TRUE(pair_set(&pair, bad[i].trusted));
        CHECK_TRUE(pair_start_web(&pair));
        int status = process_reap(pair.web, GIVE_UP_MS);
        pair.web = 0;
        CHECK_COMPARE(process_exit(status), !=, 0);
        CHECK_LOG(&pair, "lighttpd.log", bad[i].text, 0);
    }
}

/* Without the protocol the header is bad HTTP from anyone. */
static void test_off(void)
{
    struct wire wire;
    REQUIRE_TRUE(pair_set(&pair, "PROXY_PROTOCOL=off"));
    REQUIRE_TRUE(pair_start_web(&pair));
    REQUIRE_TRUE(pair_wait_ready(&pair));
    CHECK_TRUE(start(&wire, BALANCER, BYTES(HEADER(A))));
    CHECK_INT(ask(&wire, "off-header", ""), WIRE_ANSWERED);
    CHECK_INT(wire.status, 400);
    wire_close(&wire);
    CHECK_TRUE(start(&wire, BALANCER, "", 0));
    CHECK_INT(ask(&wire, "off", ""), WIRE_ANSWERED);
    CHECK_INT(wire.status, 200);
    wire_close(&wire);
    CHECK_INT(process_exit(pair_stop_web(&pair, SIGINT)), 0);
    tell(__LINE__, "off", "-");
    check_log("access.log");
}

int main(void)
{
    static CU_TestInfo tests[] = {{"headers", test_headers},
                                  {"stranger", test_stranger},
                                  {"keep-alive", test_keep_alive},
                                  {"later header", test_later_header},
                                  {"pieces", test_pieces},
                                  {"cut", test_cut},
                                  {"orders", test_orders},
                                  {"errors", test_errors},
                                  {"logs", test_logs},
                                  {"bad settings", test_bad_settings},
                                  {"off", test_off},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/proxy", setup, fixture_end, tests);
}
