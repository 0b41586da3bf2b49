/* load: many clients at once, randomness that a later run can repeat, and what a run is asked for.
 */
#ifndef TESTS_E2E_LOAD_H
#define TESTS_E2E_LOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOAD_THREADS_MAX = 64 };

/* What each thread runs, with its number from 0. */
typedef void (*load_work)(void *context, size_t thread);

struct load_thread {
    pthread_t id;
    size_t number;
    struct load *load;
};

struct load {
    load_work work;
    void *context;
    size_t count; /* threads that run */
    struct load_thread threads[LOAD_THREADS_MAX];
};

/* Starts that many threads; *load must outlive them. False, with fewer threads, if the system
 * gives no more; load_join in either case. */
bool load_start(struct load *load, size_t threads, load_work work, void *context);

/* Waits until every thread has returned. */
void load_join(struct load *load);

/* load_start and load_join. */
bool load_run(size_t threads, load_work work, void *context);

/* Reads a number of the environment, or absent if it is not there. False after saying what it may
 * be, if it is none from least to most. */
bool load_setting(const char *name, int64_t absent, int64_t least, int64_t most, int64_t *out);

/* The seed of this run: SEED of the environment, or one from the clock; it is printed. */
uint64_t load_seed(void);

/* A number from 0 to below, which is not 0; state is any number, one a thread. */
uint32_t load_random(uint64_t *state, uint32_t below);

/* Sleeps for so many milliseconds. */
void load_sleep_ms(int ms);

/* Milliseconds on a clock that never jumps. */
int64_t load_now_ms(void);

#endif
