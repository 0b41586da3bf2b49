#include "server/look.h"

#include "base/clock.h"

/* Beyond the pause before a look and the look's own deadline: time for a watcher that died to be
 * replaced, on a machine that is busy. */
enum { LOOK_SPARE_MS = 3000 };

void look_note(struct look *look, enum store_result result)
{
    atomic_store(&look->result, (int)result);
    atomic_store(&look->at_us, clock_monotonic_us());
}

enum store_result look_result(const struct look *look, const struct config *config)
{
    int64_t oldest_us = (LOOK_EACH_MS + LOOK_SPARE_MS + (int64_t)config->store_timeout_ms) * 1000;
    if (clock_monotonic_us() - atomic_load(&look->at_us) > oldest_us)
        return STORE_UNREACHABLE;
    return (enum store_result)atomic_load(&look->result);
}
