#include "base/endpoint.h"

#include <string.h>

#define ENDPOINT_PREFIX "vpce-"

bool endpoint_is_id(const char *bytes, size_t len)
{
    const size_t prefix = strlen(ENDPOINT_PREFIX);
    if (len <= prefix || len > ENDPOINT_ID_MAX || memcmp(bytes, ENDPOINT_PREFIX, prefix) != 0)
        return false;
    for (size_t i = prefix; i < len; i++) {
        if (!((bytes[i] >= '0' && bytes[i] <= '9') || (bytes[i] >= 'a' && bytes[i] <= 'f')))
            return false;
    }
    return true;
}
