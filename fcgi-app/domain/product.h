/* product: what is for sale. */
#ifndef DOMAIN_PRODUCT_H
#define DOMAIN_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

/* The largest integer that every JSON reader keeps exact, 2^53 - 1 (RFC 7493, section 2.2). */
#define PRODUCT_ID_MAX    INT64_C(9007199254740991)
#define PRODUCT_STOCK_MAX INT64_C(9007199254740991) /* likewise */

/* The most that an adjustment may raise a stock to. Cancellations may lift it above that, and an
 * import takes whatever an export tells. */
#define PRODUCT_QUANTITY_MAX INT64_C(1000000000)

enum {
    PRODUCT_NAME_MAX = 200,         /* bytes */
    PRODUCT_DESCRIPTION_MAX = 2000, /* bytes */
};

struct product {
    int64_t id;          /* 1..PRODUCT_ID_MAX */
    int64_t price_cents; /* 0..MONEY_PRICE_MAX */
    int64_t quantity;    /* stock, 0..PRODUCT_STOCK_MAX */
    const char *name;    /* borrowed; 1..PRODUCT_NAME_MAX bytes of UTF-8, no control characters */
    const char *description; /* borrowed; 0..PRODUCT_DESCRIPTION_MAX bytes of UTF-8 */
};

/* A product of an import may lack fields but its id: such a number is this, such a text is NULL. A
 * product that exists keeps what it has there. */
#define PRODUCT_NOT_GIVEN INT64_MIN

enum product_field {
    PRODUCT_ID,
    PRODUCT_NAME,
    PRODUCT_DESCRIPTION,
    PRODUCT_PRICE,
    PRODUCT_QUANTITY,
    PRODUCT_FIELD_MAX
};

/* The fields' names, as CSV headers and JSON members spell them. */
extern const char *const product_field_names[PRODUCT_FIELD_MAX];

/* What each field must be. Each text ends a sentence that says "must be". */
extern const char *const product_field_rules[PRODUCT_FIELD_MAX];

/* The first field that breaks its bounds, or PRODUCT_FIELD_MAX if the product is valid. A field
 * that is not given breaks none. */
enum product_field product_check(const struct product *product);

/* Gives the product, where it lacks a field, that of the other, whose texts it borrows. */
void product_complete(struct product *product, const struct product *from);

/* Tells whether two products, neither of which lacks a field, are the same in all of them. */
bool product_equals(const struct product *a, const struct product *b);

#endif
