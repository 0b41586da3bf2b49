/* order: one order of the torture test: what was asked for, and what was said about it. */
#ifndef TESTS_TORTURE_ORDER_H
#define TESTS_TORTURE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ORDER_LINES_MAX = 5,
    ORDER_ID_SIZE = 48,
    ORDER_REFERENCE_SIZE = 24,
    ORDER_BODY_SIZE = 512,
    ORDER_BOOKED_SIZE = 512,
    ORDER_ANSWER_SIZE = 4096,
    ORDER_SCARCE = 6,    /* products 1 to this, few of each */
    ORDER_SHARED = 46,   /* the rest of these, plenty of each; everything may change those two */
    ORDER_SOLD = 52,     /* the next: judged by readers, as are all that follow; orders alone */
    ORDER_RETURNED = 58, /* orders and their cancellations */
    ORDER_PRODUCTS = 64, /* commands alone; ORDER_MARKED_STOCK of each */
    ORDER_SCARCE_STOCK = 500, /* sold out after some seconds */
    ORDER_PLENTY_STOCK = 1000000000,
    ORDER_MARKED_STOCK = 5000
};

enum order_state {
    ORDER_OPEN,   /* not sent, or sent and its outcome unknown */
    ORDER_PLACED, /* acknowledged */
    ORDER_REFUSED,
    ORDER_DOUBTED, /* refused, after an attempt of unknown outcome: that one may find stock yet,
                      which somebody put back meanwhile */
    ORDER_STATE_MAX
};

/* Whether readers judge the stock of what it is of. Then it has a key, and a cancellation that was
 * begun is repeated until its outcome is known. */
enum order_kind {
    ORDER_UNJUDGED,
    ORDER_KEPT,    /* of products sold, never cancelled */
    ORDER_RETURNS, /* may be cancelled */
};

struct order_line {
    uint8_t product, quantity;
};

struct order {
    enum order_state state;
    enum order_kind kind;
    struct order_line lines[ORDER_LINES_MAX];
    uint8_t count;      /* of lines */
    bool nowhere;       /* each attempt so far was answered with the word that it changed nothing */
    bool keyed;         /* its reference is its Idempotency-Key too */
    uint8_t seen;       /* how often the books have it */
    char *body;         /* the request's */
    char *booked;       /* once placed: total and lines, as the books must have them */
    uint64_t answer;    /* once placed: the hash of the answer's body */
    bool cancel_sent;   /* it may be cancelled */
    uint64_t cancelled; /* once that is acknowledged: the hash of the answer's body; else 0 */
    char id[ORDER_ID_SIZE];
};

/* The catalogue that the orders are of, as CSV. */
void order_catalogue(char *out, unsigned size);

/* Of a product's stock before the first order. */
int64_t order_stock(int64_t product);

/* Makes one up: what it asks for is random's. False if there is no memory. */
bool order_make(struct order *order, uint64_t *random, const char *reference);

/* Takes the body of a 201, the first or a repeated one, which it changes; says what is wrong with
 * it, or differs from an earlier one. */
void order_acknowledge(struct order *order, const char *reference, char *body);

/* Takes the body of an answer that the order is cancelled, the first or a repeated one; says what
 * is wrong with it, or differs from an earlier one. */
void order_cancelled(struct order *order, const char *body);

/* Whether the body of a GET says the same as the 201, or, once it may be cancelled, that it is. */
bool order_reads_as(const struct order *order, const char *body);

void order_free(struct order *order);

#endif
