#include "server/admission.h"

#include "base/clock.h"
#include "base/log.h"

enum { ADMISSION_LOG_US = 1000 * 1000 };

/* Whichever process moves the time of the last line writes the next one. */
static void admission_count_unidentified(struct scoreboard *board)
{
    int64_t count = atomic_fetch_add(&board->unidentified, 1) + 1;
    int64_t last_us = atomic_load(&board->unidentified_us), now_us = clock_monotonic_us();
    if (last_us && now_us - last_us < ADMISSION_LOG_US)
        return;
    if (atomic_compare_exchange_strong(&board->unidentified_us, &last_us, now_us))
        log_write(LOG_WARN, "requests refused: their endpoint's id is none",
                  LOG_FIELDS(LOG_NUMBER("count", count)));
}

void admission_check(struct scoreboard *board, struct http_request *request,
                     struct roster_entry *caller)
{
    roster_find(board->roster, request->consumer, caller);
    request->consumer = caller->consumer;
    request->denied = caller->denied;
    if (http_is_probe(request))
        return;
    if (request->unidentified)
        admission_count_unidentified(board);
    else if (!request->denied)
        request->bucket = roster_take(board->roster, caller, clock_monotonic_ns());
}
