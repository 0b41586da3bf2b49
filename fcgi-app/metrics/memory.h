/* memory: the numbers of all series, where several processes find and make them at once, without a
 * lock. Whoever is killed at any point leaves it whole. The web server's module counts in it, too:
 * whatever it were to write, nobody reads or writes beside the memory, or waits for ever. */
#ifndef METRICS_MEMORY_H
#define METRICS_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MEMORY_KEY_BITS = 46, /* of what a slot is for; the other bits say where its numbers are */
    MEMORY_PLACE_BITS = 64 - MEMORY_KEY_BITS,
    MEMORY_SLOTS = 1 << 14,
    MEMORY_SERIES_MAX = MEMORY_SLOTS / 4 * 3, /* so that a free slot is soon found */
    MEMORY_OF_ONE = 16,                       /* numbers that a series has at most */
    MEMORY_NUMBERS =
        MEMORY_SERIES_MAX * MEMORY_OF_ONE, /* room for series that are all histograms */
    MEMORY_NAMES_MAX = 1000,
    MEMORY_NAME_SLOTS = 1 << 11,
    MEMORY_NAME_WORDS = 9 /* of eight bytes; the last one is NUL */
};

/* Starts zeroed: 1.7 MiB, of which a page takes memory once it is written or read. */
struct memory {
    _Atomic uint32_t series, numbers_used, names_used;
    _Atomic uint64_t slots[MEMORY_SLOTS]; /* key and place of its numbers; 0: free */
    _Atomic int64_t numbers[MEMORY_NUMBERS];
    _Atomic uint64_t name_slots[MEMORY_NAME_SLOTS]; /* a name's hash and its index; 0: free */
    struct memory_name {
        atomic_bool ready;
        _Atomic uint64_t words[MEMORY_NAME_WORDS];
    } names[MEMORY_NAMES_MAX];
};

/* Finds the numbers of a key (above 0), or takes so many for it, at most MEMORY_OF_ONE. The last
 * reserve series are not taken. NULL if there is no room. */
_Atomic int64_t *memory_find(struct memory *memory, uint64_t key, size_t numbers, uint32_t reserve);

/* The key and the numbers in a slot; 0 if it is free. */
uint64_t memory_look(struct memory *memory, size_t slot, _Atomic int64_t **numbers);

/* The index of a name, which it gets if it has none; -1 if all are taken. What does not fit is cut
 * off. Two names whose hashes of 53 bits are the same are taken for one. */
int memory_name(struct memory *memory, const char *name);

/* Writes the name of that index; "" if its maker was killed before it wrote it. Bytes that need
 * quoting in the metrics' text are replaced by "?". */
void memory_name_of(const struct memory *memory, size_t index, char out[MEMORY_NAME_WORDS * 8]);

#endif
