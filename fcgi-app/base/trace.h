/* trace: which trace a request belongs to, and which of its spans is being made. The headers are
 * those of W3C Trace Context, section 3, "Trace Context HTTP Headers Format". */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdbool.h>

enum {
    TRACE_ID_SIZE = 33,      /* 16 bytes in lower-case hex, and the NUL */
    TRACE_SPAN_SIZE = 17,    /* 8 bytes likewise */
    TRACE_STATE_MAX = 512,   /* bytes of a tracestate that is kept */
    TRACE_RATE_ALL = 1000000 /* the rate at which every trace is wanted */
};

struct trace {
    char id[TRACE_ID_SIZE];
    char span[TRACE_SPAN_SIZE];
    char parent[TRACE_SPAN_SIZE]; /* the span that this one is part of; "": it is the first */
    bool sampled; /* its spans are written; of one that was just read: as the caller says */
};

/* Whether the text is an id of a trace, or of a span: lower-case hex, not all zeros. */
bool trace_is_id(const char *text);
bool trace_is_span(const char *text);

/* Reads a traceparent: id, parent and sampled are set, and span is "". A later version than 00 is
 * read as far as 00 goes ("Versioning of traceparent"). False, and nothing is set, if it is
 * malformed. */
bool trace_read(const char *traceparent, struct trace *trace);

/* Joins the caller's trace with a new span; begins a new trace, which is not sampled, if
 * traceparent is NULL or malformed. */
void trace_start(const char *traceparent, struct trace *trace);

/* Makes a new span of the same trace, within the span of the other. */
void trace_within(const struct trace *outer, struct trace *inner);

/* Whether the spans of a trace that was started are wanted: as the caller says, or if it began here
 * those of about rate in TRACE_RATE_ALL. Whoever asks for the same id gets the same answer. */
bool trace_is_wanted(const struct trace *trace, int rate);

/* Whether a tracestate is well-formed and not longer than TRACE_STATE_MAX. */
bool trace_state_is_valid(const char *tracestate);

#endif
