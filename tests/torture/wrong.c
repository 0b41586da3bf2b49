#include "torture/wrong.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

enum { WRONG_SHOWN_MAX = 10 };

static uint64_t wrong_seed;
static atomic_int wrong_count;

void wrong_start(uint64_t seed)
{
    wrong_seed = seed;
}

void wrong_say(const char *format, ...)
{
    char text[2048];
    va_list arguments;
    if (atomic_fetch_add(&wrong_count, 1) >= WRONG_SHOWN_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "torture: WRONG: %s (SEED=%" PRIu64 ")\n", text, wrong_seed);
}

bool wrong_any(void)
{
    return atomic_load(&wrong_count) > 0;
}
