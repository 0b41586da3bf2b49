/* spans: where the processes write the spans of traces that are sampled: into a pipe that one
 * process empties into the file, so that nobody waits for that. See decisions/0037.
 *
 * Where spans_open was not called nothing is sampled. A span that finds no room is dropped, and
 * counted. */
#ifndef SPANS_SPANS_H
#define SPANS_SPANS_H

#include <stdbool.h>
#include <stdint.h>

#include "spans/span.h"

/* Makes the pipe, before the fork. rate: of TRACE_RATE_ALL traces that begin here, so many are
 * sampled; version is borrowed for good. False on failure, which is logged. */
bool spans_open(int rate, const char *version);
void spans_close(void);

/* In a child, after the fork: the reading end, which is its own to close, or -1 if there is none.
 * Then no span of its own is written, and the pipe ends when all others have ended. */
int spans_take_reader(void);

/* Whether the spans of a request's trace are to be written; see trace_is_wanted. */
bool spans_want(const struct trace *trace);

/* Writes a span that ends now and took so long; its times are set. A trace that is not sampled is
 * passed over. */
void spans_put(struct span *span, int64_t duration_us);

#endif
