#include "torture/stock.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "torture/order.h"
#include "torture/wrong.h"

enum {
    STOCK_LATE_US = STOCK_LATE_MS * 1000,
    STOCK_KEEP_US = 4 * STOCK_LATE_US, /* how long it is known when a change was acknowledged */
    STOCK_ENDS_MAX = 8192              /* of a product in that time */
};

/* A change that was acknowledged. */
struct stock_end {
    int64_t at_us;
    int64_t change;
    size_t pair;
};

static struct stock_product {
    pthread_mutex_t mutex;
    int64_t fall_begun, rise_begun; /* sums; falls are below 0 */
    int64_t fell, rose;             /* of changes that were acknowledged long ago */
    struct stock_end ends[STOCK_ENDS_MAX];
    size_t first, count;
} stock_products[ORDER_PRODUCTS + 1];

/* Reads through another pair that showed the stock of before, by how many milliseconds after the
 * change was acknowledged they began. */
static _Atomic int64_t stock_late[STOCK_LATE_MS + 1];
static _Atomic int64_t stock_judged;

void stock_start(void)
{
    for (size_t i = 0; i <= ORDER_PRODUCTS; i++)
        pthread_mutex_init(&stock_products[i].mutex, NULL);
}

static struct stock_product *stock_lock(int64_t product)
{
    struct stock_product *p = &stock_products[product];
    pthread_mutex_lock(&p->mutex);
    return p;
}

static void stock_add(int64_t change, int64_t *fell, int64_t *rose)
{
    *(change < 0 ? fell : rose) += change;
}

static const struct stock_end *stock_nth(const struct stock_product *p, size_t n)
{
    return &p->ends[(p->first + n) % STOCK_ENDS_MAX];
}

void stock_begin(int64_t product, int64_t change)
{
    struct stock_product *p = stock_lock(product);
    stock_add(change, &p->fall_begun, &p->rise_begun);
    pthread_mutex_unlock(&p->mutex);
}

void stock_end(int64_t product, int64_t change, size_t pair)
{
    struct stock_product *p = stock_lock(product);
    int64_t now = clock_monotonic_us();
    while (p->count > 0 && now - stock_nth(p, 0)->at_us > STOCK_KEEP_US) {
        stock_add(stock_nth(p, 0)->change, &p->fell, &p->rose);
        p->first = (p->first + 1) % STOCK_ENDS_MAX;
        p->count--;
    }
    if (p->count < STOCK_ENDS_MAX)
        p->ends[(p->first + p->count++) % STOCK_ENDS_MAX] = (struct stock_end){now, change, pair};
    else
        wrong_say("product %" PRId64 " changes too often to be judged", product);
    pthread_mutex_unlock(&p->mutex);
}

static bool stock_is_certain(const struct stock_end *end, const struct stock_look *look)
{
    return end->at_us <= look->at_us &&
           (end->pair == look->pair || look->at_us - end->at_us > STOCK_LATE_US);
}

void stock_look(int64_t product, size_t pair, struct stock_look *look)
{
    struct stock_product *p = stock_lock(product);
    *look = (struct stock_look){pair, clock_monotonic_us(), p->fell, p->rose};
    for (size_t i = 0; i < p->count; i++) {
        if (stock_is_certain(stock_nth(p, i), look))
            stock_add(stock_nth(p, i)->change, &look->fell, &look->rose);
    }
    pthread_mutex_unlock(&p->mutex);
}

/* Notes for how long the oldest change that is not shown had been acknowledged through another
 * pair. change is the stock's since the start, as it is shown. */
static void stock_note_late(const struct stock_product *p, const struct stock_look *look,
                            int64_t change)
{
    int64_t fell = look->fell, rose = look->rose;
    for (size_t i = 0; i < p->count && stock_nth(p, i)->at_us <= look->at_us; i++) {
        const struct stock_end *end = stock_nth(p, i);
        if (stock_is_certain(end, look))
            continue;
        stock_add(end->change, &fell, &rose);
        if (change > fell + p->rise_begun || change < p->fall_begun + rose) {
            atomic_fetch_add(&stock_late[(look->at_us - end->at_us) / 1000], 1);
            return;
        }
    }
}

void stock_judge(int64_t product, const struct stock_look *look, int64_t quantity, const char *how)
{
    struct stock_product *p = stock_lock(product);
    int64_t stock = order_stock(product), change = quantity - stock;
    int64_t least = p->fall_begun + look->rose, most = look->fell + p->rise_begun;
    bool right = least <= change && change <= most;
    if (right)
        stock_note_late(p, look, change);
    pthread_mutex_unlock(&p->mutex);
    atomic_fetch_add(&stock_judged, 1);
    if (!right)
        wrong_say(
            "%s through pair %zu shows %" PRId64 " of product %" PRId64
            "; by what was told before it began, and sent before it ended, it must be %" PRId64
            " to %" PRId64 "; it took %" PRId64 " ms",
            how, look->pair, quantity, product, stock + least, stock + most,
            (clock_monotonic_us() - look->at_us) / 1000);
}

void stock_report(void)
{
    int64_t count = 0, below = 0;
    int largest = 0, most = 0;
    for (int ms = 0; ms <= STOCK_LATE_MS; ms++) {
        count += atomic_load(&stock_late[ms]);
        largest = atomic_load(&stock_late[ms]) ? ms : largest;
    }
    while (most < STOCK_LATE_MS && (below += atomic_load(&stock_late[most])) * 100 < count * 99)
        most++;
    printf(" %" PRId64 " stocks judged, %" PRId64
           " of them of before a change through another pair (99 of 100 for %d ms, the longest"
           " for %d ms),",
           atomic_load(&stock_judged), count, most, largest);
}
