#include "publish/layout.h"

#include "base/text.h"
#include "metrics/memory.h"
#include "metrics/table.h"
#include "publish/roster.h"
#include "publish/target.h"

/* Each size's places, ways and words. */
static const struct {
    size_t first, places, ways, words;
} layout_sizes[LAYOUT_SIZES] = {
    [LAYOUT_SMALL] = {0, LAYOUT_SMALL_PLACES, LAYOUT_WAYS, LAYOUT_SMALL_WORDS},
    [LAYOUT_LARGE] = {LAYOUT_SMALL_PLACES, LAYOUT_LARGE_PLACES, LAYOUT_WAYS, LAYOUT_LARGE_WORDS},
    [LAYOUT_LIST] = {LAYOUT_SMALL_PLACES + LAYOUT_LARGE_PLACES, LAYOUT_LIST_PLACES,
                     LAYOUT_LIST_PLACES, LAYOUT_LIST_WORDS},
};

/* Spreads neighbours: each bit of the multiple depends on all lower bits of the target. */
static size_t layout_spread(int64_t target, size_t over)
{
    return (size_t)(((uint64_t)target * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % over;
}

struct layout_set layout_set_of(enum layout_size size, int64_t target)
{
    size_t ways = layout_sizes[size].ways;
    size_t set = layout_spread(target, layout_sizes[size].places / ways);
    return (struct layout_set){layout_sizes[size].first + set * ways, ways,
                               layout_sizes[size].words};
}

enum layout_size layout_least(int64_t target)
{
    return target == TARGET_LIST ? LAYOUT_LIST : LAYOUT_SMALL;
}

enum layout_size layout_last(int64_t target)
{
    return target == TARGET_LIST ? LAYOUT_LIST : LAYOUT_LARGE;
}

_Atomic uint64_t *layout_words(struct layout *layout, size_t place)
{
    if (place < layout_sizes[LAYOUT_LARGE].first)
        return layout->small[place];
    if (place < layout_sizes[LAYOUT_LIST].first)
        return layout->large[place - layout_sizes[LAYOUT_LARGE].first];
    return layout->lists[place - layout_sizes[LAYOUT_LIST].first];
}

_Atomic uint64_t *layout_epoch(struct layout *layout, int64_t target)
{
    return target == TARGET_LIST ? &layout->list_epoch
                                 : &layout->epochs[(uint64_t)target % LAYOUT_STRIPES];
}

uint64_t layout_shape(void)
{
    const uint64_t parts[] = {LAYOUT_VERSION, sizeof(struct layout), sizeof(struct roster),
                              sizeof(struct memory),
                              table_shape(table_metrics, table_values, table_units)};
    uint64_t shape = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        shape = text_hash_on(shape, parts[i]);
    return shape;
}
