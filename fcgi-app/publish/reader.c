#include "publish/reader.h"

#include <string.h>

#include "publish/target.h"

bool reader_is_live(const struct layout *layout, int64_t now_us)
{
    int64_t lease_us = atomic_load(&layout->lease_us);
    return !atomic_load(&layout->over) && now_us < lease_us && lease_us <= now_us + LAYOUT_LEASE_US;
}

/* Each word is read so that sequence, which is read after it, is no older. */
static void reader_copy(const _Atomic uint64_t *words, char *bytes, size_t len)
{
    const size_t size = sizeof(uint64_t), whole = len / size;
    uint64_t word;
    for (size_t i = 0; i < whole; i++) {
        word = atomic_load_explicit(&words[i], memory_order_acquire);
        memcpy(bytes + i * size, &word, size);
    }
    if (len % size) {
        word = atomic_load_explicit(&words[whole], memory_order_acquire);
        memcpy(bytes + whole * size, &word, len % size);
    }
}

/* The epoch is looked at last: what counted then is no older than any change that a caller had been
 * told of before. */
static bool reader_read(struct layout *layout, size_t at, size_t words_max,
                        const struct reader_want *want, struct reader_answer *answer)
{
    const struct layout_place *place = &layout->places[at];
    const _Atomic uint64_t *words = layout_words(layout, at);
    uint32_t sequence = atomic_load(&place->sequence);
    if (!sequence || sequence % 2 || atomic_load(&place->target) != want->target)
        return false;
    uint64_t epoch = atomic_load(&place->epoch), len = atomic_load(&place->len);
    if (epoch != atomic_load(layout_epoch(layout, want->target)) ||
        len > (words_max - LAYOUT_ETAG_WORDS) * 8)
        return false;
    answer->len = (size_t)len;
    reader_copy(words, answer->etag, sizeof answer->etag);
    char *body = want->room ? want->room(want->context, answer->len) : NULL;
    if (want->room && !body)
        return false;
    if (body)
        reader_copy(words + LAYOUT_ETAG_WORDS, body, answer->len);
    return atomic_load(&place->sequence) == sequence &&
           memchr(answer->etag, '\0', sizeof answer->etag) &&
           atomic_load(layout_epoch(layout, want->target)) == epoch;
}

bool reader_find(struct layout *layout, const struct reader_want *want, int64_t now_us,
                 struct reader_answer *answer)
{
    if (want->target < TARGET_LIST || !reader_is_live(layout, now_us))
        return false;
    for (enum layout_size size = layout_least(want->target); size <= layout_last(want->target);
         size++) {
        struct layout_set set = layout_set_of(size, want->target);
        for (size_t at = set.first; at < set.first + set.ways; at++) {
            if (reader_read(layout, at, set.words, want, answer))
                return true;
        }
    }
    return false;
}
