/* rows: which rows of the store changes lock, as far as they tell it. Two groups that share none
 * need not wait for each other. */
#ifndef STORE_RELAY_ROWS_H
#define STORE_RELAY_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/relay/message.h"

enum { RELAY_ROWS_WORDS = 128 };

/* Starts zeroed. Each row is one bit, so two rows may be taken for one; never the reverse. */
struct relay_rows {
    uint64_t bits[RELAY_ROWS_WORDS];
};

/* Adds the rows of a change: the products of a new order and its key. Of an order that is cancelled
 * it is not told which products it has; all such are taken for one row, so that those that wait for
 * a product are under way in one group. */
void relay_rows_add(struct relay_rows *rows, const struct relay_request *request);

/* Adds all rows of another set. */
void relay_rows_join(struct relay_rows *rows, const struct relay_rows *others);

/* Whether a change has rows that are in the set. */
bool relay_rows_meet(const struct relay_rows *rows, const struct relay_request *request);

#endif
