/* tracer: the child that writes the spans of all others to the file. */
#ifndef SERVER_TRACER_H
#define SERVER_TRACER_H

#include "server/child.h"

/* Runs until TERM, and then until the pipe is empty, or as an orphan until all who write to it have
 * ended; returns the exit status. HUP has the file opened anew. */
int tracer_run(const struct child *child);

#endif
