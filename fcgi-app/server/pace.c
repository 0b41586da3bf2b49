#include "server/pace.h"

static bool pace_is_quiet(const struct pace *pace, int64_t now_us)
{
    return now_us - pace->read_us >= PACE_QUIET_US;
}

void pace_start(struct pace *pace, int64_t reads, int64_t now_us)
{
    *pace = (struct pace){.reads = reads, .read_us = now_us, .told_us = now_us, .next_us = now_us};
}

void pace_note(struct pace *pace, int64_t reads, int64_t now_us)
{
    if (reads == pace->reads)
        return;
    if (pace_is_quiet(pace, now_us))
        pace->next_us = now_us;
    pace->reads = reads;
    pace->read_us = now_us;
}

void pace_looked(struct pace *pace, bool good, int64_t now_us)
{
    int64_t pause_us = pace_is_quiet(pace, now_us) ? PACE_UNREAD_US : PACE_READ_US;
    pace->next_us = now_us + (good ? pause_us : PACE_FAILED_US);
}

void pace_change(struct pace *pace, int64_t now_us)
{
    pace->told_us = now_us;
}

bool pace_forgets(const struct pace *pace, int64_t now_us)
{
    return now_us - pace->told_us < PACE_FORGET_US;
}
