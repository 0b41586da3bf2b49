#include "spans/span.h"

#include <inttypes.h>

/* STATUS_CODE_ERROR; of one that did not fail nothing is said. */
#define SPAN_FAILED "\"code\":2"

/* What only the caller wrote is a tracestate that was checked; so what is left to do here is small.
 */
static void span_put_characters(struct buffer *line, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buffer_char(line, '\\');
        bool shown = *text >= ' ' && *text <= '~';
        buffer_append(line, shown ? text : "?", 1);
    }
}

static void span_put_member(struct buffer *line, const char *name, const char *text)
{
    buffer_printf(line, "\"%s\":\"", name);
    span_put_characters(line, text);
    buffer_char(line, '"');
}

/* A 64-bit number is a text in protobuf's JSON. */
static void span_put_attributes(struct buffer *line, const struct span_attribute *attributes)
{
    buffer_text(line, "\"attributes\":[");
    for (const struct span_attribute *at = attributes; at->name; at++) {
        buffer_text(line, at == attributes ? "{" : ",{");
        span_put_member(line, "key", at->name);
        buffer_text(line, ",\"value\":{");
        if (at->text)
            span_put_member(line, "stringValue", at->text);
        else
            buffer_printf(line, "\"intValue\":\"%" PRId64 "\"", at->number);
        buffer_text(line, "}}");
    }
    buffer_char(line, ']');
}

static void span_put_origin(struct buffer *line, const struct span_origin *origin)
{
    buffer_text(line, "{\"resourceSpans\":[{\"resource\":{");
    span_put_attributes(line, SPAN_ATTRIBUTES(SPAN_TEXT("service.name", "postern"),
                                              SPAN_TEXT("service.version", origin->version),
                                              SPAN_TEXT("service.instance.id", origin->instance)));
    buffer_text(line, "},\"scopeSpans\":[{\"scope\":{\"name\":\"postern\"},\"spans\":[{");
}

static void span_put_name(struct buffer *line, const char *const name[2])
{
    buffer_text(line, ",\"name\":\"");
    span_put_characters(line, name[0]);
    if (name[1]) {
        buffer_char(line, ' ');
        span_put_characters(line, name[1]);
    }
    buffer_char(line, '"');
}

static void span_put_optional(struct buffer *line, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    buffer_char(line, ',');
    span_put_member(line, name, text);
}

bool span_write(const struct span *span, const struct span_origin *origin, struct buffer *line)
{
    buffer_reset(line, SPAN_LINE_MAX + 1);
    span_put_origin(line, origin);
    span_put_member(line, "traceId", span->trace->id);
    span_put_optional(line, "spanId", span->trace->span);
    span_put_optional(line, "parentSpanId", span->trace->parent);
    span_put_optional(line, "traceState", span->state);
    span_put_name(line, span->name);
    buffer_printf(line,
                  ",\"kind\":%d,\"startTimeUnixNano\":\"%" PRId64
                  "000\",\"endTimeUnixNano\":\"%" PRId64 "000\",",
                  span->kind, span->start_us, span->end_us);
    span_put_attributes(line, span->attributes);
    buffer_printf(line, ",\"status\":{%s}}]}]}]}\n", span->failed ? SPAN_FAILED : "");
    return !line->overflown;
}
