#include "siege/figures.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void figures_reset(struct figures *figures)
{
    pthread_mutex_lock(&figures->mutex);
    figures->count = 0;
    figures->failed = 0;
    figures->why[0] = '\0';
    figures->slowest_us = 0;
    figures->slowest[0] = '\0';
    pthread_mutex_unlock(&figures->mutex);
}

void figures_add(struct figures *figures, int64_t us, const char *request)
{
    pthread_mutex_lock(&figures->mutex);
    if (figures->count < FIGURES_MAX)
        figures->us[figures->count++] = us;
    if (us > figures->slowest_us) {
        figures->slowest_us = us;
        snprintf(figures->slowest, sizeof figures->slowest, "%.*s", (int)strcspn(request, "\r"),
                 request);
    }
    pthread_mutex_unlock(&figures->mutex);
}

void figures_fail(struct figures *figures, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&figures->mutex);
    if (figures->failed++ == 0)
        vsnprintf(figures->why, sizeof figures->why, format, arguments);
    pthread_mutex_unlock(&figures->mutex);
    va_end(arguments);
}

static int figures_by_us(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t figures_percentile(struct figures *figures, int percent)
{
    int64_t us = 0;
    pthread_mutex_lock(&figures->mutex);
    qsort(figures->us, figures->count, sizeof figures->us[0], figures_by_us);
    if (figures->count > 0)
        us = figures->us[(figures->count * (size_t)percent + 99) / 100 - 1];
    pthread_mutex_unlock(&figures->mutex);
    return us;
}

int64_t figures_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
