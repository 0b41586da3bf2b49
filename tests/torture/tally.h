/* tally: whether the pairs counted what the buyers were told, whatever was killed meanwhile. */
#ifndef TESTS_TORTURE_TALLY_H
#define TESTS_TORTURE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "e2e/pair.h"

enum { TALLY_PAIRS_MAX = 3, TALLY_SETTING_SIZE = 64 };

/* Takes a port for the metrics of the next pair that starts, and writes the setting that names it.
 * False if there is none. */
bool tally_add(char setting[TALLY_SETTING_SIZE]);

/* Call it while no buyer or reader waits for an answer. Compares what all pairs counted since the
 * last call with what those were told since, and says what does not fit:
 * - each answer that came was counted, unless the pair's master was started anew meanwhile, which
 *   begins to count anew;
 * - nothing was counted beyond that but as many as there were connections that were cut or left,
 *   and answers 5xx of lighttpd's own, as for a worker that died while it answered. */
void tally_check(void);

/* At the end: says so if no call could compare both ways, or if of one pair's reads none was
 * answered from what is published. */
void tally_end(bool brief);

/* Prints how many calls did, and how many of each pair's reads were answered so, at least: what a
 * master counted and was killed before the next call is not in it. */
void tally_report(void);

/* Gives the ports back. */
void tally_free(void);

#endif
