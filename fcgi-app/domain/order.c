#include "domain/order.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

const char *const order_fault_texts[ORDER_FAULT_MAX] = {
    [ORDER_OK] = "",
    [ORDER_BAD_PRODUCT] = "must be a whole number from 1 to 9007199254740991",
    [ORDER_BAD_QUANTITY] = "must be a whole number from 1 to 1000000",
    [ORDER_SUM_TOO_LARGE] = "brings the sum for this product above 1000000",
    [ORDER_TOO_MANY_ITEMS] = "must have at most 100 items",
    [ORDER_BAD_EMAIL] = "must be an e-mail address of at most 254 bytes",
    [ORDER_BAD_REFERENCE] = "must be 1 to 255 bytes of text without control characters",
};

enum order_fault order_request_add(struct order_request *request, int64_t product_id,
                                   int64_t quantity, size_t position)
{
    size_t i = 0;
    if (product_id < 1 || product_id > PRODUCT_ID_MAX)
        return ORDER_BAD_PRODUCT;
    if (quantity < 1 || quantity > ORDER_QUANTITY_MAX)
        return ORDER_BAD_QUANTITY;
    while (i < request->count && request->items[i].product_id != product_id)
        i++;
    if (i < request->count) {
        if (quantity > ORDER_QUANTITY_MAX - request->items[i].quantity)
            return ORDER_SUM_TOO_LARGE;
        request->items[i].quantity += quantity;
        return ORDER_OK;
    }
    if (request->count == ORDER_LINES_MAX)
        return ORDER_TOO_MANY_ITEMS;
    request->items[request->count++] = (struct order_item){product_id, quantity, position};
    return ORDER_OK;
}

/* This is no full parser of RFC 5322. It refuses what cannot be an address and what is unsafe to
 * pass on; only the mail system knows whether an address exists. */
static bool order_is_email(const char *email)
{
    size_t len = strlen(email);
    const char *at = strchr(email, '@');
    return len <= ORDER_EMAIL_MAX && at && at != email && at[1] && !strchr(at + 1, '@') &&
           !strpbrk(email, " ,;<>()[]\\\"") && !text_has_control(email, len);
}

enum order_fault order_request_set_email(struct order_request *request, const char *email)
{
    if (!order_is_email(email))
        return ORDER_BAD_EMAIL;
    snprintf(request->email, sizeof request->email, "%s", email);
    return ORDER_OK;
}

bool order_is_reference(const char *text)
{
    size_t len = strlen(text);
    return len >= 1 && len <= ORDER_REFERENCE_MAX && text_is_utf8(text, len) &&
           !text_has_control(text, len);
}

enum order_fault order_request_set_reference(struct order_request *request, const char *reference)
{
    if (!order_is_reference(reference))
        return ORDER_BAD_REFERENCE;
    snprintf(request->reference, sizeof request->reference, "%s", reference);
    return ORDER_OK;
}

void order_begin(struct order *order, const char *id, int64_t created_us,
                 const struct order_request *request)
{
    snprintf(order->id, sizeof order->id, "%s", id);
    order->created_us = created_us;
    order->cancelled_us = 0;
    order->total_cents = 0;
    order->count = 0;
    memcpy(order->email, request->email, sizeof order->email);
    memcpy(order->reference, request->reference, sizeof order->reference);
}

void order_add_line(struct order *order, const struct order_item *item,
                    const struct product *product)
{
    struct order_line *line = &order->lines[order->count++];
    line->product_id = item->product_id;
    line->quantity = item->quantity;
    line->unit_price_cents = product->price_cents;
    line->amount_cents = product->price_cents * item->quantity;
    snprintf(line->name, sizeof line->name, "%s", product->name);
    order->total_cents += line->amount_cents;
}

bool order_matches(const struct order *order, const struct order_request *request)
{
    if (order->count != request->count || strcmp(order->email, request->email) != 0 ||
        strcmp(order->reference, request->reference) != 0)
        return false;
    for (size_t i = 0; i < order->count; i++) {
        if (order->lines[i].product_id != request->items[i].product_id ||
            order->lines[i].quantity != request->items[i].quantity)
            return false;
    }
    return true;
}

static bool order_asks_for(const struct order_request *request, int64_t product_id)
{
    bool asks = false;
    for (size_t i = 0; i < request->count && !asks; i++)
        asks = request->items[i].product_id == product_id;
    return asks;
}

bool order_covers(const struct order_request *request, const struct order_request *other)
{
    bool covers = true;
    for (size_t i = 0; i < other->count && covers; i++)
        covers = order_asks_for(request, other->items[i].product_id);
    return covers;
}
