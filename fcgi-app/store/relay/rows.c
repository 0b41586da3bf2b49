#include "store/relay/rows.h"

#include <stddef.h>

#include "base/text.h"

enum {
    RELAY_ROWS_CANCELLED = 0, /* what all cancellations lock */
    RELAY_ROWS_SHIFT = 51     /* leaves 13 bits: RELAY_ROWS_WORDS * 64 is 2 to the 13th */
};

/* Spreads numbers that follow one another: Knuth, The Art of Computer Programming, 6.4. */
static const uint64_t relay_rows_factor = 0x9e3779b97f4a7c15;

/* The bits of a change's rows; how many. */
static int relay_rows_of(const struct relay_request *request, uint64_t bits[ORDER_LINES_MAX + 1])
{
    int count = 0;
    if (request->use == STORE_USE_CANCEL)
        bits[count++] = RELAY_ROWS_CANCELLED;
    for (size_t i = 0; i < request->order.count; i++) {
        uint64_t product = (uint64_t)request->order.items[i].product_id;
        bits[count++] = product * relay_rows_factor >> RELAY_ROWS_SHIFT;
    }
    if (!request->has_key)
        return count;
    uint64_t hash = text_hash(request->consumer) * relay_rows_factor ^ text_hash(request->key);
    bits[count++] = hash * relay_rows_factor >> RELAY_ROWS_SHIFT;
    return count;
}

void relay_rows_add(struct relay_rows *rows, const struct relay_request *request)
{
    uint64_t bits[ORDER_LINES_MAX + 1];
    for (int i = relay_rows_of(request, bits) - 1; i >= 0; i--)
        rows->bits[bits[i] / 64] |= UINT64_C(1) << bits[i] % 64;
}

void relay_rows_join(struct relay_rows *rows, const struct relay_rows *others)
{
    for (int i = 0; i < RELAY_ROWS_WORDS; i++)
        rows->bits[i] |= others->bits[i];
}

bool relay_rows_meet(const struct relay_rows *rows, const struct relay_request *request)
{
    uint64_t bits[ORDER_LINES_MAX + 1];
    bool meet = false;
    for (int i = relay_rows_of(request, bits) - 1; i >= 0 && !meet; i--)
        meet = rows->bits[bits[i] / 64] >> bits[i] % 64 & 1;
    return meet;
}
