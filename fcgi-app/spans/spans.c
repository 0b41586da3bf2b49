#include "spans/spans.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/socket.h"
#include "metrics/metrics.h"

/* What a user who is not root may have; a kernel that gives less leaves the pipe as it is. */
enum { SPANS_PIPE_SIZE = 1024 * 1024 };

static struct {
    int reader, writer; /* -1: let go of */
    int rate;
    char instance[ID_TEXT_SIZE];
    struct span_origin origin;
    struct buffer line;
} spans = {.reader = -1, .writer = -1};

bool spans_open(int rate, const char *version)
{
    int ends[2];
    /* A write of a line is whole or fails, and neither end waits (pipe(7)). */
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        log_write(LOG_ERROR, "no spans are written",
                  LOG_FIELDS(LOG_TEXT("call", "pipe2"), LOG_TEXT("error", strerror(errno))));
        return false;
    }
    fcntl(ends[1], F_SETPIPE_SZ, SPANS_PIPE_SIZE);
    spans.reader = ends[0];
    spans.writer = ends[1];
    spans.rate = rate;
    id_make(clock_now_us(), spans.instance);
    spans.origin = (struct span_origin){.version = version, .instance = spans.instance};
    buffer_init(&spans.line, SPAN_LINE_MAX);
    return true;
}

void spans_close(void)
{
    socket_close(&spans.reader);
    socket_close(&spans.writer);
    buffer_free(&spans.line);
}

int spans_take_reader(void)
{
    int reader = spans.reader;
    spans.reader = -1;
    socket_close(&spans.writer);
    return reader;
}

bool spans_want(const struct trace *trace)
{
    return spans.writer >= 0 && trace_is_wanted(trace, spans.rate);
}

void spans_put(struct span *span, int64_t duration_us)
{
    if (spans.writer < 0 || !span->trace->sampled)
        return;
    span->end_us = clock_now_us();
    span->start_us = span->end_us - duration_us;
    if (!span_write(span, &spans.origin, &spans.line) ||
        write(spans.writer, spans.line.data, spans.line.len) < 0)
        metrics_add(METRIC_SPANS, 1, METRICS_WITH(IS_DROPPED));
}
