/* wrong_clock: has the processes of a pair see another wall clock than this program, by Debian's
 * faketime. The monotonic clock is as it is, and so are the times of files, which do not change
 * because a clock is set. */
#ifndef TESTS_E2E_WRONG_CLOCK_H
#define TESTS_E2E_WRONG_CLOCK_H

#include <stdbool.h>

#include "e2e/pair.h"

/* What a pair needs for it in pair_options.env, beside wrong_clock_load's setting and one that says
 * how wrong the clock is: "FAKETIME=+25h", or WRONG_CLOCK_FILE and a path. */
#define WRONG_CLOCK_ENVIRONMENT                                                                    \
    "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_NO_CACHE=1", "NO_FAKE_STAT=1",                     \
        "ASAN_OPTIONS=verify_asan_link_order=0"
#define WRONG_CLOCK_FILE "FAKETIME_TIMESTAMP_FILE="

/* Writes the setting that loads the library; says so and returns false if there is none. */
bool wrong_clock_load(char setting[PAIR_SETTING_SIZE]);

/* Writes to the file how wrong the clock is from now on, in hours; false on an error. */
bool wrong_clock_set(const char *file, int hours);

#endif
