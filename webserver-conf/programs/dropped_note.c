#include "dropped_note.h"

#include <stdio.h>

#include "base/clock.h"

size_t dropped_note_write(unsigned long count, char out[DROPPED_NOTE_SIZE])
{
    char now[CLOCK_TEXT_SIZE];
    clock_format(clock_now_us(), now);
    int n = snprintf(out, DROPPED_NOTE_SIZE,
                     "{\"time\":\"%s\",\"level\":\"warn\",\"message\":\"log lines were dropped\","
                     "\"count\":%lu}",
                     now, count);
    return (size_t)n;
}
