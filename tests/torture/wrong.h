/* wrong: what the torture test found broken. Any thread may say so. */
#ifndef TESTS_TORTURE_WRONG_H
#define TESTS_TORTURE_WRONG_H

#include <stdbool.h>
#include <stdint.h>

/* Names the seed that repeats the run; call it first. */
void wrong_start(uint64_t seed);

/* Says on standard error what is wrong and how to repeat it; only the first few are printed. */
void wrong_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether anything is. */
bool wrong_any(void);

#endif
