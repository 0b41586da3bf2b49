/* fuzz_trace: a trace that is read from a traceparent has the ids that stand there, and written
 * anew is read as the same; one that is not begins anew. A tracestate that is taken is of printable
 * characters, and a span with both is a line of JSON that ends once. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/trace.h"
#include "fuzz.h"
#include "spans/span.h"

static void fuzz_check_read(const char *header, const struct trace *trace)
{
    char again[64];
    struct trace same;
    FUZZ_REQUIRE(trace_is_id(trace->id));
    FUZZ_REQUIRE(trace_is_span(trace->parent));
    FUZZ_TEXT(trace->span, "");
    FUZZ_COMPARE(strlen(header), >=, 55);
    FUZZ_INT(memcmp(header + 3, trace->id, 32), 0);
    FUZZ_INT(memcmp(header + 36, trace->parent, 16), 0);
    snprintf(again, sizeof again, "00-%s-%s-0%d", trace->id, trace->parent, trace->sampled);
    FUZZ_REQUIRE(trace_read(again, &same));
    FUZZ_INT(memcmp(&same, trace, sizeof same), 0);
}

static void fuzz_check_start(const char *header, bool read)
{
    struct trace trace;
    trace_start(header, &trace);
    FUZZ_REQUIRE(trace_is_id(trace.id));
    FUZZ_REQUIRE(trace_is_span(trace.span));
    FUZZ_INT(trace.parent[0] != '\0', read);
    FUZZ_REQUIRE(read || !trace.sampled);
    FUZZ_REQUIRE(read || !trace_is_wanted(&trace, 0));
    FUZZ_REQUIRE(read || trace_is_wanted(&trace, TRACE_RATE_ALL));
}

static void fuzz_check_state(const char *state)
{
    static const struct span_origin origin = {"1", "2"};
    struct trace trace;
    struct buffer line;
    FUZZ_COMPARE(strlen(state), <=, TRACE_STATE_MAX);
    for (const char *at = state; *at; at++)
        FUZZ_REQUIRE(*at == '\t' || (*at >= ' ' && *at <= '~'));
    trace_start(NULL, &trace);
    struct span span = {.trace = &trace,
                        .name = {"GET", "/orders"},
                        .kind = SPAN_SERVER,
                        .state = state,
                        .attributes = SPAN_ATTRIBUTES(SPAN_NUMBER("n", INT64_MIN))};
    buffer_init(&line, SPAN_LINE_MAX);
    FUZZ_REQUIRE(span_write(&span, &origin, &line));
    FUZZ_COMPARE(strcspn(line.data, "\n"), ==, line.len - 1);
    buffer_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trace trace = {.sampled = false};
    char *header = malloc(size + 1);
    FUZZ_REQUIRE(header);
    memcpy(header, data, size);
    header[size] = '\0';
    bool read = trace_read(header, &trace);
    if (read)
        fuzz_check_read(header, &trace);
    fuzz_check_start(header, read);
    if (trace_state_is_valid(header))
        fuzz_check_state(header);
    free(header);
    return 0;
}
