/* trouble: logs a store's failures without repeating them: once when they start, once whenever the
 * cause changes, and once when they are over. */
#ifndef STORE_TROUBLE_H
#define STORE_TROUBLE_H

#include "base/log.h"
#include "store/store.h"

/* Starts zeroed. */
struct trouble {
    enum store_result result; /* the failure that was logged last and goes on; STORE_OK if none */
    int code;                 /* what the driver gave with it */
};

/* Tells whether the result is a failure of the store itself, and not of this call alone. */
bool trouble_is(enum store_result result);

/* Takes note of how a call ended. The code tells one cause from another; the fields, of which the
 * first names the store, are logged with it. */
void trouble_note(struct trouble *trouble, enum store_result result, int code,
                  const struct log_field *fields);

#endif
