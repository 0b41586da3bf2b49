/* dropped_note: the line that tells a log's reader how many lines it has missed. */
#ifndef PROGRAMS_DROPPED_NOTE_H
#define PROGRAMS_DROPPED_NOTE_H

#include <stddef.h>

enum { DROPPED_NOTE_SIZE = 160 };

/* Writes the line in the form of the application's log, without a newline, and returns its length.
 */
size_t dropped_note_write(unsigned long count, char out[DROPPED_NOTE_SIZE]);

#endif
