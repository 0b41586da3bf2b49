/* fuzz_order_json: whatever the bytes, an order is refused with a reason or holds every bound. */
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "json/json_check.h"
#include "json/order_json.h"

static char *fuzz_copy(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_REQUIRE(text);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* An escaped NUL would end a string early, unseen by whoever reads the tree. */
static void fuzz_check_no_nul(const char *text)
{
    for (const char *p = text; (p = strstr(p, "\\u0000")); p++) {
        size_t backslashes = 0;
        while (p - backslashes > text && p[-1 - (ptrdiff_t)backslashes] == '\\')
            backslashes++;
        FUZZ_INT(backslashes % 2, 1);
    }
}

/* What json_check accepts, cJSON reads, and a second check accepts unchanged. */
static void fuzz_check(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy(data, size);
    size_t where = SIZE_MAX, again;
    enum json_fault fault = json_check(text, size, &where);
    FUZZ_COMPARE(fault, <, JSON_FAULT_MAX);
    FUZZ_COMPARE(where, <=, size);
    if (fault) {
        FUZZ_REQUIRE(json_fault_texts[fault][0]);
    } else {
        cJSON *tree = cJSON_ParseWithLengthOpts(text, size + 1, NULL, 1);
        FUZZ_REQUIRE(tree);
        cJSON_Delete(tree);
        FUZZ_REQUIRE(text_is_utf8(text, size));
        FUZZ_REQUIRE(!memchr(text, '\0', size));
        fuzz_check_no_nul(text);
        char *copy = fuzz_copy((const uint8_t *)text, size);
        FUZZ_INT(json_check(copy, size, &again), JSON_OK);
        FUZZ_REQUIRE(memcmp(copy, text, size) == 0);
        free(copy);
    }
    free(text);
}

static void fuzz_check_request(const struct order_request *request)
{
    FUZZ_COMPARE(request->count, >=, 1);
    FUZZ_COMPARE(request->count, <=, ORDER_LINES_MAX);
    for (size_t i = 0; i < request->count; i++) {
        const struct order_item *item = &request->items[i];
        FUZZ_COMPARE(item->product_id, >=, 1);
        FUZZ_COMPARE(item->product_id, <=, PRODUCT_ID_MAX);
        FUZZ_COMPARE(item->quantity, >=, 1);
        FUZZ_COMPARE(item->quantity, <=, ORDER_QUANTITY_MAX);
        FUZZ_COMPARE(item->position, >=, i);
        FUZZ_COMPARE(item->position, <, ORDER_LINES_MAX);
        for (size_t k = 0; k < i; k++)
            FUZZ_COMPARE(request->items[k].product_id, !=, item->product_id);
    }
    FUZZ_REQUIRE(text_is_utf8(request->email, strlen(request->email)));
    FUZZ_REQUIRE(text_is_utf8(request->reference, strlen(request->reference)));
    FUZZ_REQUIRE(!text_has_control(request->email, strlen(request->email)));
    FUZZ_REQUIRE(!text_has_control(request->reference, strlen(request->reference)));
}

static void fuzz_check_violations(const struct violations *violations)
{
    for (size_t i = 0; i < violation_kept(violations); i++) {
        const struct violation *v = &violations->items[i];
        FUZZ_INT(v->place, VIOLATION_BODY);
        FUZZ_REQUIRE(v->where[0] == '\0' || v->where[0] == '/');
        FUZZ_COMPARE(strlen(v->where), <, VIOLATION_WHERE_SIZE - 1);
        FUZZ_REQUIRE(text_is_utf8(v->where, strlen(v->where)));
        FUZZ_REQUIRE(!text_has_control(v->where, strlen(v->where)));
        FUZZ_REQUIRE(v->detail[0]);
        FUZZ_REQUIRE(text_is_utf8(v->detail, strlen(v->detail)));
        for (const char *p = strchr(v->where, '~'); p; p = strchr(p + 1, '~'))
            FUZZ_REQUIRE(p[1] == '0' || p[1] == '1');
    }
}

/* The order that the request becomes adds up, and is JSON again once written. */
static void fuzz_check_order(const struct order_request *request, bool pretty)
{
    static struct order order;
    struct product product = {.price_cents = INT64_C(9999999999), .name = "N \"\xc3\xa9\"\t"};
    struct json_writer w;
    struct buffer out;
    int64_t sum = 0;
    size_t where;

    order = (struct order){.id = "0", .created_us = 1, .cancelled_us = request->count > 1};
    memcpy(order.email, request->email, sizeof order.email);
    memcpy(order.reference, request->reference, sizeof order.reference);
    for (size_t i = 0; i < request->count; i++) {
        order_add_line(&order, &request->items[i], &product);
        sum += order.lines[i].quantity * order.lines[i].unit_price_cents;
    }
    FUZZ_INT(order.total_cents, sum);
    FUZZ_REQUIRE(order_matches(&order, request));
    buffer_init(&out, (size_t)1 << 20);
    json_write_start(&w, &out, pretty);
    order_json_write(&w, &order, pretty ? "Order created" : NULL);
    json_write_end(&w);
    FUZZ_REQUIRE(!out.overflown);
    FUZZ_INT(json_check(out.data, out.len, &where), JSON_OK);
    FUZZ_REQUIRE(pretty || !strchr(out.data, '\n'));
    buffer_free(&out);
}

/* An object without members, or refused with a reason. */
static void fuzz_check_none(const uint8_t *data, size_t size)
{
    static struct violations violations;
    char detail[ORDER_JSON_DETAIL_SIZE], *body = fuzz_copy(data, size);
    cJSON *tree = NULL;
    if (order_json_read_none(body, size, &violations, detail)) {
        FUZZ_REQUIRE(detail[0]);
    } else if (violations.count > 0) {
        fuzz_check_violations(&violations);
    } else {
        tree = cJSON_ParseWithLengthOpts((const char *)data, size, NULL, 0);
        FUZZ_REQUIRE(cJSON_IsObject(tree) && !tree->child);
    }
    cJSON_Delete(tree);
    free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct order_request request;
    static struct violations violations;
    char detail[ORDER_JSON_DETAIL_SIZE], *body = fuzz_copy(data, size);

    fuzz_check(data, size);
    fuzz_check_none(data, size);
    if (order_json_read(body, size, &request, &violations, detail)) {
        FUZZ_REQUIRE(detail[0]);
        FUZZ_REQUIRE(text_is_utf8(detail, strlen(detail)));
    } else if (violations.count > 0) {
        fuzz_check_violations(&violations);
    } else {
        fuzz_check_request(&request);
        fuzz_check_order(&request, size % 2 == 0);
    }
    free(body);
    return 0;
}
