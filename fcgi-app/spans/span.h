/* span: one span of a trace as a line of OTLP/JSON: a whole ExportTraceServiceRequest. See
 * OpenTelemetry's "OTLP Specification", "JSON Protobuf Encoding", and "OTLP File Exporter". */
#ifndef SPANS_SPAN_H
#define SPANS_SPAN_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/trace.h"

/* What a pipe takes whole or not at all: no line is longer. */
enum { SPAN_LINE_MAX = PIPE_BUF };

/* OTLP's numbers of them. */
enum span_kind { SPAN_INTERNAL = 1, SPAN_SERVER = 2 };

/* The text, or if that is NULL the number. */
struct span_attribute {
    const char *name;
    const char *text;
    int64_t number;
};

#define SPAN_TEXT(n, v)   ((struct span_attribute){.name = (n), .text = (v)})
#define SPAN_NUMBER(n, v) ((struct span_attribute){.name = (n), .number = (int64_t)(v)})

/* The attributes of one span, in order; ends them by itself. */
#define SPAN_ATTRIBUTES(...) ((const struct span_attribute[]){__VA_ARGS__, {.name = NULL}})

/* All borrowed. Texts are ASCII, and hold nothing that only the caller and the store may know. */
struct span {
    const struct trace *trace;
    const char *name[2]; /* its name is both with a space between them; the second may be NULL */
    enum span_kind kind;
    int64_t start_us, end_us; /* since 1970 UTC */
    bool failed;
    const char *state; /* the caller's tracestate, or NULL */
    const struct span_attribute *attributes;
};

/* Who made a span; constants of the server. */
struct span_origin {
    const char *version;  /* of the program */
    const char *instance; /* which of several servers this is */
};

/* Writes the line, with its end, in place of what is in the buffer; its maximum is SPAN_LINE_MAX.
 * False if it does not fit. */
bool span_write(const struct span *span, const struct span_origin *origin, struct buffer *line);

#endif
