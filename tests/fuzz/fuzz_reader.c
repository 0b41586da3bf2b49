/* fuzz_reader: whatever the published memory holds, an answer that is found is inside its place,
 * counts, and has an entity tag that ends. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "publish/reader.h"
#include "publish/target.h"

#define NOW INT64_C(1000000000)

enum { CALLS_MAX = LAYOUT_SIZES * LAYOUT_WAYS };

/* One word that is written into the memory: in which kind of place, and what. */
struct patch {
    uint8_t way, field;
    uint8_t value[8];
};

struct asked {
    size_t calls, len;
    char *bytes;
};

static char *room(void *context, size_t len)
{
    struct asked *asked = context;
    FUZZ_COMPARE(++asked->calls, <=, CALLS_MAX);
    FUZZ_COMPARE(len, <=, LAYOUT_BODY_MAX);
    free(asked->bytes);
    asked->len = len;
    asked->bytes = malloc(len + !len);
    return asked->bytes;
}

/* Of the target: its places of each size, the epoch, the lease and the end. */
static void apply(struct layout *layout, int64_t target, const struct patch *patch, uint64_t value)
{
    enum layout_size size =
        patch->way / LAYOUT_WAYS % 2 ? layout_last(target) : layout_least(target);
    struct layout_set set = layout_set_of(size, target);
    size_t at = set.first + patch->way % set.ways;
    struct layout_place *place = &layout->places[at];
    switch (patch->field % 8) {
    case 0:
        atomic_store(&place->sequence, (uint32_t)value);
        break;
    case 1:
        atomic_store(&place->target, (int64_t)value);
        break;
    case 2:
        atomic_store(&place->epoch, value);
        break;
    case 3:
        atomic_store(&place->len, value);
        break;
    case 4:
        atomic_store(&layout->lease_us, (int64_t)value);
        break;
    case 5:
        atomic_store(&layout->over, (uint32_t)value);
        break;
    case 6:
        atomic_store(layout_epoch(layout, target), value);
        break;
    default: /* a word of its tag */
        atomic_store(layout_words(layout, at) + patch->field / 8 % LAYOUT_ETAG_WORDS, value);
    }
}

/* As if nobody had written what the input did: the next one finds the same memory. */
static void put_back(struct layout *layout, int64_t target)
{
    for (enum layout_size size = layout_least(target); size <= layout_last(target); size++) {
        struct layout_set set = layout_set_of(size, target);
        for (size_t at = set.first; at < set.first + set.ways; at++) {
            memset(&layout->places[at], 0, sizeof layout->places[at]);
            memset(layout_words(layout, at), 0, LAYOUT_ETAG_SIZE);
        }
    }
    atomic_store(layout_epoch(layout, target), 0);
    atomic_store(&layout->over, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct layout *layout;
    struct reader_answer answer;
    struct asked asked = {0};
    uint16_t target;
    if (!layout)
        layout = calloc(1, sizeof *layout);
    FUZZ_REQUIRE(layout);
    if (size < sizeof target)
        return 0;
    memcpy(&target, data, sizeof target);
    atomic_store(&layout->lease_us, NOW + LAYOUT_LEASE_US);
    for (size_t i = sizeof target; i + sizeof(struct patch) <= size; i += sizeof(struct patch)) {
        struct patch patch;
        uint64_t value;
        memcpy(&patch, data + i, sizeof patch);
        memcpy(&value, patch.value, sizeof value);
        apply(layout, target, &patch, value);
    }
    const struct reader_want want = {target, room, &asked};
    if (reader_find(layout, &want, NOW, &answer)) {
        FUZZ_REQUIRE(reader_is_live(layout, NOW));
        FUZZ_INT(answer.len, asked.len);
        FUZZ_REQUIRE(memchr(answer.etag, '\0', sizeof answer.etag));
        struct reader_answer head;
        FUZZ_REQUIRE(reader_find(layout, &(struct reader_want){.target = target}, NOW, &head));
        FUZZ_INT(head.len, answer.len);
        FUZZ_TEXT(head.etag, answer.etag);
    }
    free(asked.bytes);
    put_back(layout, target);
    return 0;
}
