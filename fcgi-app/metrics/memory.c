#include "metrics/memory.h"

#include <string.h>

#include "base/text.h"

/* The lowest bits of a name's slot are its index and one. */
enum { MEMORY_NAME_BITS = 11 };

_Static_assert(MEMORY_NUMBERS <= 1 << MEMORY_PLACE_BITS, "every place fits beside a key");
_Static_assert(MEMORY_NAMES_MAX < 1 << MEMORY_NAME_BITS, "every name has an index");

/* Fibonacci hashing: the product's highest bits depend on all of the key's. */
static size_t memory_start(uint64_t key, size_t slots)
{
    return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % slots;
}

/* Takes room for so many numbers; -1 if there is none. It is lost if the taker is killed now. */
static int64_t memory_take(struct memory *memory, size_t numbers, uint32_t reserve)
{
    if (atomic_fetch_add(&memory->series, 1) >= MEMORY_SERIES_MAX - reserve) {
        atomic_fetch_sub(&memory->series, 1);
        return -1;
    }
    uint32_t place = atomic_load(&memory->numbers_used);
    do {
        if (place > MEMORY_NUMBERS - MEMORY_OF_ONE) {
            atomic_fetch_sub(&memory->series, 1);
            return -1;
        }
    } while (
        !atomic_compare_exchange_weak(&memory->numbers_used, &place, place + (uint32_t)numbers));
    return place;
}

/* Where a slot's word says that its numbers are; NULL if that is beside the memory. */
static _Atomic int64_t *memory_numbers(struct memory *memory, uint64_t word)
{
    uint64_t place = word & ((1U << MEMORY_PLACE_BITS) - 1);
    return place <= MEMORY_NUMBERS - MEMORY_OF_ONE ? &memory->numbers[place] : NULL;
}

_Atomic int64_t *memory_find(struct memory *memory, uint64_t key, size_t numbers, uint32_t reserve)
{
    int64_t place = -1; /* taken, and in no slot yet */
    size_t at = memory_start(key, MEMORY_SLOTS);
    for (size_t i = 0; i < MEMORY_SLOTS; i++, at = (at + 1) % MEMORY_SLOTS) {
        uint64_t word = atomic_load(&memory->slots[at]);
        if (!word) {
            if (place < 0 && (place = memory_take(memory, numbers, reserve)) < 0)
                return NULL;
            uint64_t mine = key << MEMORY_PLACE_BITS | (uint64_t)place;
            if (atomic_compare_exchange_strong(&memory->slots[at], &word, mine))
                word = mine;
        }
        if (word >> MEMORY_PLACE_BITS == key)
            return memory_numbers(memory, word);
    }
    return NULL;
}

uint64_t memory_look(struct memory *memory, size_t slot, _Atomic int64_t **numbers)
{
    uint64_t word = atomic_load(&memory->slots[slot]);
    *numbers = memory_numbers(memory, word);
    return *numbers ? word >> MEMORY_PLACE_BITS : 0;
}

/* Without the bits of the index; never 0. */
static uint64_t memory_hash(const char *text)
{
    uint64_t hash = text_hash(text) & ~((UINT64_C(1) << MEMORY_NAME_BITS) - 1);
    return hash ? hash : UINT64_C(1) << MEMORY_NAME_BITS;
}

/* Whoever comes to an index without its name writes it: its maker may have been killed. */
static void memory_write_name(struct memory_name *entry, const char *name)
{
    char bytes[MEMORY_NAME_WORDS * 8] = "";
    size_t len = strnlen(name, sizeof bytes - 1);
    if (atomic_load(&entry->ready))
        return;
    memcpy(bytes, name, len);
    for (size_t i = 0; i < MEMORY_NAME_WORDS; i++) {
        uint64_t word;
        memcpy(&word, bytes + i * 8, sizeof word);
        atomic_store(&entry->words[i], word);
    }
    atomic_store(&entry->ready, true);
}

static int memory_take_name(struct memory *memory)
{
    uint32_t index = atomic_load(&memory->names_used);
    do {
        if (index >= MEMORY_NAMES_MAX)
            return -1;
    } while (!atomic_compare_exchange_weak(&memory->names_used, &index, index + 1));
    return (int)index;
}

int memory_name(struct memory *memory, const char *name)
{
    const uint64_t mask = (UINT64_C(1) << MEMORY_NAME_BITS) - 1;
    uint64_t hash = memory_hash(name);
    int index = -1; /* taken, and in no slot yet */
    size_t at = memory_start(hash, MEMORY_NAME_SLOTS);
    for (size_t i = 0; i < MEMORY_NAME_SLOTS; i++, at = (at + 1) % MEMORY_NAME_SLOTS) {
        uint64_t word = atomic_load(&memory->name_slots[at]);
        if (!word) {
            if (index < 0 && (index = memory_take_name(memory)) < 0)
                return -1;
            uint64_t mine = hash | (uint64_t)(index + 1);
            if (atomic_compare_exchange_strong(&memory->name_slots[at], &word, mine))
                word = mine;
        }
        if ((word & ~mask) == hash) {
            index = (int)(word & mask) - 1;
            if (index < 0 || index >= MEMORY_NAMES_MAX)
                return -1;
            memory_write_name(&memory->names[index], name);
            return index;
        }
    }
    return -1;
}

void memory_name_of(const struct memory *memory, size_t index, char out[MEMORY_NAME_WORDS * 8])
{
    const struct memory_name *entry = &memory->names[index];
    out[0] = '\0';
    if (!atomic_load(&entry->ready))
        return;
    for (size_t i = 0; i < MEMORY_NAME_WORDS; i++) {
        uint64_t word = atomic_load(&entry->words[i]);
        memcpy(out + i * 8, &word, sizeof word);
    }
    out[MEMORY_NAME_WORDS * 8 - 1] = '\0';
    for (char *at = out; *at; at++) {
        if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\')
            *at = '?';
    }
}
