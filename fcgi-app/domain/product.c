#include "domain/product.h"

#include <string.h>

#include "base/text.h"
#include "domain/money.h"

const char *const product_field_names[PRODUCT_FIELD_MAX] = {
    [PRODUCT_ID] = "id",
    [PRODUCT_NAME] = "name",
    [PRODUCT_DESCRIPTION] = "description",
    [PRODUCT_PRICE] = "price",
    [PRODUCT_QUANTITY] = "quantity",
};

const char *const product_field_rules[PRODUCT_FIELD_MAX] = {
    [PRODUCT_ID] = "a whole number from 1 to 9007199254740991",
    [PRODUCT_NAME] = "1 to 200 bytes of UTF-8 text without control characters",
    [PRODUCT_DESCRIPTION] = "at most 2000 bytes of UTF-8 text without NUL",
    [PRODUCT_PRICE] = "a number from 0 to 99999999.99 with at most two decimals",
    [PRODUCT_QUANTITY] = "a whole number from 0 to 9007199254740991",
};

static bool product_number_is(int64_t value, int64_t max)
{
    return value == PRODUCT_NOT_GIVEN || (value >= 0 && value <= max);
}

static bool product_name_is(const char *name)
{
    size_t len = name ? strlen(name) : 0;
    return !name || (len >= 1 && len <= PRODUCT_NAME_MAX && text_is_utf8(name, len) &&
                     !text_has_control(name, len));
}

static bool product_description_is(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    return len <= PRODUCT_DESCRIPTION_MAX && (!text || text_is_utf8(text, len));
}

enum product_field product_check(const struct product *product)
{
    if (product->id < 1 || product->id > PRODUCT_ID_MAX)
        return PRODUCT_ID;
    if (!product_name_is(product->name))
        return PRODUCT_NAME;
    if (!product_description_is(product->description))
        return PRODUCT_DESCRIPTION;
    if (!product_number_is(product->price_cents, MONEY_PRICE_MAX))
        return PRODUCT_PRICE;
    if (!product_number_is(product->quantity, PRODUCT_STOCK_MAX))
        return PRODUCT_QUANTITY;
    return PRODUCT_FIELD_MAX;
}

void product_complete(struct product *product, const struct product *from)
{
    if (!product->name)
        product->name = from->name;
    if (!product->description)
        product->description = from->description;
    if (product->price_cents == PRODUCT_NOT_GIVEN)
        product->price_cents = from->price_cents;
    if (product->quantity == PRODUCT_NOT_GIVEN)
        product->quantity = from->quantity;
}

bool product_equals(const struct product *a, const struct product *b)
{
    return a->id == b->id && a->price_cents == b->price_cents && a->quantity == b->quantity &&
           strcmp(a->name, b->name) == 0 && strcmp(a->description, b->description) == 0;
}
