#include "server/stop.h"

const int stop_signals[STOP_SIGNALS] = {SIGTERM, SIGINT, SIGQUIT};

void stop_add_to(sigset_t *set)
{
    for (int i = 0; i < STOP_SIGNALS; i++)
        sigaddset(set, stop_signals[i]);
}

bool stop_is_pending(void)
{
    sigset_t pending;
    bool found = false;
    if (sigpending(&pending) != 0)
        return false;
    for (int i = 0; i < STOP_SIGNALS; i++)
        found = found || sigismember(&pending, stop_signals[i]) == 1;
    return found;
}
