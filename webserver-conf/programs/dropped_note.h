/* dropped_note: the line that tells a log's reader how many lines it has missed. */
#ifndef PROGRAMS_DROPPED_NOTE_H
#define PROGRAMS_DROPPED_NOTE_H

#include <stddef.h>

enum { DROPPED_NOTE_SIZE = 160, DROPPED_NOTE_TIME_SIZE = sizeof "2026-01-01T00:00:00Z" };

/* The time of day, in UTC and in the form of RFC 3339. */
void dropped_note_now(char now[DROPPED_NOTE_TIME_SIZE]);

/* Writes the line in the form of the application's log, without a newline, and returns its length.
 */
size_t dropped_note_write(unsigned long count, char out[DROPPED_NOTE_SIZE]);

#endif
