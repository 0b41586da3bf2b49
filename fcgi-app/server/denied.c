#include "server/denied.h"

#include <endian.h>
#include <string.h>

/* An id as words that compare as its bytes do. */
static void denied_pack(const char *id, size_t len, uint64_t words[DENIED_WORDS])
{
    char bytes[ENDPOINT_ID_MAX] = "";
    memcpy(bytes, id, len);
    memcpy(words, bytes, sizeof bytes);
    for (size_t i = 0; i < DENIED_WORDS; i++)
        words[i] = be64toh(words[i]);
}

void denied_publish(struct denied *denied, const struct denylist *list)
{
    uint64_t next = atomic_load(&denied->generation) + 1;
    struct denied_table *table = &denied->tables[next % 2];
    for (size_t i = 0; i < list->count; i++) {
        uint64_t words[DENIED_WORDS];
        denied_pack(list->ids[i], strlen(list->ids[i]), words);
        for (size_t k = 0; k < DENIED_WORDS; k++)
            atomic_store(&table->ids[i][k], words[k]);
    }
    atomic_store(&table->count, (uint32_t)list->count);
    atomic_store(&denied->generation, next);
}

static int denied_compare(const _Atomic uint64_t id[DENIED_WORDS],
                          const uint64_t words[DENIED_WORDS])
{
    for (size_t i = 0; i < DENIED_WORDS; i++) {
        uint64_t word = atomic_load(&id[i]);
        if (word != words[i])
            return word < words[i] ? -1 : 1;
    }
    return 0;
}

static bool denied_find(const struct denied_table *table, const uint64_t words[DENIED_WORDS])
{
    size_t low = 0, high = atomic_load(&table->count);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = denied_compare(table->ids[middle], words);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool denied_has(const struct denied *denied, const char *consumer)
{
    uint64_t words[DENIED_WORDS];
    size_t len = strlen(consumer);
    if (!endpoint_is_id(consumer, len))
        return false;
    denied_pack(consumer, len, words);
    for (;;) {
        uint64_t generation = atomic_load(&denied->generation);
        bool found = denied_find(&denied->tables[generation % 2], words);
        if (atomic_load(&denied->generation) == generation)
            return found;
    }
}
