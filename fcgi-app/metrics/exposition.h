/* exposition: what was counted, as the text that Prometheus reads. */
#ifndef METRICS_EXPOSITION_H
#define METRICS_EXPOSITION_H

#include "base/buffer.h"
#include "metrics/metrics.h"

/* Appends a number of that unit as a decimal. */
void exposition_put_number(enum metric_unit unit, int64_t number, struct buffer *out);

/* Where a reader of all series is. Starts zeroed. */
struct exposition_cursor {
    enum metric metric; /* METRIC_MAX at the end */
    size_t slot;
    bool headed; /* the metric's own lines are written */
};

/* Appends whole series, in Prometheus's text format 0.0.4, until about enough bytes are there; the
 * metrics and all series of one stand together. False once there is nothing more. Series that begin
 * meanwhile may be left out. */
bool exposition_write(struct exposition_cursor *cursor, struct buffer *out, size_t enough);

#endif
