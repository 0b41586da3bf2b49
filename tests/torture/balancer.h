/* balancer: a load balancer on 127.0.0.1, as a test needs it. It forwards each connection, byte for
 * byte, to one of its targets in turn; one that takes no connection is passed over. When a target
 * closes, the client's connection is closed; nothing is ever sent twice. */
#ifndef TESTS_TORTURE_BALANCER_H
#define TESTS_TORTURE_BALANCER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { BALANCER_TARGETS_MAX = 8, BALANCER_SESSIONS_MAX = 256 };

struct balancer {
    int port;
    int fd;
    pthread_t thread;
    atomic_bool stop;
    atomic_size_t sessions; /* connections that are being forwarded */
    atomic_uint turn;
    size_t targets_count;
    struct {
        int port;
        atomic_bool takes;
    } targets[BALANCER_TARGETS_MAX];
};

/* Listens on a free port and forwards to the ports given. False after saying why. */
bool balancer_start(struct balancer *balancer, const int *ports, size_t count);

/* Whether new connections may go to that target; those it has stay. */
void balancer_take(struct balancer *balancer, size_t target, bool takes);

/* Closes every connection; false if that took too long. */
bool balancer_stop(struct balancer *balancer);

#endif
