#include "domain/bucket.h"

#define BUCKET_SECOND_NS INT64_C(1000000000)

/* The time in which one token comes back. */
static int64_t bucket_interval(const struct bucket_limit *limit)
{
    return BUCKET_SECOND_NS / limit->rate;
}

/* The time that the bucket lacks until it is full. Another program may have written it, so it is
 * bounded: to more than any bucket can lack. */
static int64_t bucket_lack(int64_t full_ns, int64_t now_ns)
{
    int64_t lack = full_ns > now_ns ? full_ns - now_ns : 0;
    return lack < INT64_MAX / 4 ? lack : INT64_MAX / 4;
}

static int64_t bucket_capacity(const struct bucket_limit *limit)
{
    return bucket_interval(limit) * limit->burst;
}

static int bucket_seconds(int64_t ns)
{
    int64_t seconds = (ns + BUCKET_SECOND_NS - 1) / BUCKET_SECOND_NS;
    return seconds > 1 ? (int)seconds : 1;
}

bool bucket_take(const struct bucket_limit *limit, int64_t full_ns, int64_t now_ns,
                 int64_t *next_ns)
{
    int64_t lack = bucket_lack(full_ns, now_ns) + bucket_interval(limit);
    if (lack > bucket_capacity(limit))
        return false;
    *next_ns = now_ns + lack;
    return true;
}

struct bucket_state bucket_tell(const struct bucket_limit *limit, int64_t full_ns, int64_t now_ns,
                                bool admitted)
{
    int64_t lack = bucket_lack(full_ns, now_ns), capacity = bucket_capacity(limit);
    int64_t left = lack < capacity ? (capacity - lack) / bucket_interval(limit) : 0;
    int window_s = (limit->burst + limit->rate - 1) / limit->rate;
    return (struct bucket_state){
        .limited = true,
        .admitted = admitted,
        .quota = limit->rate * window_s,
        .window_s = window_s,
        .left = (int)left,
        .reset_s = bucket_seconds(left > 0 ? lack : lack + bucket_interval(limit) - capacity),
    };
}

int64_t bucket_refit(const struct bucket_limit *from, const struct bucket_limit *to,
                     int64_t full_ns, int64_t now_ns)
{
    int64_t lack = bucket_lack(full_ns, now_ns), interval = bucket_interval(to);
    double tokens = from->burst - (double)lack / (double)bucket_interval(from);
    if (tokens < 0)
        tokens = 0;
    if (lack == 0 || tokens >= to->burst)
        return 0;
    return now_ns + (int64_t)((to->burst - tokens) * (double)interval);
}
