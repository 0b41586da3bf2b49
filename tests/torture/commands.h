/* commands: a thread that runs the program's own commands, one after the other, and kills some. */
#ifndef TESTS_TORTURE_COMMANDS_H
#define TESTS_TORTURE_COMMANDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "e2e/load.h"
#include "e2e/pair.h"

enum { COMMANDS_MAX = 65536, COMMANDS_OUT_SIZE = 4096 };

struct commands {
    struct pair pair; /* a copy: its processes come and go */
    struct load load;
    uint64_t random;
    void (*next)(struct commands *commands);
    atomic_bool finishing;
    bool started;
    int killed;
    _Atomic size_t told; /* changes that were begun and heard of; the owner counts them */
};

/* Starts the thread in that pair's environment. It calls next, which runs one, until something is
 * wrong or COMMANDS_MAX are told. False if there is no thread. */
bool commands_start(struct commands *commands, const struct pair *pair, uint64_t seed,
                    void (*next)(struct commands *commands));

/* Lets it end what it has begun, and waits for its end. Harmless if it did not start. */
void commands_finish(struct commands *commands);

/* In the thread: runs a command as pair_command does. One in four, at random, is killed within
 * kill_ms; none if that is 0. Says so if another one does not end. */
int commands_run(struct commands *commands, const char *const *argv, char out[COMMANDS_OUT_SIZE],
                 int kill_ms);

#endif
