/* clerk: adjusts stocks and audits them with the program's own commands, some of which are killed,
 * and remembers all that it was told. */
#ifndef TESTS_TORTURE_CLERK_H
#define TESTS_TORTURE_CLERK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "e2e/pair.h"

/* Starts it in that pair's environment. False if there is no thread. */
bool clerk_start(const struct pair *pair, uint64_t seed);

/* Lets it end what it has begun, and waits for its end. Harmless if it did not start. */
void clerk_finish(void);

/* How many adjustments it has begun and heard of; those that follow may be in the books or not. */
size_t clerk_told(void);

/* Compares the books with what it was told of the first of its adjustments: clerk_check for each
 * that the books have, as texts, between the other two. They say what is wrong. */
void clerk_begin_check(void);
void clerk_check(const char *reason, const char *product, const char *change);
void clerk_end_check(size_t count);

/* Once it has finished and no fault is left: one more audit, which must succeed. Says so too if no
 * earlier one did, or no adjustment was made, unless the run was brief. */
void clerk_end(bool brief);

/* Prints how often it did what. */
void clerk_report(void);

#endif
