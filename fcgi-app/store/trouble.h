/* trouble: tells the log of a store's trouble once when it starts, once whenever it changes and
 * once when it is over, and not with every request. */
#ifndef STORE_TROUBLE_H
#define STORE_TROUBLE_H

#include "base/log.h"
#include "store/store.h"

/* Starts zeroed. */
struct trouble {
    enum store_result result; /* logged last and not yet over; STORE_OK if none */
    int code;                 /* what the driver gave with it */
};

/* Tells whether the result is a trouble: of the store itself, and not of the call. */
bool trouble_is(enum store_result result);

/* Takes note of how a call ended. The code tells one cause from another; the fields, of which the
 * first names the store, are logged with it. */
void trouble_note(struct trouble *trouble, enum store_result result, int code,
                  const struct log_field *fields);

#endif
