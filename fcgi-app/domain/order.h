/* order: what a consumer asks for, and what it got. */
#ifndef DOMAIN_ORDER_H
#define DOMAIN_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "domain/product.h"

#define ORDER_QUANTITY_MAX INT64_C(1000000)

/* The time for which an idempotency key is kept, in microseconds: 24 hours. */
#define ORDER_KEY_LIFETIME_US (INT64_C(24) * 3600 * 1000000)

enum {
    ORDER_LINES_MAX = 100,
    ORDER_EMAIL_MAX = 254,     /* bytes; RFC 5321, section 4.5.3.1.3, less the angle brackets */
    ORDER_REFERENCE_MAX = 255, /* bytes */
    ORDER_CONSUMER_MAX = 64,   /* bytes; AWS's ids are "vpce-" and 17 hex digits today */
    ORDER_KEY_MAX = 255,       /* bytes of an idempotency key */
};

/* One line as asked for. */
struct order_item {
    int64_t product_id;
    int64_t quantity;
    size_t position; /* index of the item that named the product first, as sent */
};

/* An order as asked for. Each product is there once, in the order in which they were named. */
struct order_request {
    char email[ORDER_EMAIL_MAX + 1];         /* "" if not given */
    char reference[ORDER_REFERENCE_MAX + 1]; /* "" if not given */
    size_t count;
    struct order_item items[ORDER_LINES_MAX]; /* last: a copy may end behind those there are */
};

/* One line of a placed order; the name and price are those at the time of the order. */
struct order_line {
    int64_t product_id;
    int64_t quantity;
    int64_t unit_price_cents;
    int64_t amount_cents;
    char name[PRODUCT_NAME_MAX + 1];
};

/* A placed order. It takes about 25 kB, so one may be on the stack, but not many. */
struct order {
    char id[ID_TEXT_SIZE];
    int64_t created_us;   /* microseconds since 1970 UTC */
    int64_t cancelled_us; /* the same; 0: the order holds */
    int64_t total_cents;
    char email[ORDER_EMAIL_MAX + 1];         /* "" if none */
    char reference[ORDER_REFERENCE_MAX + 1]; /* "" if none */
    size_t count;
    struct order_line lines[ORDER_LINES_MAX];
};

/* A product of which there is less than an order asks for. */
struct order_shortage {
    int64_t product_id;
    int64_t requested;
    int64_t available;
};

enum order_fault {
    ORDER_OK,             /* no fault */
    ORDER_BAD_PRODUCT,    /* product id outside 1..PRODUCT_ID_MAX */
    ORDER_BAD_QUANTITY,   /* quantity outside 1..ORDER_QUANTITY_MAX */
    ORDER_SUM_TOO_LARGE,  /* the quantities of this product sum to more than ORDER_QUANTITY_MAX */
    ORDER_TOO_MANY_ITEMS, /* more than ORDER_LINES_MAX different products */
    ORDER_BAD_EMAIL,      /* not LOCAL@DOMAIN, or longer than ORDER_EMAIL_MAX */
    ORDER_BAD_REFERENCE,  /* empty, too long, or with a control character */
    ORDER_FAULT_MAX
};

/* What each fault means, for the one who sent the order. */
extern const char *const order_fault_texts[ORDER_FAULT_MAX];

/* Adds the item that was sent at that position. If the product has a line already, the quantity is
 * added to it. On a fault nothing changes. */
enum order_fault order_request_add(struct order_request *request, int64_t product_id,
                                   int64_t quantity, size_t position);

/* Tells whether the text can be an order's reference. */
bool order_is_reference(const char *text);

/* Sets the e-mail address or the reference. On a fault nothing changes. */
enum order_fault order_request_set_email(struct order_request *request, const char *email);
enum order_fault order_request_set_reference(struct order_request *request, const char *reference);

/* Begins the order for a request: it has its e-mail address and reference, and no lines yet.
 * created_us is in microseconds since 1970 UTC. */
void order_begin(struct order *order, const char *id, int64_t created_us,
                 const struct order_request *request);

/* Adds a line for an item, with the product's present name and price, and adds its amount to the
 * total. The order must have room for it. Within the bounds above no sum overflows. */
void order_add_line(struct order *order, const struct order_item *item,
                    const struct product *product);

/* Tells whether the order is what the request asks for: the same lines in the same order, the same
 * e-mail address and reference. If not, its idempotency key was used for another order. */
bool order_matches(const struct order *order, const struct order_request *request);

/* Tells whether a request asks for each product that another one asks for, and perhaps for more. */
bool order_covers(const struct order_request *request, const struct order_request *other);

#endif
