#include "publish/roster.h"

#include <endian.h>
#include <string.h>

#include "base/text.h"

/* Nobody who behaves makes anybody try so often. */
enum { ROSTER_NONE = -1, ROSTER_TRIES = 1000 };

/* A text as words that compare as its bytes do. */
static void roster_pack(const char *text, uint64_t words[ROSTER_WORDS])
{
    const size_t size = ROSTER_WORDS * sizeof words[0];
    memset(words, 0, size);
    memcpy(words, text, strnlen(text, size));
    for (size_t i = 0; i < ROSTER_WORDS; i++)
        words[i] = be64toh(words[i]);
}

static void roster_unpack(const _Atomic uint64_t words[ROSTER_WORDS],
                          char text[ROSTER_CONSUMER_SIZE])
{
    for (size_t i = 0; i < ROSTER_WORDS; i++) {
        uint64_t word = htobe64(atomic_load(&words[i]));
        memcpy(text + i * sizeof word, &word, sizeof word);
    }
    text[ENDPOINT_ID_MAX] = '\0';
}

static void roster_store(_Atomic uint64_t words[ROSTER_WORDS], const char *text)
{
    uint64_t packed[ROSTER_WORDS];
    roster_pack(text, packed);
    for (size_t i = 0; i < ROSTER_WORDS; i++)
        atomic_store(&words[i], packed[i]);
}

static int roster_compare(const _Atomic uint64_t words[ROSTER_WORDS],
                          const uint64_t packed[ROSTER_WORDS])
{
    for (size_t i = 0; i < ROSTER_WORDS; i++) {
        uint64_t word = atomic_load(&words[i]);
        if (word != packed[i])
            return word < packed[i] ? -1 : 1;
    }
    return 0;
}

/* Never 0. */
static uint64_t roster_hash(const char *text)
{
    uint64_t hash = text_hash(text);
    return hash ? hash : 1;
}

const char *roster_consumer_of(const struct consumers_line *line)
{
    return strcmp(line->name, CONSUMERS_NAMELESS) == 0 ? line->endpoint : line->name;
}

static uint32_t roster_count(const struct roster_table *table)
{
    uint32_t count = atomic_load(&table->count);
    return count < CONSUMERS_MAX ? count : CONSUMERS_MAX;
}

/* The bucket of a line; ROSTER_NONE if it has none. */
static int roster_bucket_of(const struct roster_line *line)
{
    int bucket = atomic_load(&line->bucket);
    return bucket >= 0 && bucket < ROSTER_BUCKETS ? bucket : ROSTER_NONE;
}

static struct bucket_limit roster_limit_of(const struct roster_line *line)
{
    int rate = atomic_load(&line->rate), burst = atomic_load(&line->burst);
    return (struct bucket_limit){rate >= 0 && rate <= CONSUMERS_RATE_MAX ? rate : 1,
                                 burst >= 0 && burst <= CONSUMERS_BURST_MAX ? burst : 1};
}

/* Fits what is in a bucket to another limit, whoever takes from it meanwhile. */
static void roster_refit(_Atomic int64_t *bucket, const struct bucket_limit *from,
                         const struct bucket_limit *to, int64_t now_ns)
{
    int64_t full_ns = atomic_load(bucket), next_ns;
    if (from->rate == to->rate && from->burst == to->burst)
        return;
    do {
        next_ns = from->rate && to->rate ? bucket_refit(from, to, full_ns, now_ns) : 0;
    } while (!atomic_compare_exchange_weak(bucket, &full_ns, next_ns));
}

/* The first of the table's lines that are this consumer's, or NULL. The line for unlisted endpoints
 * is no consumer's. */
static const struct roster_line *roster_line_of(const struct roster_table *table, uint32_t count,
                                                const uint64_t consumer[ROSTER_WORDS])
{
    for (uint32_t i = 0; i < count; i++) {
        if (roster_bucket_of(&table->lines[i]) != ROSTER_NONE &&
            roster_compare(table->lines[i].consumer, consumer) == 0)
            return &table->lines[i];
    }
    return NULL;
}

static const struct roster_line *roster_search(const struct roster_table *table,
                                               const char *endpoint)
{
    uint64_t packed[ROSTER_WORDS];
    size_t low = 0, high = roster_count(table);
    roster_pack(endpoint, packed);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = roster_compare(table->lines[middle].endpoint, packed);
        if (order == 0)
            return &table->lines[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* What is put in force, and what it takes the place of. */
struct roster_change {
    struct roster *roster;
    const struct roster_table *now;
    struct roster_table *next;
    bool used[ROSTER_BUCKETS]; /* by either table */
    int64_t now_ns;
};

static int roster_new_bucket(struct roster_change *change)
{
    int bucket = 0;
    while (change->used[bucket])
        bucket++;
    change->used[bucket] = true;
    atomic_store(&change->roster->buckets[bucket], 0);
    return bucket;
}

/* The bucket for a line that is the first of its consumer in the next table. */
static int roster_bucket_for(struct roster_change *change, const uint64_t consumer[ROSTER_WORDS],
                             const struct bucket_limit *limit)
{
    const struct roster_table *now = change->now;
    const struct roster_line *before = roster_line_of(now, roster_count(now), consumer);
    if (!before)
        return roster_new_bucket(change);
    struct bucket_limit from = roster_limit_of(before);
    int bucket = roster_bucket_of(before);
    roster_refit(&change->roster->buckets[bucket], &from, limit, change->now_ns);
    return bucket;
}

static void roster_refit_unlisted(struct roster_change *change, const struct bucket_limit *to)
{
    const struct roster_line *before = roster_search(change->now, CONSUMERS_UNLISTED);
    struct bucket_limit from = before ? roster_limit_of(before) : (struct bucket_limit){0, 0};
    for (size_t set = 0; set < ROSTER_UNLISTED_SETS; set++) {
        for (size_t way = 0; way < ROSTER_UNLISTED_WAYS; way++)
            roster_refit(&change->roster->unlisted[set][way].full_ns, &from, to, change->now_ns);
    }
}

static void roster_fill_line(struct roster_change *change, uint32_t i,
                             const struct consumers_line *given)
{
    struct roster_line *line = &change->next->lines[i];
    const struct bucket_limit limit = {given->rate, given->burst};
    uint64_t consumer[ROSTER_WORDS];
    int bucket = ROSTER_NONE;
    roster_pack(roster_consumer_of(given), consumer);
    if (strcmp(given->endpoint, CONSUMERS_UNLISTED) == 0) {
        roster_refit_unlisted(change, &limit);
    } else {
        const struct roster_line *sibling = roster_line_of(change->next, i, consumer);
        bucket = sibling ? roster_bucket_of(sibling) : roster_bucket_for(change, consumer, &limit);
    }
    roster_store(line->endpoint, given->endpoint);
    roster_store(line->consumer, roster_consumer_of(given));
    atomic_store(&line->rate, given->rate);
    atomic_store(&line->burst, given->burst);
    atomic_store(&line->denied, given->denied);
    atomic_store(&line->bucket, bucket);
}

void roster_publish(struct roster *roster, const struct consumers *consumers, int64_t now_ns)
{
    uint64_t generation = atomic_load(&roster->generation);
    struct roster_change change = {.roster = roster,
                                   .now = &roster->tables[generation % 2],
                                   .next = &roster->tables[(generation + 1) % 2],
                                   .now_ns = now_ns};
    for (uint32_t i = 0; i < roster_count(change.now); i++) {
        int bucket = roster_bucket_of(&change.now->lines[i]);
        if (bucket != ROSTER_NONE)
            change.used[bucket] = true;
    }
    for (uint32_t i = 0; i < consumers->count; i++)
        roster_fill_line(&change, i, &consumers->lines[i]);
    atomic_store(&change.next->count, (uint32_t)consumers->count);
    atomic_store(&roster->generation, generation + 1);
}

/* Reads the entry from a table that may change meanwhile. */
static void roster_read(const struct roster_table *table, const char *endpoint,
                        struct roster_entry *entry)
{
    const struct roster_line *line = roster_search(table, endpoint);
    bool nobody = strcmp(endpoint, CONSUMERS_NOBODY) == 0;
    bool listed = line != NULL;
    *entry = (struct roster_entry){.bucket = ROSTER_NONE};
    memcpy(entry->consumer, endpoint, strnlen(endpoint, sizeof entry->consumer - 1));
    if (!line && !nobody) {
        line = roster_search(table, CONSUMERS_UNLISTED);
        entry->unlisted = roster_hash(endpoint);
    }
    if (!line)
        return;
    if (listed)
        roster_unpack(line->consumer, entry->consumer);
    entry->denied = atomic_load(&line->denied);
    entry->limit = roster_limit_of(line);
    entry->bucket = roster_bucket_of(line);
}

void roster_find(const struct roster *roster, const char *endpoint, struct roster_entry *entry)
{
    uint64_t generation;
    int tries = ROSTER_TRIES;
    do {
        generation = atomic_load(&roster->generation);
        roster_read(&roster->tables[generation % 2], endpoint, entry);
    } while (atomic_load(&roster->generation) != generation && --tries > 0);
}

/* The bucket of an unlisted endpoint: its own, or the one of its set that is full for longest. */
static _Atomic int64_t *roster_unlisted_bucket(struct roster *roster, uint64_t who)
{
    struct roster_unlisted *set = roster->unlisted[who % ROSTER_UNLISTED_SETS];
    for (int tries = ROSTER_TRIES; tries > 0; tries--) {
        struct roster_unlisted *oldest = &set[0];
        for (size_t i = 0; i < ROSTER_UNLISTED_WAYS; i++) {
            if (atomic_load(&set[i].who) == who)
                return &set[i].full_ns;
            if (atomic_load(&set[i].full_ns) < atomic_load(&oldest->full_ns))
                oldest = &set[i];
        }
        uint64_t before = atomic_load(&oldest->who);
        if (atomic_compare_exchange_strong(&oldest->who, &before, who))
            return &oldest->full_ns;
    }
    return &set[0].full_ns;
}

struct bucket_state roster_take(struct roster *roster, const struct roster_entry *entry,
                                int64_t now_ns)
{
    int64_t full_ns, next_ns;
    if (!entry->limit.rate)
        return (struct bucket_state){.limited = false, .admitted = true};
    _Atomic int64_t *bucket = entry->bucket == ROSTER_NONE
                                  ? roster_unlisted_bucket(roster, entry->unlisted)
                                  : &roster->buckets[entry->bucket];
    full_ns = atomic_load(bucket);
    do {
        if (!bucket_take(&entry->limit, full_ns, now_ns, &next_ns))
            return bucket_tell(&entry->limit, full_ns, now_ns, false);
    } while (!atomic_compare_exchange_weak(bucket, &full_ns, next_ns));
    return bucket_tell(&entry->limit, next_ns, now_ns, true);
}
