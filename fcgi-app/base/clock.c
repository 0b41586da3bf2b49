#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

enum { US_PER_SECOND = 1000000, NS_PER_SECOND = 1000000000, NS_PER_US = 1000, US_PER_MS = 1000 };

static int64_t clock_read(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * US_PER_SECOND + ts.tv_nsec / NS_PER_US;
}

int64_t clock_now_us(void)
{
    return clock_read(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * NS_PER_SECOND + ts.tv_nsec;
}

void clock_format(int64_t us, char out[CLOCK_TEXT_SIZE])
{
    time_t seconds = (time_t)(us / US_PER_SECOND);
    struct tm tm;
    char text[CLOCK_TEXT_SIZE - 8];
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, CLOCK_TEXT_SIZE, "%s.%03uZ", text,
             (unsigned)(us % US_PER_SECOND / US_PER_MS) % 1000U);
}

void clock_sleep_us(int64_t us)
{
    struct timespec left = {us / US_PER_SECOND, us % US_PER_SECOND * NS_PER_US};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}
