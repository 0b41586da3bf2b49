#include "torture/gate.h"

#include <errno.h>
#include <time.h>

void gate_pass(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->waiting++;
    pthread_cond_broadcast(&gate->changed);
    while (gate->closed)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    gate->waiting--;
    pthread_mutex_unlock(&gate->mutex);
}

void gate_leave(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->present--;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

bool gate_close(struct gate *gate, int timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    pthread_mutex_lock(&gate->mutex);
    gate->closed = true;
    int result = 0;
    while (gate->waiting < gate->present && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&gate->changed, &gate->mutex, &until);
    bool ok = gate->waiting == gate->present;
    pthread_mutex_unlock(&gate->mutex);
    return ok;
}

void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->closed = false;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}
