#include "torture/readers.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/load.h"
#include "e2e/wire.h"
#include "torture/gate.h"
#include "torture/order.h"
#include "torture/stock.h"
#include "torture/tags.h"
#include "torture/wrong.h"

enum {
    READERS_EACH = 4, /* of a pair */
    READERS_MAX = LOAD_THREADS_MAX,
    READER_THINK_MS = 6,
    READER_AGAIN_MS = 40, /* after no answer, or a 5xx */
    READER_REQUEST_SIZE = 256,
    READER_LIST = 0 /* in a product's place */
};

/* What was shown with a tag. */
struct reader_known {
    char tag[TAGS_SIZE]; /* "": nothing is known */
    int64_t quantities[ORDER_PRODUCTS + 1];
};

struct reader {
    size_t pair;
    uint64_t random;
    struct wire wire;
    struct reader_known known[ORDER_PRODUCTS + 1]; /* of each target */
    struct stock_look looks[ORDER_PRODUCTS + 1];
    int64_t whole, unchanged, absent, cut;
};

static struct reader *readers;
static size_t readers_count;
static struct load load;
static struct gate gate = GATE_INIT;
static atomic_bool finishing;

static bool reader_concerns(int64_t target, int64_t product)
{
    return target == READER_LIST || target == product;
}

/* A judged one three times in four, and of these the first of each kind more often than the last.
 * So some are asked for so seldom that they are not published. */
static int64_t reader_choose(struct reader *reader)
{
    enum { KINDS = 3, KIND = (ORDER_PRODUCTS - ORDER_SHARED) / KINDS };
    uint32_t dice = load_random(&reader->random, 16);
    if (dice < 3)
        return READER_LIST;
    if (dice == 3)
        return 1 + load_random(&reader->random, ORDER_SHARED);
    return 1 + ORDER_SHARED + KIND * load_random(&reader->random, KINDS) +
           load_random(&reader->random, 1 + load_random(&reader->random, KIND));
}

/* The status, or 0 if no whole answer came. */
static int reader_ask(struct reader *reader, int64_t target, const char *tag)
{
    char request[READER_REQUEST_SIZE], path[32] = "/products", header[TAGS_SIZE + 32] = "";
    if (target != READER_LIST)
        snprintf(path, sizeof path, "/products/%" PRId64, target);
    if (*tag)
        snprintf(header, sizeof header, "If-None-Match: %s\r\n", tag);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, header);
    if (wire_is_stale(&reader->wire))
        wire_close(&reader->wire);
    for (int64_t i = ORDER_SHARED + 1; i <= ORDER_PRODUCTS; i++) {
        if (reader_concerns(target, i))
            stock_look(i, reader->pair, &reader->looks[i]);
    }
    enum wire_result result = wire_call(&reader->wire, request);
    if (result == WIRE_SILENT)
        wrong_say("no answer within %d ms to: %.200s", WIRE_TIMEOUT_MS, request);
    return result == WIRE_ANSWERED ? reader->wire.status : 0;
}

/* Takes the stocks out of a body; false if it is not of all that it is to be of. */
static bool reader_take(const char *body, int64_t target, int64_t quantities[ORDER_PRODUCTS + 1])
{
    static const char id[] = "\"id\":", quantity[] = "\"quantity\":";
    int64_t found = 0;
    for (const char *at = body; (at = strstr(at, id)) != NULL; found++) {
        int64_t product = strtoll(at + strlen(id), NULL, 10);
        at = strstr(at, quantity);
        if (!at || !reader_concerns(target, product) || product < 1 || product > ORDER_PRODUCTS)
            return false;
        quantities[product] = strtoll(at + strlen(quantity), NULL, 10);
    }
    return found == (target == READER_LIST ? ORDER_PRODUCTS : 1);
}

static void reader_judge(const struct reader *reader, int64_t target,
                         const struct reader_known *shown, const char *how)
{
    for (int64_t i = ORDER_SHARED + 1; i <= ORDER_PRODUCTS; i++) {
        if (reader_concerns(target, i))
            stock_judge(i, &reader->looks[i], shown->quantities[i], how);
    }
}

/* Takes a 200. Its tag is not always kept, so that old ones are sent, too. */
static void reader_hear(struct reader *reader, int64_t target)
{
    struct reader_known shown;
    const char *end = strstr(reader->wire.answer, "\r\n\r\n"), *body = end ? end + 4 : "";
    if (!reader_take(body, target, shown.quantities) ||
        !tags_take(reader->wire.answer, shown.tag)) {
        wrong_say("product %" PRId64 " (0: the list) reads %.300s", target, reader->wire.answer);
        return;
    }
    reader->whole++;
    reader_judge(reader, target, &shown, target == READER_LIST ? "a list" : "a read");
    if (!tags_see(target, shown.tag, body))
        wrong_say("of two equal answers to product %" PRId64
                  " (0: the list) the tags differ, or of two different ones they are equal: %.300s",
                  target, reader->wire.answer);
    if (load_random(&reader->random, 2))
        reader->known[target] = shown;
}

/* The answer's status, or 0. */
static int reader_read(struct reader *reader)
{
    static const struct reader_known nothing;
    int64_t target = reader_choose(reader);
    const struct reader_known *known =
        load_random(&reader->random, 3) == 0 ? &reader->known[target] : &nothing;
    int status = reader_ask(reader, target, known->tag);
    reader->cut += status == 0;
    reader->absent += status >= 500;
    if (status == 304 && *known->tag) {
        reader->unchanged++;
        reader_judge(reader, target, known, "a 304");
    } else if (status == 200) {
        reader_hear(reader, target);
    } else if (status != 0 && status < 500) {
        wrong_say("product %" PRId64 " (0: the list) reads %.300s", target, reader->wire.answer);
    }
    return status;
}

static void reader_live(void *context, size_t thread)
{
    struct reader *reader = &readers[thread];
    (void)context;
    while (!atomic_load(&finishing) && !wrong_any()) {
        gate_pass(&gate);
        int status = reader_read(reader);
        bool well = status != 0 && status < 500;
        load_sleep_ms((int)load_random(&reader->random, well ? READER_THINK_MS : READER_AGAIN_MS));
    }
    wire_close(&reader->wire);
    gate_leave(&gate);
}

bool readers_start(const int *ports, size_t pairs, uint64_t seed)
{
    size_t count = pairs * READERS_EACH;
    readers = count <= READERS_MAX ? calloc(count, sizeof *readers) : NULL;
    if (!readers)
        return false;
    readers_count = gate.present = count;
    for (size_t i = 0; i < count; i++) {
        readers[i].pair = i % pairs;
        readers[i].random = seed ^ (0x5ead + (i << 40));
        wire_init(&readers[i].wire, ports[readers[i].pair]);
    }
    return load_start(&load, count, reader_live, NULL);
}

bool readers_pause(int timeout_ms)
{
    return gate_close(&gate, timeout_ms);
}

void readers_resume(void)
{
    gate_open(&gate);
}

void readers_finish(void)
{
    atomic_store(&finishing, true);
    readers_resume();
    load_join(&load);
}

int64_t readers_answered(void)
{
    int64_t sum = 0;
    for (size_t i = 0; i < readers_count; i++)
        sum += readers[i].whole + readers[i].unchanged;
    return sum;
}

int64_t readers_cut(void)
{
    int64_t sum = 0;
    for (size_t i = 0; i < readers_count; i++)
        sum += readers[i].cut;
    return sum;
}

void readers_report(void)
{
    int64_t unchanged = 0, absent = 0;
    for (size_t i = 0; i < readers_count; i++) {
        unchanged += readers[i].unchanged;
        absent += readers[i].absent;
    }
    printf(" %" PRId64 " reads of products, %" PRId64 " of them 304, %" PRId64 " more 5xx, %" PRId64
           " cut,",
           readers_answered(), unchanged, absent, readers_cut());
}

void readers_free(void)
{
    free(readers);
    readers = NULL;
    readers_count = 0;
}
