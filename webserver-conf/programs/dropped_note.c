#include "dropped_note.h"

#include <stdio.h>
#include <time.h>

void dropped_note_now(char now[DROPPED_NOTE_TIME_SIZE])
{
    time_t seconds = time(NULL);
    struct tm parts;
    strftime(now, DROPPED_NOTE_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &parts));
}

size_t dropped_note_write(unsigned long count, char out[DROPPED_NOTE_SIZE])
{
    char now[DROPPED_NOTE_TIME_SIZE];
    dropped_note_now(now);
    int n = snprintf(out, DROPPED_NOTE_SIZE,
                     "{\"time\":\"%s\",\"level\":\"warn\",\"message\":\"log lines were dropped\","
                     "\"count\":%lu}",
                     now, count);
    return (size_t)n;
}
