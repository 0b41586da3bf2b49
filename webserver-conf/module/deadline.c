#include "deadline.h"

bool deadline_passed(struct deadline *deadline, bool arriving, uint32_t request, int64_t now,
                     int64_t limit)
{
    if (!arriving) {
        deadline->since = 0;
        return false;
    }
    if (deadline->since == 0 || deadline->request != request) {
        deadline->request = request;
        deadline->since = now;
    }
    return now - deadline->since >= limit;
}
