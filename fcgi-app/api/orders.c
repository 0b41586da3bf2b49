#include <inttypes.h>
#include <stdio.h>

#include "api/api.h"
#include "api/list.h"
#include "base/id.h"
#include "base/log.h"
#include "metrics/metrics.h"
#include "json/order_json.h"

#define ORDERS_CREATED "Order created"

/* A consumer's orders only ever grow in number, so a list of all of them has no bound. */
enum { ORDERS_PAGE = 100 };

/* Adds a violation for each product that does not exist, at the first item that names it. */
static void orders_name_unknown(const struct order_request *order,
                                const struct store_outcome *outcome, struct api_response *response)
{
    for (size_t u = 0; u < outcome->unknown_count; u++) {
        char where[VIOLATION_WHERE_SIZE];
        size_t line = 0;
        while (line + 1 < order->count && order->items[line].product_id != outcome->unknown[u])
            line++;
        snprintf(where, sizeof where, "/items/%zu/product_id", order->items[line].position);
        violation_add(&response->violations, VIOLATION_BODY, where, "there is no product %" PRId64,
                      outcome->unknown[u]);
    }
}

/* Lists every line for which there is not enough stock. */
static void orders_name_short(const struct api_request *request,
                              const struct store_outcome *outcome, struct api_response *response)
{
    struct json_writer writer;
    response->member = "short";
    json_write_start_member(&writer, &response->body, request->pretty);
    json_write_open(&writer, '[');
    for (size_t i = 0; i < outcome->short_count; i++) {
        json_write_open(&writer, '{');
        json_write_member_number(&writer, "available", outcome->shorts[i].available);
        json_write_member_number(&writer, "product_id", outcome->shorts[i].product_id);
        json_write_member_number(&writer, "requested", outcome->shorts[i].requested);
        json_write_close(&writer, '}');
    }
    json_write_close(&writer, ']');
}

static void orders_render(const struct api_request *request, const struct order *order,
                          const char *message, struct api_response *response)
{
    struct json_writer writer;
    json_write_start(&writer, &response->body, request->pretty);
    order_json_write(&writer, order, message);
    json_write_end(&writer);
}

/* What a body is that was read: API_OK if it is valid. */
static enum api_status orders_status_of(enum json_fault fault, const struct api_response *response)
{
    if (fault == JSON_OUT_OF_MEMORY) {
        log_write(LOG_ERROR, "no memory to read an order", LOG_FIELDS(LOG_TEXT("call", "malloc")));
        return API_FAULT;
    }
    if (fault)
        return API_MALFORMED;
    return response->violations.count > 0 ? API_INVALID : API_OK;
}

static void orders_count(enum store_result result, const struct order *order)
{
    if (result == STORE_OK) {
        metrics_add(METRIC_ORDERS, 1, METRICS_WITH(IS_PLACED));
        metrics_add(METRIC_ORDER_LINES, (int64_t)order->count, METRICS_BARE);
        metrics_add(METRIC_ORDER_VALUE, order->total_cents, METRICS_BARE);
    } else if (result == STORE_REPLAYED || result == STORE_SHORT) {
        metrics_add(METRIC_ORDERS, 1, METRICS_WITH(result == STORE_SHORT ? IS_SHORT : IS_REPLAYED));
    }
}

static enum api_status orders_prepare(const struct api_request *request, struct api_change *change,
                                      struct api_response *response)
{
    enum api_status status =
        orders_status_of(order_json_read(request->body, request->body_len, &change->order,
                                         &response->violations, response->detail),
                         response);
    if (status != API_OK)
        return status;
    id_make(request->now_us, change->id);
    change->placement = (struct store_placement){.consumer = request->consumer,
                                                 .key = request->idempotency_key,
                                                 .id = change->id,
                                                 .now_us = request->now_us,
                                                 .key_lifetime_us = ORDER_KEY_LIFETIME_US};
    change->store = (struct store_change){
        .use = STORE_USE_ORDER, .request = &change->order, .placement = &change->placement};
    return API_OK;
}

static enum api_status orders_conclude(const struct api_request *request,
                                       const struct api_change *change,
                                       struct api_response *response)
{
    enum store_result result = change->store.result;
    struct store_outcome *outcome = change->store.outcome;
    orders_count(result, &outcome->order);
    if (result == STORE_UNKNOWN_PRODUCT)
        orders_name_unknown(&change->order, outcome, response);
    if (result == STORE_SHORT)
        orders_name_short(request, outcome, response);
    if (result != STORE_OK && result != STORE_REPLAYED)
        return api_status_of(result);

    /* A replay is the first answer, which nobody could have cancelled before it was given. */
    outcome->order.cancelled_us = 0;
    snprintf(response->location, sizeof response->location, "/orders/%s", outcome->order.id);
    orders_render(request, &outcome->order, ORDERS_CREATED, response);
    return result == STORE_OK ? API_CREATED : API_REPLAYED;
}

/* A body says nothing, but what it says must not be passed over: it may be a part of the order. */
static enum api_status orders_prepare_cancel(const struct api_request *request,
                                             struct api_change *change,
                                             struct api_response *response)
{
    enum api_status status = API_OK;
    if (request->body_len > 0)
        status = orders_status_of(order_json_read_none(request->body, request->body_len,
                                                       &response->violations, response->detail),
                                  response);
    if (status != API_OK)
        return status;
    if (!id_is_valid(request->id))
        return API_NO_ORDER;
    change->placement = (struct store_placement){
        .consumer = request->consumer, .id = request->id, .now_us = request->now_us};
    change->store = (struct store_change){.use = STORE_USE_CANCEL, .placement = &change->placement};
    return API_OK;
}

static enum api_status orders_conclude_cancel(const struct api_request *request,
                                              const struct api_change *change,
                                              struct api_response *response)
{
    enum store_result result = change->store.result;
    if (result == STORE_OK) {
        metrics_add(METRIC_ORDERS, 1, METRICS_WITH(IS_CANCELLED));
        orders_render(request, &change->store.outcome->order, NULL, response);
    }
    return result == STORE_NOT_FOUND ? API_NO_ORDER : api_status_of(result);
}

static enum api_status orders_get(const struct api_request *request, struct api_response *response)
{
    struct order order;
    if (!id_is_valid(request->id))
        return API_NO_ORDER;
    enum store_result result =
        store_order_get(request->store, request->consumer, request->id, &order);
    if (result == STORE_OK)
        orders_render(request, &order, NULL, response);
    return result == STORE_NOT_FOUND ? API_NO_ORDER : api_status_of(result);
}

static bool orders_visit_row(void *context, const struct order *order)
{
    struct list *list = context;
    if (!list_takes(list))
        return true;
    order_json_write(&list->writer, order, NULL);
    return list_keeps(list, order->id);
}

static enum api_status orders_list(const struct api_request *request, struct api_response *response)
{
    struct list list;
    if (request->after && !id_is_valid(request->after)) {
        violation_add(&response->violations, VIOLATION_QUERY, "after",
                      "must be an order id, as in the next link of the page before");
        return API_INVALID;
    }
    if (request->reference && !order_is_reference(request->reference)) {
        violation_add(&response->violations, VIOLATION_QUERY, "reference", "%s",
                      order_fault_texts[ORDER_BAD_REFERENCE]);
        return API_INVALID;
    }
    list_start(&list, request, response);
    const struct store_order_filter filter = {.consumer = request->consumer,
                                              .reference = request->reference,
                                              .before = request->after,
                                              .limit = list_store_limit(&list)};
    return list_end(&list, store_order_list(request->store, &filter, orders_visit_row, &list));
}

const struct api_resource orders_resource = {{
    {API_READ, "/orders", orders_list, .paged = true, .page = ORDERS_PAGE, .referenced = true},
    {API_CHANGE, "/orders", .prepare = orders_prepare, .conclude = orders_conclude,
     .takes_body = true, .keyed = true},
    {API_READ, "/orders/{id}", orders_get, .shared = false},
    {API_CHANGE, "/orders/{id}/cancel", .prepare = orders_prepare_cancel,
     .conclude = orders_conclude_cancel, .takes_body = true, .body_optional = true},
}};
