#include "torture/marker.h"

#include <inttypes.h>
#include <stdio.h>

#include "torture/commands.h"
#include "torture/order.h"
#include "torture/stock.h"
#include "torture/wrong.h"

enum {
    MARKER_PRODUCTS = (ORDER_PRODUCTS - ORDER_RETURNED) / MARKERS,
    MARKER_THINK_MS = 400,
    MARKER_AGAIN_MS = 100,  /* after a command that failed */
    MARKER_DOUBT_MS = 1000, /* for one that failed to come to nothing, or to what it was to do */
    MARKER_TEXT_SIZE = 64
};

enum marker_way { MARKER_BY, MARKER_TO, MARKER_IMPORT, MARKER_WAYS };

static struct marker {
    struct commands commands; /* the first, for the thread is given this */
    size_t pair;
    int64_t stocks[MARKER_PRODUCTS];
    int made[MARKER_WAYS], failed;
} markers[MARKERS];

static bool marker_adjust(struct marker *marker, int64_t product, const char *change)
{
    char id[MARKER_TEXT_SIZE], out[COMMANDS_OUT_SIZE];
    snprintf(id, sizeof id, "%" PRId64, product);
    const char *const argv[] = {"stock", id, change, "--reason", "mark", NULL};
    return commands_run(&marker->commands, argv, out, 0) == 0;
}

static bool marker_import(struct marker *marker, int64_t product, int64_t stock)
{
    char path[PAIR_PATH_SIZE + 16], text[MARKER_TEXT_SIZE], out[COMMANDS_OUT_SIZE];
    snprintf(text, sizeof text, "id,quantity\n%" PRId64 ",%" PRId64 "\n", product, stock);
    snprintf(path, sizeof path, "%s/mark.csv", marker->commands.pair.dir);
    const char *const argv[] = {"import", "--set-stock", path, NULL};
    return pair_write(&marker->commands.pair, "mark.csv", text) &&
           commands_run(&marker->commands, argv, out, 0) == 0;
}

static bool marker_try(struct marker *marker, int64_t product, int64_t from, int64_t to,
                       enum marker_way way)
{
    char change[MARKER_TEXT_SIZE];
    if (way == MARKER_IMPORT)
        return marker_import(marker, product, to);
    if (way == MARKER_BY)
        snprintf(change, sizeof change, "%+" PRId64, to - from);
    else
        snprintf(change, sizeof change, "=%" PRId64, to);
    return marker_adjust(marker, product, change);
}

/* What may have been made, or not, is made anew in a way that comes to the same twice. */
static void marker_mark(struct commands *commands)
{
    struct marker *marker = (struct marker *)(void *)commands;
    size_t i = load_random(&commands->random, MARKER_PRODUCTS);
    int64_t product = ORDER_RETURNED + 1 + (int64_t)(marker->pair * MARKER_PRODUCTS + i);
    int64_t from = marker->stocks[i];
    int64_t to = load_random(&commands->random, 2 * ORDER_MARKED_STOCK);
    enum marker_way way = (enum marker_way)load_random(&commands->random, MARKER_WAYS);
    if (to == from)
        return;
    stock_begin(product, to - from);
    bool made = marker_try(marker, product, from, to, way), doubted = !made;
    while (!made && !wrong_any()) {
        marker->failed++;
        load_sleep_ms(MARKER_AGAIN_MS);
        made = marker_try(marker, product, from, to, way = MARKER_TO);
    }
    if (!made)
        return;
    stock_end(product, to - from, marker->pair);
    marker->stocks[i] = to;
    marker->made[way]++;
    atomic_fetch_add(&commands->told, 1);
    load_sleep_ms(doubted ? MARKER_DOUBT_MS : (int)load_random(&commands->random, MARKER_THINK_MS));
}

bool marker_start(size_t pair, const struct pair *environment, uint64_t seed)
{
    struct marker *marker = &markers[pair];
    marker->pair = pair;
    for (size_t i = 0; i < MARKER_PRODUCTS; i++)
        marker->stocks[i] = ORDER_MARKED_STOCK;
    return commands_start(&marker->commands, environment, seed ^ (0x3a4c + ((uint64_t)pair << 40)),
                          marker_mark);
}

void marker_finish(void)
{
    for (size_t i = 0; i < MARKERS; i++)
        commands_finish(&markers[i].commands);
}

static int marker_made(enum marker_way way)
{
    int made = 0;
    for (size_t i = 0; i < MARKERS; i++)
        made += markers[i].made[way];
    return made;
}

void marker_end(void)
{
    if (marker_made(MARKER_BY) + marker_made(MARKER_TO) == 0 || marker_made(MARKER_IMPORT) == 0)
        wrong_say("no judged stock was adjusted, or none imported");
}

void marker_report(void)
{
    int failed = 0;
    for (size_t i = 0; i < MARKERS; i++)
        failed += markers[i].failed;
    printf(" %d judged stocks adjusted, %d imported, %d commands made anew,",
           marker_made(MARKER_BY) + marker_made(MARKER_TO), marker_made(MARKER_IMPORT), failed);
}
