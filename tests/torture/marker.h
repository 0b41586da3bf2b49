/* marker: sets the stock of products that nobody else changes, through each pair, with the
 * program's own commands: adjustments and imports. Readers judge what comes of it. */
#ifndef TESTS_TORTURE_MARKER_H
#define TESTS_TORTURE_MARKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "e2e/pair.h"

enum { MARKERS = 3 };

/* Starts one in the environment of that pair, below MARKERS. False if there is no thread. */
bool marker_start(size_t pair, const struct pair *environment, uint64_t seed);

/* Lets all end what they have begun, and waits for that. Harmless if they did not start. */
void marker_finish(void);

/* Once they have finished: says so if no adjustment, or no import, of one was made. */
void marker_end(void);

void marker_report(void);

#endif
