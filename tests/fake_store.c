#include "fake_store.h"

#include <stdio.h>
#include <string.h>

enum { FAKE_STORE_ORDERS_TOP = 0xffff, FAKE_STORE_CENTS = 999 };

static const struct product fake_store_products[] = {
    {1, 999, 10, "Product 1", "Description for product 1"},
    {2, 1999, 5, "Product 2", "Description for product 2"},
    {3, 2999, 2, "Product 3", "Description for product 3"},
};

static struct fake_store *fake_store_called(struct store *store, const char *consumer,
                                            const char *text)
{
    struct fake_store *fake = (struct fake_store *)store;
    fake->calls++;
    snprintf(fake->consumer, sizeof fake->consumer, "%s", consumer);
    snprintf(fake->text, sizeof fake->text, "%s", text);
    return fake;
}

static enum store_result fake_store_ping(struct store *store)
{
    return fake_store_called(store, "", "")->result;
}

static enum store_result fake_store_product_get(struct store *store, int64_t id,
                                                store_product_visit visit, void *context)
{
    struct fake_store *fake = fake_store_called(store, "", "");
    fake->id = id;
    for (size_t i = 0; i < fake->product_count; i++) {
        if (fake->products[i].id == id)
            return visit(context, &fake->products[i]) ? fake->result : STORE_STOPPED;
    }
    return fake->result == STORE_OK ? STORE_NOT_FOUND : fake->result;
}

static enum store_result fake_store_product_list(struct store *store, int64_t after, int64_t limit,
                                                 store_product_visit visit, void *context)
{
    struct fake_store *fake = fake_store_called(store, "", "");
    int64_t shown = 0;
    fake->after = after;
    fake->limit = limit;
    for (size_t i = 0; i < fake->product_count && (!limit || shown < limit); i++) {
        if (fake->products[i].id <= after)
            continue;
        if (!visit(context, &fake->products[i]))
            return STORE_STOPPED;
        shown++;
    }
    return fake->result;
}

static enum store_result fake_store_order_place(struct store *store,
                                                const struct order_request *request,
                                                const struct store_placement *placement,
                                                struct store_outcome *outcome)
{
    struct fake_store *fake =
        fake_store_called(store, placement->consumer, placement->key ? placement->key : "");
    fake->request = *request;
    snprintf(fake->placed_id, sizeof fake->placed_id, "%s", placement->id);
    fake->key_lifetime_us = placement->key_lifetime_us;

    struct order *order = &outcome->order;
    order_begin(order, fake->result == STORE_REPLAYED ? FAKE_STORE_ORDER : placement->id,
                placement->now_us, request);
    /* The order of a replay may have been cancelled since. */
    order->cancelled_us = fake->result == STORE_REPLAYED ? placement->now_us : 0;
    for (size_t i = 0; i < request->count; i++) {
        const struct product product = {
            .id = request->items[i].product_id, .price_cents = FAKE_STORE_CENTS, .name = "Thing"};
        order_add_line(order, &request->items[i], &product);
    }
    memcpy(outcome->unknown, fake->unknown, sizeof fake->unknown);
    outcome->unknown_count = fake->unknown_count;
    memcpy(outcome->shorts, fake->shorts, sizeof fake->shorts);
    outcome->short_count = fake->short_count;
    return fake->result;
}

static void fake_store_order(struct order *order, const char *id);

static enum store_result fake_store_order_cancel(struct store *store,
                                                 const struct store_placement *placement,
                                                 struct store_outcome *outcome)
{
    struct fake_store *fake = fake_store_called(store, placement->consumer, placement->id);
    if (fake->result == STORE_OK && strcmp(placement->id, FAKE_STORE_ORDER) != 0)
        return STORE_NOT_FOUND;
    fake_store_order(&outcome->order, placement->id);
    outcome->order.cancelled_us = placement->now_us;
    return fake->result;
}

static void fake_store_order(struct order *order, const char *id)
{
    const struct order_item item = {.product_id = 1, .quantity = 2};
    *order = (struct order){.created_us = INT64_C(1700000000123456)};
    snprintf(order->id, sizeof order->id, "%s", id);
    order_add_line(order, &item, &fake_store_products[0]);
}

static enum store_result fake_store_order_get(struct store *store, const char *consumer,
                                              const char *id, struct order *order)
{
    struct fake_store *fake = fake_store_called(store, consumer, id);
    if (fake->result == STORE_OK && strcmp(id, FAKE_STORE_ORDER) != 0)
        return STORE_NOT_FOUND;
    fake_store_order(order, id);
    return fake->result;
}

static enum store_result fake_store_order_list(struct store *store,
                                               const struct store_order_filter *filter,
                                               store_order_visit visit, void *context)
{
    const char *before = filter->before ? filter->before : "";
    struct fake_store *fake = fake_store_called(store, filter->consumer, before);
    int64_t limit = filter->limit;
    snprintf(fake->reference, sizeof fake->reference, "%s",
             filter->reference ? filter->reference : "");
    int64_t shown = 0;
    fake->limit = limit;
    for (size_t n = 0; n < fake->order_count && (!limit || shown < limit); n++) {
        static struct order order;
        char id[ID_TEXT_SIZE];
        fake_store_order_id(n, id);
        if (*before && strcmp(id, before) >= 0)
            continue;
        fake_store_order(&order, id);
        if (!visit(context, &order))
            return STORE_STOPPED;
        shown++;
    }
    return fake->result;
}

static enum store_result fake_store_changes_make(struct store *store, struct store_change *changes,
                                                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct store_change *change = &changes[i];
        change->result =
            change->use == STORE_USE_ORDER
                ? fake_store_order_place(store, change->request, change->placement, change->outcome)
                : fake_store_order_cancel(store, change->placement, change->outcome);
    }
    return STORE_OK;
}

void fake_store_order_id(size_t n, char out[ID_TEXT_SIZE])
{
    snprintf(out, ID_TEXT_SIZE, "018f0000-%04zx-7000-8000-000000000000", FAKE_STORE_ORDERS_TOP - n);
}

void fake_store_init(struct fake_store *fake)
{
    static const struct store_driver driver = {
        .scheme = "fake",
        .ping = fake_store_ping,
        .product_get = fake_store_product_get,
        .product_list = fake_store_product_list,
        .changes_make = fake_store_changes_make,
        .order_get = fake_store_order_get,
        .order_list = fake_store_order_list,
    };
    *fake = (struct fake_store){
        .store.driver = &driver,
        .result = STORE_OK,
        .products = fake_store_products,
        .product_count = sizeof fake_store_products / sizeof fake_store_products[0],
    };
}
