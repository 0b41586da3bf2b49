#include "torture/buyers.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "e2e/client.h"
#include "e2e/load.h"
#include "e2e/wire.h"
#include "torture/gate.h"
#include "torture/stock.h"
#include "torture/wrong.h"

enum {
    REQUEST_SIZE = 1024,
    THINK_MS = 25,
    THINK_SLOW_MS = 600,
    RETRY_MS = 20,
    SETTLE_MS = 60000 /* until then an order must be acknowledged or refused */
};

const char *const buyers_deeds[BUYERS_DEED_MAX] = {
    [BUYERS_PLACED] = "orders",
    [BUYERS_REPLAYED] = "replays",
    [BUYERS_REFUSED] = "refusals",
    [BUYERS_READ] = "reads",
    [BUYERS_CANCELLED] = "cancellations",
    [BUYERS_WALKED] = "answers left",
    [BUYERS_RETRIED] = "unknown outcomes retried",
    [BUYERS_TURNED] = "orders that changed nothing",
    [BUYERS_ABSENT] = "answers 5xx",
    [BUYERS_CUT] = "connections cut",
};

struct buyer {
    size_t number;
    uint64_t random;
    struct wire wire;
    struct order *orders;
    size_t count;
    int64_t deeds[BUYERS_DEED_MAX];
};

static struct buyer buyers[BUYERS];
static struct load load;
static int port;
static atomic_bool finishing, patient, slow;

/* Where the buyers wait while the books are read. */
static struct gate gate = GATE_INIT;

bool buyers_pause(int timeout_ms)
{
    return gate_close(&gate, timeout_ms);
}

void buyers_resume(void)
{
    gate_open(&gate);
}

void buyers_reference(size_t buyer, size_t n, char out[ORDER_REFERENCE_SIZE])
{
    snprintf(out, ORDER_REFERENCE_SIZE, "t-%zu-%zu", buyer, n);
}

struct order *buyers_order(const char *reference)
{
    char *end = NULL;
    if (strncmp(reference, "t-", 2) != 0)
        return NULL;
    size_t buyer = strtoul(reference + 2, &end, 10);
    size_t n = *end == '-' ? strtoul(end + 1, &end, 10) : SIZE_MAX;
    return buyer < BUYERS && *end == '\0' && n < buyers[buyer].count ? &buyers[buyer].orders[n]
                                                                     : NULL;
}

struct order *buyers_orders(size_t buyer, size_t *count)
{
    *count = buyers[buyer].count;
    return buyers[buyer].orders;
}

int64_t buyers_count(enum buyers_deed deed)
{
    int64_t sum = 0;
    for (size_t i = 0; i < BUYERS; i++)
        sum += buyers[i].deeds[deed];
    return sum;
}

static char *buyer_body(struct buyer *buyer)
{
    char *end = strstr(buyer->wire.answer, "\r\n\r\n");
    return end ? end + 4 : buyer->wire.answer + buyer->wire.len;
}

/* The status, or 0 if no whole answer came. A connection is for one answer, or for a few. */
static int buyer_ask(struct buyer *buyer, const char *request)
{
    gate_pass(&gate);
    if (wire_is_stale(&buyer->wire) || load_random(&buyer->random, 3) == 0)
        wire_close(&buyer->wire);
    enum wire_result result = wire_call(&buyer->wire, request);
    int status = result == WIRE_ANSWERED ? buyer->wire.status : 0;
    if (result == WIRE_SILENT)
        wrong_say("no answer within %d ms to: %.200s", WIRE_TIMEOUT_MS, request);
    buyer->deeds[BUYERS_CUT] += status == 0;
    buyer->deeds[BUYERS_ABSENT] += status >= 500;
    /* Another pair may know better. */
    if (status != 200 && status != 201)
        wire_close(&buyer->wire);
    return status;
}

static void buyer_request(const struct order *order, const char *reference, char out[REQUEST_SIZE])
{
    char key[64] = "";
    if (order->keyed)
        snprintf(key, sizeof key, "Idempotency-Key: %s\r\n", reference);
    snprintf(out, REQUEST_SIZE,
             "POST /orders HTTP/1.1\r\nHost: x\r\n%sContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             key, strlen(order->body), order->body);
}

/* Sends a request and does not wait for its answer. */
static void buyer_walk_away(struct buyer *buyer, const char *request)
{
    gate_pass(&gate);
    int fd = client_raw_open(port);
    if (fd < 0)
        return;
    client_raw_send(fd, request, strlen(request));
    load_sleep_ms((int)load_random(&buyer->random, 4));
    close(fd);
    buyer->deeds[BUYERS_WALKED]++;
}

/* The pair that gave the last answer. */
static size_t buyer_pair(const struct buyer *buyer)
{
    static const char name[] = "\r\n" BUYERS_PAIR ": ";
    const char *pair = strcasestr(buyer->wire.answer, name);
    if (pair)
        return strtoul(pair + strlen(name), NULL, 10);
    wrong_say("an answer does not tell the pair: %.300s", buyer->wire.answer);
    return 0;
}

/* The stock of what it is of is about to change, one way or the other; or it has, through the pair
 * of the last answer. */
static void buyer_begin(const struct order *order, int64_t sign)
{
    for (size_t i = 0; order->kind != ORDER_UNJUDGED && i < order->count; i++)
        stock_begin(order->lines[i].product, sign * order->lines[i].quantity);
}

static void buyer_end(const struct buyer *buyer, const struct order *order, int64_t sign)
{
    for (size_t i = 0; order->kind != ORDER_UNJUDGED && i < order->count; i++)
        stock_end(order->lines[i].product, sign * order->lines[i].quantity, buyer_pair(buyer));
}

/* Whether the answer is that this attempt, at least, left no trace: the store's word, or lighttpd's
 * that it did not reach the application. */
static bool buyer_was_turned(struct buyer *buyer, int status)
{
    return status == 503 && (strstr(buyer_body(buyer), "nothing was changed") ||
                             strstr(buyer_body(buyer), "service-unavailable"));
}

/* Whether the order is settled. */
static bool buyer_hear(struct buyer *buyer, struct order *order, const char *reference, int status)
{
    bool replayed = strcasestr(buyer->wire.answer, "\r\nIdempotent-Replayed: true") != NULL;
    if (status == 201) {
        if (replayed && !order->keyed)
            wrong_say("%s has no key and was replayed", reference);
        if (replayed && order->state == ORDER_OPEN && order->nowhere)
            wrong_say("%s was replayed, and nothing was changed by what was told", reference);
        order_acknowledge(order, reference, buyer_body(buyer));
        buyer_end(buyer, order, -1);
        buyer->deeds[BUYERS_PLACED]++;
    } else if (status == 409 && strstr(buyer_body(buyer), "out-of-stock")) {
        order->state = order->nowhere ? ORDER_REFUSED : ORDER_DOUBTED;
        buyer->deeds[BUYERS_REFUSED]++;
    } else if (!order->keyed && buyer_was_turned(buyer, status)) {
        /* Sent once, and by this answer it is nowhere. */
        order->state = ORDER_REFUSED;
        buyer->deeds[BUYERS_TURNED]++;
    } else if (status != 0 && status < 500 &&
               !(status == 409 && order->keyed && strstr(buyer_body(buyer), "key-in-flight"))) {
        wrong_say("%s: %d %s", reference, status, buyer_body(buyer));
    }
    return order->state != ORDER_OPEN;
}

/* With a key, until it is acknowledged or refused; without one, once. */
static void buyer_buy(struct buyer *buyer)
{
    char reference[ORDER_REFERENCE_SIZE], request[REQUEST_SIZE];
    struct order *order = &buyer->orders[buyer->count];
    buyers_reference(buyer->number, buyer->count, reference);
    if (!order_make(order, &buyer->random, reference)) {
        wrong_say("no memory");
        return;
    }
    buyer->count++;
    buyer_begin(order, -1);
    buyer_request(order, reference, request);
    order->nowhere = !order->keyed || load_random(&buyer->random, 16) > 0 || atomic_load(&patient);
    if (!order->nowhere)
        buyer_walk_away(buyer, request);
    int64_t until = load_now_ms() + SETTLE_MS;
    int status;
    while (!buyer_hear(buyer, order, reference, status = buyer_ask(buyer, request)) &&
           order->keyed) {
        order->nowhere = order->nowhere && buyer_was_turned(buyer, status);
        if (wrong_any())
            return;
        if (load_now_ms() > until) {
            wrong_say("%s still has no outcome after %d ms: %.300s", reference, SETTLE_MS,
                      buyer->wire.answer);
            return;
        }
        buyer->deeds[BUYERS_RETRIED]++;
        load_sleep_ms(RETRY_MS);
    }
}

static size_t buyer_pick(struct buyer *buyer)
{
    return load_random(&buyer->random, (uint32_t)buyer->count);
}

static void buyer_repeat(struct buyer *buyer)
{
    char reference[ORDER_REFERENCE_SIZE], request[REQUEST_SIZE];
    size_t n = buyer_pick(buyer);
    struct order *order = &buyer->orders[n];
    if (!order->keyed || order->state != ORDER_PLACED)
        return;
    buyers_reference(buyer->number, n, reference);
    buyer_request(order, reference, request);
    wire_close(&buyer->wire);
    int status = buyer_ask(buyer, request);
    if (status == 201) {
        if (!strcasestr(buyer->wire.answer, "\r\nIdempotent-Replayed: true"))
            wrong_say("%s, acknowledged as %s, was placed again", reference, order->id);
        order_acknowledge(order, reference, buyer_body(buyer));
        buyer->deeds[BUYERS_REPLAYED]++;
    } else if (status != 0 && status < 500 &&
               !(status == 409 && strstr(buyer_body(buyer), "key-in-flight"))) {
        wrong_say("%s, acknowledged as %s, is now %d %s", reference, order->id, status,
                  buyer_body(buyer));
    }
}

static void buyer_read(struct buyer *buyer)
{
    char request[REQUEST_SIZE];
    const struct order *order = &buyer->orders[buyer_pick(buyer)];
    if (order->state != ORDER_PLACED)
        return;
    snprintf(request, sizeof request, "GET /orders/%s HTTP/1.1\r\nHost: x\r\n\r\n", order->id);
    int status = buyer_ask(buyer, request);
    if (status != 0 && status < 500 && (status != 200 || !order_reads_as(order, buyer_body(buyer))))
        wrong_say("order %s (%s) reads %d %s", order->id, order->booked, status, buyer_body(buyer));
    buyer->deeds[BUYERS_READ] += status == 200;
}

/* Whether it is certain now that the order is cancelled. */
static bool buyer_hear_cancelled(struct buyer *buyer, struct order *order, int status)
{
    if (status == 200) {
        bool first = order->cancelled == 0;
        order_cancelled(order, buyer_body(buyer));
        if (first)
            buyer_end(buyer, order, 1);
        buyer->deeds[BUYERS_CANCELLED]++;
    } else if (status != 0 && status < 500) {
        wrong_say("order %s cannot be cancelled: %d %s", order->id, status, buyer_body(buyer));
    }
    return order->cancelled != 0;
}

/* Once; of what is judged, until its outcome is known. */
static void buyer_cancel(struct buyer *buyer, struct order *order)
{
    char request[REQUEST_SIZE];
    if (order->state != ORDER_PLACED || order->kind == ORDER_KEPT)
        return;
    snprintf(request, sizeof request,
             "POST /orders/%s/cancel HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", order->id);
    if (!order->cancel_sent)
        buyer_begin(order, 1);
    order->cancel_sent = true;
    if (order->kind == ORDER_UNJUDGED && load_random(&buyer->random, 8) == 0 &&
        !atomic_load(&patient)) {
        buyer_walk_away(buyer, request);
        return;
    }
    int64_t until = load_now_ms() + SETTLE_MS;
    while (!buyer_hear_cancelled(buyer, order, buyer_ask(buyer, request)) &&
           order->kind == ORDER_RETURNS && !wrong_any()) {
        if (load_now_ms() > until)
            wrong_say("order %s is still not cancelled after %d ms: %.300s", order->id, SETTLE_MS,
                      buyer->wire.answer);
        load_sleep_ms(RETRY_MS);
    }
}

/* What may be returned is so at once, half of the time. */
static void buyer_trade(struct buyer *buyer)
{
    buyer_buy(buyer);
    struct order *last = buyer->count > 0 ? &buyer->orders[buyer->count - 1] : NULL;
    if (last && last->kind == ORDER_RETURNS && load_random(&buyer->random, 2) == 0)
        buyer_cancel(buyer, last);
}

static void buyer_live(void *context, size_t thread)
{
    struct buyer *buyer = &buyers[thread];
    (void)context;
    while (!atomic_load(&finishing) && !wrong_any()) {
        uint32_t dice = load_random(&buyer->random, 10);
        if (buyer->count == 0 || (dice < 6 && buyer->count < BUYERS_ORDERS_MAX))
            buyer_trade(buyer);
        else if (dice < 7)
            buyer_cancel(buyer, &buyer->orders[buyer_pick(buyer)]);
        else if (dice < 8)
            buyer_repeat(buyer);
        else
            buyer_read(buyer);
        load_sleep_ms(
            (int)load_random(&buyer->random, atomic_load(&slow) ? THINK_SLOW_MS : THINK_MS));
    }
    wire_close(&buyer->wire);
    gate_leave(&gate);
}

bool buyers_start(int to, uint64_t seed)
{
    port = to;
    gate.present = BUYERS;
    for (size_t i = 0; i < BUYERS; i++) {
        buyers[i].number = i;
        buyers[i].random = seed ^ (i << 32);
        buyers[i].orders = calloc(BUYERS_ORDERS_MAX, sizeof *buyers[i].orders);
        wire_init(&buyers[i].wire, port);
        if (!buyers[i].orders)
            return false;
    }
    return load_start(&load, BUYERS, buyer_live, NULL);
}

void buyers_be_patient(bool waits)
{
    atomic_store(&patient, waits);
}

void buyers_be_slow(bool slower)
{
    atomic_store(&slow, slower);
}

void buyers_finish(void)
{
    atomic_store(&finishing, true);
    buyers_resume();
    load_join(&load);
}

void buyers_free(void)
{
    for (size_t i = 0; i < BUYERS; i++) {
        for (size_t n = 0; n < buyers[i].count; n++)
            order_free(&buyers[i].orders[n]);
        free(buyers[i].orders);
    }
}
