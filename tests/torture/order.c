#include "torture/order.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "e2e/catalogue.h"
#include "e2e/load.h"
#include "torture/wrong.h"

/* GET does not repeat it. */
#define MESSAGE ",\"message\":\"Order created\""

void order_catalogue(char *out, unsigned size)
{
    size_t n = (size_t)snprintf(out, size, CATALOGUE_HEADER);
    for (int i = 1; i <= ORDER_PRODUCTS; i++)
        n += catalogue_line(out + n, size - n, i, order_stock(i));
}

int64_t order_stock(int64_t product)
{
    if (product > ORDER_RETURNED)
        return ORDER_MARKED_STOCK;
    return product <= ORDER_SCARCE ? ORDER_SCARCE_STOCK : ORDER_PLENTY_STOCK;
}

/* Of products that anybody may change. Some name them upward and some downward, as if to wait for
 * each other. */
static void order_choose(struct order *order, uint64_t *random)
{
    uint32_t lines = load_random(random, 2) ? 1 : 1 + load_random(random, ORDER_LINES_MAX);
    uint32_t scarce = load_random(random, 8) == 0, all = ORDER_SHARED - ORDER_SCARCE;
    uint32_t first = load_random(random, all), step = load_random(random, 2) ? 1 : all - 1;
    for (uint32_t i = 0; i < lines; i++)
        order->lines[i].product =
            (uint8_t)(i == 0 && scarce ? 1 + load_random(random, ORDER_SCARCE)
                                       : 1 + ORDER_SCARCE + (first + i * step) % all);
    order->count = (uint8_t)lines;
}

/* Of one or two that are judged: the first ones often, the last ones seldom. */
static void order_choose_judged(struct order *order, uint64_t *random)
{
    bool kept = load_random(random, 2) == 0;
    uint32_t before = kept ? ORDER_SHARED : ORDER_SOLD;
    uint32_t all = (kept ? ORDER_SOLD : ORDER_RETURNED) - before;
    uint32_t first = load_random(random, 1 + load_random(random, all));
    order->kind = kept ? ORDER_KEPT : ORDER_RETURNS;
    order->keyed = true;
    order->count = (uint8_t)(1 + load_random(random, 2));
    for (uint32_t i = 0; i < order->count; i++)
        order->lines[i].product = (uint8_t)(1 + before + (first + i) % all);
}

bool order_make(struct order *order, uint64_t *random, const char *reference)
{
    char body[ORDER_BODY_SIZE];
    *order = (struct order){.keyed = load_random(random, 5) > 0};
    if (load_random(random, 4) == 0)
        order_choose_judged(order, random);
    else
        order_choose(order, random);
    size_t n = (size_t)snprintf(body, sizeof body, "{\"reference\":\"%s\",\"items\":[", reference);
    for (size_t i = 0; i < order->count; i++) {
        order->lines[i].quantity = (uint8_t)(1 + load_random(random, 3));
        n += (size_t)snprintf(body + n, sizeof body - n, "%s{\"product_id\":%d,\"quantity\":%d}",
                              i ? "," : "", order->lines[i].product, order->lines[i].quantity);
    }
    snprintf(body + n, sizeof body - n, "]}");
    order->body = strdup(body);
    return order->body != NULL;
}

static int64_t order_number(const cJSON *object, const char *name, double times)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? (int64_t)(item->valuedouble * times + 0.5) : -1;
}

/* Total and lines as the books' query writes them; false if the lines are not the ones asked for,
 * at the prices of the catalogue. */
static bool order_book(const cJSON *asked, const cJSON *answer, char out[ORDER_BOOKED_SIZE])
{
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(asked, "items"), *line;
    const cJSON *lines = cJSON_GetObjectItemCaseSensitive(answer, "items");
    int64_t total = order_number(answer, "total", 100), sum = 0;
    size_t n = (size_t)snprintf(out, ORDER_BOOKED_SIZE, "%" PRId64, total);
    int i = 0;
    cJSON_ArrayForEach(line, lines)
    {
        const cJSON *w = cJSON_GetArrayItem(want, i++);
        int64_t product = order_number(line, "product_id", 1),
                quantity = order_number(line, "quantity", 1),
                price = order_number(line, "unit_price", 100),
                amount = order_number(line, "amount", 100);
        if (product != order_number(w, "product_id", 1) ||
            quantity != order_number(w, "quantity", 1) || price != catalogue_cents(product) ||
            amount != price * quantity || n >= ORDER_BOOKED_SIZE)
            return false;
        n += (size_t)snprintf(out + n, ORDER_BOOKED_SIZE - n,
                              " %" PRId64 ":%" PRId64 ":%" PRId64 ":%" PRId64, product, quantity,
                              price, amount);
        sum += amount;
    }
    return i > 0 && i == cJSON_GetArraySize(want) && sum == total;
}

static bool order_keep(struct order *order, const char *body)
{
    char booked[ORDER_BOOKED_SIZE];
    cJSON *asked = cJSON_Parse(order->body), *answer = cJSON_Parse(body);
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "id"));
    const char *said = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "reference"));
    const char *sent = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(asked, "reference"));
    bool ok = id && said && sent && strcmp(said, sent) == 0 && strlen(id) < ORDER_ID_SIZE &&
              order_book(asked, answer, booked) && (order->booked = strdup(booked)) != NULL;
    if (ok)
        snprintf(order->id, sizeof order->id, "%s", id);
    cJSON_Delete(asked);
    cJSON_Delete(answer);
    return ok;
}

void order_acknowledge(struct order *order, const char *reference, char *body)
{
    char *message = strstr(body, MESSAGE);
    if (message)
        memmove(message, message + strlen(MESSAGE), strlen(message + strlen(MESSAGE)) + 1);
    uint64_t hash = text_hash(body);
    if (order->state == ORDER_PLACED) {
        if (hash != order->answer)
            wrong_say("%s, first acknowledged as %s, is now %s", reference, order->id, body);
        return;
    }
    if (!message || !order_keep(order, body)) {
        wrong_say("%s asked for %s and got %s", reference, order->body, body);
        return;
    }
    order->answer = hash;
    order->state = ORDER_PLACED;
}

/* Whether the body is what the order was acknowledged with, but that it is cancelled. */
static bool order_is_cancelled(const struct order *order, const char *body)
{
    static const char at[] = "{\"cancelled_at\":\"", status[] = "\"status\":\"cancelled\"";
    char plain[ORDER_ANSWER_SIZE];
    const char *rest = strchr(body, ','), *said = strstr(body, status);
    if (strncmp(body, at, strlen(at)) != 0 || !rest || !said || said < rest ||
        strlen(body) >= sizeof plain)
        return false;
    snprintf(plain, sizeof plain, "{%.*s\"status\":\"confirmed\"%s", (int)(said - rest - 1),
             rest + 1, said + strlen(status));
    return text_hash(plain) == order->answer;
}

void order_cancelled(struct order *order, const char *body)
{
    uint64_t hash = text_hash(body);
    if (!order_is_cancelled(order, body) || (order->cancelled && hash != order->cancelled))
        wrong_say("order %s (%s) is cancelled as %s", order->id, order->booked, body);
    order->cancelled = hash;
}

bool order_reads_as(const struct order *order, const char *body)
{
    uint64_t hash = text_hash(body);
    if (order->cancelled)
        return hash == order->cancelled;
    return hash == order->answer || (order->cancel_sent && order_is_cancelled(order, body));
}

void order_free(struct order *order)
{
    free(order->body);
    free(order->booked);
}
