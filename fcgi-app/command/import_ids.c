#include "command/import_ids.h"

#include <stdlib.h>

enum { IMPORT_IDS_FIRST = 1024 };

/* A free slot's id is 0. */
struct import_slot {
    int64_t id;
    struct import_place place;
};

/* The id's slot, or the free one where it belongs. Half of the slots are free, so the search ends.
 * The multiplier spreads ids that follow one another (Knuth, TAOCP volume 3, section 6.4). */
static struct import_slot *import_ids_find(const struct import_ids *ids, int64_t id)
{
    size_t at = (size_t)(((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (ids->size - 1);
    while (ids->slots[at].id && ids->slots[at].id != id)
        at = (at + 1) & (ids->size - 1);
    return &ids->slots[at];
}

static bool import_ids_grow(struct import_ids *ids)
{
    struct import_ids larger = {.size = ids->size ? ids->size * 2 : IMPORT_IDS_FIRST,
                                .count = ids->count};
    larger.slots = calloc(larger.size, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < ids->size; i++) {
        if (ids->slots[i].id)
            *import_ids_find(&larger, ids->slots[i].id) = ids->slots[i];
    }
    free(ids->slots);
    *ids = larger;
    return true;
}

bool import_ids_note(struct import_ids *ids, int64_t id, struct import_place *place)
{
    if (ids->count >= ids->size / 2 && !import_ids_grow(ids))
        return false;
    struct import_slot *slot = import_ids_find(ids, id);
    if (slot->id) {
        *place = slot->place;
    } else {
        *slot = (struct import_slot){id, *place};
        ids->count++;
    }
    return true;
}

struct import_place import_ids_place(const struct import_ids *ids, int64_t id)
{
    return import_ids_find(ids, id)->place;
}

void import_ids_free(struct import_ids *ids)
{
    free(ids->slots);
    *ids = (struct import_ids){.slots = NULL};
}
