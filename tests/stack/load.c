/* Steady traffic for the stack: clients that keep their connection and clients that open one for
 * each request place orders and read. It ends on TERM or after LOAD_SECONDS_MAX, prints what it saw
 * and fails if a request did. A client that keeps its connection looks before it sends whether the
 * server closed it; nothing that was sent is ever sent again, unless with "again": then a request
 * without an answer, or with a 5xx, is repeated under its key until it has one, and is no failure.
 *
 * usage: load PORT KEPT FRESH PRODUCT RUN ACKNOWLEDGED [again]
 * RUN begins each key. To the file ACKNOWLEDGED go the orders placed, a line each: key, order id.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "e2e/load.h"
#include "e2e/wire.h"

enum {
    LOAD_SECONDS_MAX = 300,
    REQUEST_SIZE = 1024,
    BODY_SIZE = 128,
    ID_SIZE = 37,
    THINK_MS_LEAST = 30,
    THINK_MS_MORE = 120,
    SLOW_EACH = 4, /* of the clients that keep their connection */
    /* 2.4 to 12 s. The server lets a connection idle for 15, and at that limit its close and a
     * request can cross, whether a task is replaced or not. */
    SLOW_TIMES = 80,
    TICK_MS = 100,
    AGAIN_MS = 50,
    SHOWN_MAX = 20
};

enum deed { DEED_REQUEST, DEED_ORDER, DEED_CONNECTION, DEED_AGAIN, DEED_FAILED, DEED_MAX };

static const char *const deed_names[DEED_MAX] = {
    [DEED_REQUEST] = "requests", [DEED_ORDER] = "orders",  [DEED_CONNECTION] = "connections",
    [DEED_AGAIN] = "repeated",   [DEED_FAILED] = "failed",
};

static struct {
    int port;
    size_t kept; /* clients below this number keep their connection */
    const char *product;
    const char *run;
    FILE *acknowledged;
    bool again;
    int64_t start_ms;
    atomic_bool stop;
    atomic_int_fast64_t deeds[DEED_MAX];
    atomic_int_fast64_t longest_ms; /* from asking to the answer */
} site;

struct buyer {
    size_t number;
    uint64_t random;
    int64_t answered_ms; /* when the last answer came */
    struct wire wire;
};

static void buyer_count(enum deed deed)
{
    atomic_fetch_add(&site.deeds[deed], 1);
}

static void buyer_time(int64_t took_ms)
{
    int_fast64_t longest_ms = atomic_load(&site.longest_ms);
    while (took_ms > longest_ms &&
           !atomic_compare_exchange_weak(&site.longest_ms, &longest_ms, took_ms))
        continue;
}

static void buyer_fail(const struct buyer *buyer, const char *what, enum wire_result result)
{
    buyer_count(DEED_FAILED);
    if (atomic_load(&site.deeds[DEED_FAILED]) > SHOWN_MAX)
        return;
    int64_t now = load_now_ms();
    printf("after %" PRId64 " ms client %zu (%s, %" PRId64
           " ms after an answer): %s: %s, status %d\n",
           now - site.start_ms, buyer->number, buyer->wire.kept ? "kept" : "fresh",
           now - buyer->answered_ms, what, wire_result_names[result], buyer->wire.status);
}

static enum wire_result buyer_send(struct buyer *buyer, const char *request)
{
    if (buyer->number >= site.kept || wire_is_stale(&buyer->wire))
        wire_close(&buyer->wire);
    if (buyer->wire.fd < 0)
        buyer_count(DEED_CONNECTION);
    buyer_count(DEED_REQUEST);
    return wire_call(&buyer->wire, request);
}

/* Whether the expected answer came. */
static bool buyer_ask(struct buyer *buyer, const char *what, const char *request, int expected)
{
    int64_t asked_ms = load_now_ms();
    enum wire_result result = buyer_send(buyer, request);
    while (site.again && (result != WIRE_ANSWERED || buyer->wire.status >= 500) &&
           load_now_ms() - site.start_ms < LOAD_SECONDS_MAX * INT64_C(1000)) {
        load_sleep_ms(AGAIN_MS);
        buyer_count(DEED_AGAIN);
        result = buyer_send(buyer, request);
    }
    bool ok = result == WIRE_ANSWERED && buyer->wire.status == expected;
    if (!ok)
        buyer_fail(buyer, what, result);
    buyer->answered_ms = load_now_ms();
    buyer_time(buyer->answered_ms - asked_ms);
    return ok;
}

static void buyer_get(struct buyer *buyer, const char *path)
{
    char request[REQUEST_SIZE];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: stack\r\n\r\n", path);
    buyer_ask(buyer, path, request, 200);
}

static void buyer_order(struct buyer *buyer, size_t n)
{
    char request[REQUEST_SIZE], body[BODY_SIZE], id[ID_SIZE];
    int len = snprintf(body, sizeof body, "{\"items\":[{\"product_id\":%s,\"quantity\":1}]}",
                       site.product);
    snprintf(request, sizeof request,
             "POST /orders HTTP/1.1\r\nHost: stack\r\nContent-Type: application/json\r\n"
             "Idempotency-Key: \"%s-%zu-%zu\"\r\nContent-Length: %d\r\n\r\n%s",
             site.run, buyer->number, n, len, body);
    if (!buyer_ask(buyer, "POST /orders", request, 201))
        return;
    const char *location = strstr(buyer->wire.answer, "/orders/");
    snprintf(id, sizeof id, "%s", location ? location + strlen("/orders/") : "none");
    buyer_count(DEED_ORDER);
    fprintf(site.acknowledged, "%s-%zu-%zu %s\n", site.run, buyer->number, n, id);
}

static void buyer_think(struct buyer *buyer)
{
    int ms = THINK_MS_LEAST + (int)load_random(&buyer->random, THINK_MS_MORE);
    if (buyer->number < site.kept && buyer->number % SLOW_EACH == 0)
        ms *= SLOW_TIMES;
    for (; ms > 0 && !atomic_load(&site.stop); ms -= TICK_MS)
        load_sleep_ms(ms < TICK_MS ? ms : TICK_MS);
}

static void buyer_run(void *context, size_t number)
{
    struct buyer buyer = {.number = number, .random = (uint64_t)getpid() * 1000 + number};
    char product[BODY_SIZE];
    (void)context;
    snprintf(product, sizeof product, "/products/%s", site.product);
    wire_init(&buyer.wire, site.port);
    for (size_t n = 0; !atomic_load(&site.stop); n++) {
        buyer_order(&buyer, n);
        buyer_think(&buyer);
        buyer_get(&buyer, n % 4 ? product : "/orders?limit=5");
        buyer_think(&buyer);
    }
    wire_close(&buyer.wire);
}

static void wait_for_end(void)
{
    const struct timespec most = {LOAD_SECONDS_MAX, 0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigtimedwait(&set, NULL, &most);
    atomic_store(&site.stop, true);
}

static bool run(size_t clients)
{
    struct load load;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL); /* the threads inherit it */
    site.start_ms = load_now_ms();
    bool ok = load_start(&load, clients, buyer_run, NULL);
    if (ok)
        wait_for_end();
    atomic_store(&site.stop, true);
    load_join(&load);
    return ok;
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fputs("usage: load PORT KEPT FRESH PRODUCT RUN ACKNOWLEDGED [again]\n", stderr);
        return 2;
    }
    site.port = (int)strtol(argv[1], NULL, 10);
    site.kept = strtoul(argv[2], NULL, 10);
    size_t clients = site.kept + strtoul(argv[3], NULL, 10);
    site.product = argv[4];
    site.run = argv[5];
    site.again = argc > 7 && strcmp(argv[7], "again") == 0;
    site.acknowledged = fopen(argv[6], "w");
    if (!site.acknowledged || clients == 0 || clients > LOAD_THREADS_MAX || !run(clients)) {
        fputs("load: cannot start\n", stderr);
        return 2;
    }
    bool written = fclose(site.acknowledged) == 0;
    for (enum deed i = 0; i < DEED_MAX; i++)
        printf("%s %" PRIdFAST64 ", ", deed_names[i], atomic_load(&site.deeds[i]));
    printf("longest %" PRIdFAST64 " ms\n", atomic_load(&site.longest_ms));
    return written && atomic_load(&site.deeds[DEED_FAILED]) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
