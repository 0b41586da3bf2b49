#include "base/clock.h"

#include <errno.h>
#include <time.h>

#include "base/text.h"

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
    gmtime_r(&seconds, &tm);
    const struct {
        int number, digits;
        char after;
    } parts[] = {
        {tm.tm_year + 1900, 4, '-'},
        {tm.tm_mon + 1, 2, '-'},
        {tm.tm_mday, 2, 'T'},
        {tm.tm_hour, 2, ':'},
        {tm.tm_min, 2, ':'},
        {tm.tm_sec, 2, '.'},
        {(int)(us % US_PER_SECOND / US_PER_MS), 3, 'Z'},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        out = text_digits((uint64_t)parts[i].number, parts[i].digits, out);
        *out++ = parts[i].after;
    }
    *out = '\0';
}

void clock_sleep_us(int64_t us)
{
    struct timespec left = {us / US_PER_SECOND, us % US_PER_SECOND * NS_PER_US};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}
