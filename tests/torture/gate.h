/* gate: where clients wait while what they have done is looked at. */
#ifndef TESTS_TORTURE_GATE_H
#define TESTS_TORTURE_GATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool closed;
    size_t waiting;
    size_t present; /* clients that come by; set it before they start */
};

#define GATE_INIT                                                                                  \
    {                                                                                              \
        .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER                    \
    }

/* A client calls it before each request: it waits while the gate is closed. */
void gate_pass(struct gate *gate);

/* A client calls it when it comes by no more. */
void gate_leave(struct gate *gate);

/* Closes it and waits until every client stands before it; false after timeout_ms. */
bool gate_close(struct gate *gate, int timeout_ms);

void gate_open(struct gate *gate);

#endif
