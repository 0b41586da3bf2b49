/* relay: what a worker has handed over to the writer, and waits for beside its other work. Nothing
 * here blocks. See decisions/0031. */
#ifndef STORE_RELAY_RELAY_H
#define STORE_RELAY_RELAY_H

#include "store/relay/door.h"
#include "store/store.h"

struct relay;

/* The door is borrowed for the relay's life; worker says which tickets of it are the relay's. NULL
 * if out of memory.
 *
 * A change has timeout_ms until the writer takes it up; after that it is taken back: STORE_BUSY,
 * and nothing changed. If it was taken up it is waited for as long again: STORE_UNKNOWN if no
 * answer came. If the writer dies meanwhile, the change is handed to the next one, which finds out
 * by its id whether it was made. */
struct relay *relay_open(const struct relay_door *door, int worker, int timeout_ms);

/* What waits is not heard of again; NULL is let pass. */
void relay_close(struct relay *relay);

/* Hands a change over. At most RELAY_WAITING_MAX may wait. The change, and what it points to, is
 * borrowed until relay_next gives it back. The wait is a span within that of the trace, which is
 * sampled; NULL: it is none. */
void relay_hand_over(struct relay *relay, struct store_change *change, const struct trace *trace);

/* Gives back a change that has its result, or NULL if none has for now. Its outcome is the relay's,
 * until the next call. To be called when the connection is readable or the relay is due, until it
 * gives back none. */
struct store_change *relay_next(struct relay *relay);

/* When relay_next is to be called though nothing is readable: monotonic; INT64_MAX: never. */
int64_t relay_due_us(const struct relay *relay);

/* How many changes wait. */
int relay_waiting(const struct relay *relay);

/* The connection to the writer, or -1; the relay's own. */
int relay_fd(const struct relay *relay);

/* Whether there is another connection than at the last such call. */
bool relay_is_new(struct relay *relay);

#endif
