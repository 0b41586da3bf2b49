#include "server/purge.h"

#include <stddef.h>

const struct store_cursor *purge_due(struct purge *purge, const struct store_cursor *told,
                                     int64_t now_us)
{
    if (!purge->young_us || now_us - purge->young_us >= PURGE_KEEP_US) {
        purge->old = purge->young;
        purge->young = *told;
        purge->young_us = now_us;
    }
    if (!purge->old.connection || now_us - purge->purged_us < PURGE_EACH_US)
        return NULL;
    purge->purged_us = now_us;
    return &purge->old;
}
