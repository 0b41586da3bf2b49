#include "publish/answers.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/shared.h"
#include "publish/target.h"

bool answers_make(struct answers *answers, int list_route, int product_route)
{
    *answers = (struct answers){.fd = -1};
    answers->asked = shared_inherit(sizeof *answers->asked);
    if (!answers->asked)
        return false;
    answers->layout = shared_make("postern-answers", sizeof *answers->layout, true, &answers->fd);
    if (!answers->layout) {
        answers_close(answers);
        return false;
    }
    answers->layout->magic = LAYOUT_MAGIC;
    answers->layout->shape = layout_shape();
    answers->layout->list_route = list_route;
    answers->layout->product_route = product_route;
    return true;
}

void answers_close(struct answers *answers)
{
    if (answers->layout) {
        answers_end(answers);
        close(answers->fd);
    }
    shared_unmap(answers->layout, sizeof *answers->layout);
    shared_unmap(answers->asked, sizeof *answers->asked);
    *answers = (struct answers){.fd = -1};
}

uint64_t answers_epoch(const struct answers *answers, int64_t target)
{
    return atomic_load(layout_epoch(answers->layout, target));
}

/* Whether the product was asked for within the time before. A word is shared by several products,
 * each of which makes it forget the one before. */
static bool answers_was_asked(struct answers *answers, int64_t product, int64_t now_us)
{
    uint32_t now_ms = (uint32_t)(now_us / 1000);
    uint32_t tag = (uint32_t)((uint64_t)product / ANSWERS_ASKED) + 1;
    uint64_t mine = (uint64_t)tag << 32 | now_ms;
    uint64_t before =
        atomic_exchange(&answers->asked->products[(uint64_t)product % ANSWERS_ASKED], mine);
    return before >> 32 == tag && now_ms - (uint32_t)before <= ANSWERS_AGAIN_MS;
}

/* The place that holds the target's answer, of that epoch or of any; LAYOUT_PLACES if none does. */
static size_t answers_find(const struct answers *answers, int64_t target, uint64_t epoch, bool any)
{
    for (enum layout_size size = layout_least(target); size <= layout_last(target); size++) {
        struct layout_set set = layout_set_of(size, target);
        for (size_t at = set.first; at < set.first + set.ways; at++) {
            struct layout_place *place = &answers->layout->places[at];
            if (atomic_load(&place->sequence) && atomic_load(&place->target) == target &&
                (any || atomic_load(&place->epoch) == epoch))
                return at;
        }
    }
    return LAYOUT_PLACES;
}

/* Notes that it was asked for. True if that is a reason to publish it. */
static bool answers_is_wanted(struct answers *answers, int64_t target, uint64_t epoch,
                              int64_t now_us)
{
    if (answers_find(answers, target, epoch, false) < LAYOUT_PLACES)
        return false;
    if (target == TARGET_LIST)
        return atomic_exchange(&answers->asked->list, epoch + 1) == epoch + 1;
    return answers_was_asked(answers, target, now_us) ||
           answers_find(answers, target, epoch, true) < LAYOUT_PLACES;
}

/* Whether what is in the place counts. */
static bool answers_counts(const struct answers *answers, size_t at)
{
    const struct layout_place *place = &answers->layout->places[at];
    return atomic_load(&place->sequence) &&
           atomic_load(&place->epoch) == answers_epoch(answers, atomic_load(&place->target));
}

static bool answers_claim(const struct answers *answers, size_t at)
{
    int32_t nobody = 0;
    return atomic_compare_exchange_strong(&answers->layout->places[at].owner, &nobody,
                                          (int32_t)getpid());
}

/* Claims a place of the set: the target's own, else one that does not count, else any. */
static size_t answers_take(const struct answers *answers, const struct layout_set *set,
                           int64_t target, int64_t now_us)
{
    size_t end = set->first + set->ways;
    for (size_t at = set->first; at < end; at++) {
        const struct layout_place *place = &answers->layout->places[at];
        if (atomic_load(&place->target) == target && target != TARGET_LIST &&
            answers_claim(answers, at))
            return at;
    }
    for (size_t at = set->first; at < end; at++) {
        if (!answers_counts(answers, at) && answers_claim(answers, at))
            return at;
    }
    size_t any = set->first + (size_t)(now_us % (int64_t)set->ways);
    return answers_claim(answers, any) ? any : LAYOUT_PLACES;
}

/* A reader that finds a word of the new answer finds sequence moved, for that was stored before. */
static void answers_copy(_Atomic uint64_t *words, const char *bytes, size_t len)
{
    for (size_t i = 0; i * 8 < len; i++) {
        uint64_t word = 0;
        memcpy(&word, bytes + i * 8, len - i * 8 < 8 ? len - i * 8 : 8);
        atomic_store_explicit(&words[i], word, memory_order_release);
    }
}

/* The caller has claimed the place. It may be half written by one that was killed. */
static void answers_write(const struct answers *answers, size_t at, const struct answers_one *one)
{
    struct layout_place *place = &answers->layout->places[at];
    _Atomic uint64_t *words = layout_words(answers->layout, at);
    uint32_t sequence = (atomic_load(&place->sequence) + 1) | 1;
    char tag[LAYOUT_ETAG_SIZE] = "";
    snprintf(tag, sizeof tag, "%s", one->etag);
    atomic_store(&place->sequence, sequence);
    atomic_store(&place->target, one->target);
    atomic_store(&place->epoch, one->epoch);
    atomic_store(&place->len, one->len);
    answers_copy(words, tag, sizeof tag);
    answers_copy(words + LAYOUT_ETAG_WORDS, one->body, one->len);
    atomic_store(&place->sequence, sequence == UINT32_MAX ? 2 : sequence + 1);
    atomic_store(&place->owner, 0);
}

void answers_offer(struct answers *answers, const struct answers_one *one, int64_t now_us)
{
    int64_t target = one->target;
    atomic_fetch_add_explicit(&answers->asked->reads, 1, memory_order_relaxed);
    if (strlen(one->etag) >= LAYOUT_ETAG_SIZE ||
        !answers_is_wanted(answers, target, one->epoch, now_us))
        return;
    for (enum layout_size size = layout_least(target); size <= layout_last(target); size++) {
        struct layout_set set = layout_set_of(size, target);
        if (one->len > (set.words - LAYOUT_ETAG_WORDS) * 8)
            continue;
        size_t at = answers_take(answers, &set, target, now_us);
        if (at < LAYOUT_PLACES)
            answers_write(answers, at, one);
        return;
    }
}

int64_t answers_reads(const struct answers *answers)
{
    return atomic_load_explicit(&answers->asked->reads, memory_order_relaxed);
}

void answers_withdraw(struct answers *answers, int64_t product)
{
    atomic_fetch_add(layout_epoch(answers->layout, product), 1);
    atomic_fetch_add(&answers->layout->list_epoch, 1);
}

void answers_withdraw_all(struct answers *answers)
{
    for (size_t i = 0; i < LAYOUT_STRIPES; i++)
        atomic_fetch_add(&answers->layout->epochs[i], 1);
    atomic_fetch_add(&answers->layout->list_epoch, 1);
}

void answers_lease(struct answers *answers, int64_t until_us)
{
    atomic_store(&answers->layout->lease_us, until_us);
}

void answers_end(struct answers *answers)
{
    atomic_store(&answers->layout->over, 1);
}

void answers_bury(struct answers *answers, pid_t pid)
{
    for (size_t at = 0; at < LAYOUT_PLACES; at++) {
        int32_t claim = (int32_t)pid;
        atomic_compare_exchange_strong(&answers->layout->places[at].owner, &claim, 0);
    }
}
