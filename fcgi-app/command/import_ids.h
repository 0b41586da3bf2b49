/* import_ids: where an import's file names each product, so that none is named twice. */
#ifndef COMMAND_IMPORT_IDS_H
#define COMMAND_IMPORT_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in the file, both counted from 1. */
struct import_place {
    uint32_t line;
    uint32_t item; /* of the array; 0 in CSV, whose lines are told apart without it */
};

struct import_slot;

/* Grows with the file, which is bounded: 32 bytes a row at most, of which each has nine in CSV.
 * Valid when zeroed. */
struct import_ids {
    struct import_slot *slots; /* owned */
    size_t size, count;
};

/* Notes the place of an id of at least 1. If it has one already, that is *place afterwards. False
 * if out of memory. */
bool import_ids_note(struct import_ids *ids, int64_t id, struct import_place *place);

void import_ids_free(struct import_ids *ids);

#endif
