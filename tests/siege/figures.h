/* figures: how long many requests took, and how many failed. Any thread may add. */
#ifndef TESTS_SIEGE_FIGURES_H
#define TESTS_SIEGE_FIGURES_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { FIGURES_MAX = 1 << 16, FIGURES_WHY_SIZE = 160 };

/* Ready when zeroed. Large: keep it off the stack. */
struct figures {
    pthread_mutex_t mutex;
    size_t count; /* those that did not fail; at most FIGURES_MAX are kept */
    size_t failed;
    char why[FIGURES_WHY_SIZE]; /* the first that failed did so */
    int64_t slowest_us;
    char slowest[FIGURES_WHY_SIZE]; /* which that was, up to its first line's end */
    int64_t us[FIGURES_MAX];
};

void figures_reset(struct figures *figures);
void figures_add(struct figures *figures, int64_t us, const char *request);
void figures_fail(struct figures *figures, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* So many of a hundred took no longer than the microseconds returned; 0 if there are none. */
int64_t figures_percentile(struct figures *figures, int percent);

/* Microseconds on a clock that never jumps. */
int64_t figures_now_us(void);

#endif
