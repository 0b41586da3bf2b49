#include "demand.h"

#include <stddef.h>
#include <string.h>

bool demand_is_fresh(const char *value)
{
    static const char *const directives[] = {"no-cache", "no-store", "max-age=0", "max-age=\"0"};
    for (size_t i = 0; value && i < sizeof directives / sizeof directives[0]; i++) {
        if (strcasestr(value, directives[i]))
            return true;
    }
    return false;
}
