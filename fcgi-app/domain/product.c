#include "domain/product.h"

#include <stdbool.h>
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
    [PRODUCT_QUANTITY] = "a whole number from 0 to 1000000000",
};

static bool product_in(int64_t value, int64_t min, int64_t max)
{
    return value >= min && value <= max;
}

enum product_field product_check(const struct product *product)
{
    size_t name_len = strlen(product->name), description_len = strlen(product->description);
    if (!product_in(product->id, 1, PRODUCT_ID_MAX))
        return PRODUCT_ID;
    if (name_len < 1 || name_len > PRODUCT_NAME_MAX || !text_is_utf8(product->name, name_len) ||
        text_has_control(product->name, name_len))
        return PRODUCT_NAME;
    if (description_len > PRODUCT_DESCRIPTION_MAX ||
        !text_is_utf8(product->description, description_len))
        return PRODUCT_DESCRIPTION;
    if (!product_in(product->price_cents, 0, MONEY_PRICE_MAX))
        return PRODUCT_PRICE;
    if (!product_in(product->quantity, 0, PRODUCT_QUANTITY_MAX))
        return PRODUCT_QUANTITY;
    return PRODUCT_FIELD_MAX;
}
