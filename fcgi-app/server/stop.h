/* stop: the signals that ask a process to stop: TERM, INT and QUIT. */
#ifndef SERVER_STOP_H
#define SERVER_STOP_H

#include <signal.h>
#include <stdbool.h>

enum { STOP_SIGNALS = 3 };

extern const int stop_signals[STOP_SIGNALS];

/* Adds them to a set. */
void stop_add_to(sigset_t *set);

/* Whether one of them has arrived while blocked, and is still to be delivered. */
bool stop_is_pending(void);

#endif
