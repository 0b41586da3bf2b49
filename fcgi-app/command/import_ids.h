/* import_ids: where an import's file names each product, so that none is named twice. */
#ifndef COMMAND_IMPORT_IDS_H
#define COMMAND_IMPORT_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a product stands in the file, all counted from 1. */
struct import_place {
    uint32_t line;            /* of its id in CSV, of its item in JSON */
    uint32_t at;              /* the column of its id, or the item of the array */
    uint32_t quantity_line;   /* of its quantity, in CSV if there is one; or else 0 */
    uint32_t quantity_column; /* the same */
};

struct import_slot;

/* Grows with the file, which is bounded: 96 bytes a row at most. Valid when zeroed. */
struct import_ids {
    struct import_slot *slots; /* owned */
    size_t size, count;
};

/* Notes the place of an id of at least 1. If it has one already, that is *place afterwards. False
 * if out of memory. */
bool import_ids_note(struct import_ids *ids, int64_t id, struct import_place *place);

/* The place of an id that was noted. */
struct import_place import_ids_place(const struct import_ids *ids, int64_t id);

void import_ids_free(struct import_ids *ids);

#endif
