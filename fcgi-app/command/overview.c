#include "command/overview.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "json/json_write.h"

enum {
    OVERVIEW_ROWS_MAX = 15, /* of routes or consumers, on a screen */
    OVERVIEW_MINUTE = 60,
    OVERVIEW_HOUR = 3600,
    OVERVIEW_MIB = 1024 * 1024,
    OVERVIEW_NUMBER_SIZE = 24
};

/* Whole numbers that stand in the JSON under these names, if the server tells them. */
static const struct {
    const char *name, *metric, *label, *value;
} overview_numbers[] = {
    {"draining", "postern_draining", NULL, NULL},
    {"store_ready", "postern_store_ready", NULL, NULL},
    {"workers_idle", "postern_workers", "state", "idle"},
    {"workers_busy", "postern_workers", "state", "busy"},
    {"workers_missing", "postern_workers", "state", "missing"},
    {"queue", "postern_queue_length", NULL, NULL},
    {"processes", "postern_processes", NULL, NULL},
    {"memory_bytes", "postern_process_memory_bytes", NULL, NULL},
    {"descriptors", "postern_process_open_fds", NULL, NULL},
    {"orders_placed", "postern_orders_total", "outcome", "placed"},
    {"orders_replayed", "postern_orders_total", "outcome", "replayed"},
    {"orders_short", "postern_orders_total", "outcome", "short"},
    {"orders_cancelled", "postern_orders_total", "outcome", "cancelled"},
    {"log_errors", "postern_log_errors_total", NULL, NULL},
    {"log_lines_dropped", "postern_log_lines_dropped_total", NULL, NULL},
};

/* The same for numbers with two decimals. */
static const struct {
    const char *name, *metric;
} overview_decimals[] = {
    {"store_look_age_seconds", "postern_store_look_age_seconds"},
    {"writer_turn_age_seconds", "postern_writer_turn_age_seconds"},
    {"worker_busy_longest_seconds", "postern_worker_busy_longest_seconds"},
    {"orders_value", "postern_order_value_total"},
};

static double overview_get(const struct overview *o, const char *metric, const char *label,
                           const char *value)
{
    return sample_sum(o->now, metric, label, value);
}

/* The value that a label has in the metric's only series. */
static void overview_find(const struct sample *sample, const char *metric, const char *label,
                          char out[SAMPLE_VALUE_SIZE])
{
    size_t i = 0;
    while (i < sample->count && strcmp(sample->list[i].name, metric) != 0)
        i++;
    sample_label(i < sample->count ? sample->list[i].labels : "", label, out);
}

static double overview_start(const struct sample *sample)
{
    return sample_sum(sample, "postern_start_time_seconds", NULL, NULL);
}

void overview_make(struct overview *o, const struct sample *earlier, const struct sample *later,
                   const char *errors)
{
    static const struct sample nothing;
    o->now = later;
    o->errors = errors;
    o->seconds = (double)(later->at_us - earlier->at_us) / 1000000;
    o->uptime = (double)clock_now_us() / 1000000 - overview_start(later);
    /* What another server told says nothing of this one: its numbers began at its own start. */
    if (overview_start(earlier) != overview_start(later)) {
        o->seconds = o->uptime;
        earlier = &nothing;
    }
    overview_find(later, "postern_build_info", "version", o->version);
    overview_find(later, "postern_store_info", "driver", o->driver);
    overview_find(later, "postern_store_info", "schema", o->schema);
    traffic_read(&o->routes, earlier, later, "route");
    traffic_read(&o->consumers, earlier, later, "consumer");
}

static double overview_rate(const struct overview *o, double count)
{
    return o->seconds > 0 ? count / o->seconds : 0;
}

static void overview_put_quantile(const struct traffic_row *row, double share, struct buffer *out)
{
    double seconds = traffic_quantile(row, share);
    if (seconds < 0)
        buffer_printf(out, " %8s", "-");
    else
        buffer_printf(out, " %8.2f", seconds * 1000);
}

static void overview_put_traffic(const struct overview *o, const char *title,
                                 const struct traffic *traffic, struct buffer *out)
{
    buffer_printf(out, "\n%-28s %10s %8s %8s %9s %12s\n", title, "requests/s", "p50 ms", "p99 ms",
                  "failed/s", "total");
    for (size_t i = 0; i < traffic->count && i < OVERVIEW_ROWS_MAX; i++) {
        const struct traffic_row *row = &traffic->rows[i];
        buffer_printf(out, "%-28s %10.1f", row->name, overview_rate(o, row->requests));
        overview_put_quantile(row, 0.5, out);
        overview_put_quantile(row, 0.99, out);
        buffer_printf(out, " %9.1f %12.0f\n", overview_rate(o, row->failures), row->total);
    }
    if (traffic->count > OVERVIEW_ROWS_MAX)
        buffer_printf(out, "and %zu more\n", traffic->count - OVERVIEW_ROWS_MAX);
}

static void overview_put_head(const struct overview *o, struct buffer *out)
{
    int64_t age = (int64_t)o->uptime;
    buffer_printf(
        out, "postern  %s, %s for %" PRId64 " h %" PRId64 " min %" PRId64 " s\n", o->version,
        overview_get(o, "postern_draining", NULL, NULL) > 0 ? "draining, up" : "serving",
        age / OVERVIEW_HOUR, age % OVERVIEW_HOUR / OVERVIEW_MINUTE, age % OVERVIEW_MINUTE);
    buffer_printf(out, "store    %s, schema %s: %s; seen %.1f s ago, the writer %.1f s ago\n",
                  o->driver, o->schema,
                  overview_get(o, "postern_store_ready", NULL, NULL) > 0 ? "ready" : "NOT READY",
                  overview_get(o, "postern_store_look_age_seconds", NULL, NULL),
                  overview_get(o, "postern_writer_turn_age_seconds", NULL, NULL));
}

static void overview_put_pair(const struct overview *o, struct buffer *out)
{
    char queue[OVERVIEW_NUMBER_SIZE] = "?";
    if (sample_has(o->now, "postern_queue_length"))
        snprintf(queue, sizeof queue, "%.0f", overview_get(o, "postern_queue_length", NULL, NULL));
    buffer_printf(out,
                  "workers  %.0f idle, %.0f busy (the longest for %.2f s), %.0f missing; %s wait\n",
                  overview_get(o, "postern_workers", "state", "idle"),
                  overview_get(o, "postern_workers", "state", "busy"),
                  overview_get(o, "postern_worker_busy_longest_seconds", NULL, NULL),
                  overview_get(o, "postern_workers", "state", "missing"), queue);
    buffer_printf(out, "memory   %.1f MiB in %.0f processes, with %.0f descriptors\n",
                  overview_get(o, "postern_process_memory_bytes", NULL, NULL) / OVERVIEW_MIB,
                  overview_get(o, "postern_processes", NULL, NULL),
                  overview_get(o, "postern_process_open_fds", NULL, NULL));
    buffer_printf(out,
                  "orders   %.0f placed, %.0f replayed, %.0f short, %.0f cancelled; %.2f in all\n",
                  overview_get(o, "postern_orders_total", "outcome", "placed"),
                  overview_get(o, "postern_orders_total", "outcome", "replayed"),
                  overview_get(o, "postern_orders_total", "outcome", "short"),
                  overview_get(o, "postern_orders_total", "outcome", "cancelled"),
                  overview_get(o, "postern_order_value_total", NULL, NULL));
    buffer_printf(out, "log      %.0f errors, %.0f lines dropped\n",
                  overview_get(o, "postern_log_errors_total", NULL, NULL),
                  overview_get(o, "postern_log_lines_dropped_total", NULL, NULL));
}

void overview_put_text(const struct overview *o, struct buffer *out)
{
    overview_put_head(o, out);
    overview_put_pair(o, out);
    overview_put_traffic(o, "route", &o->routes, out);
    overview_put_traffic(o, "consumer", &o->consumers, out);
    buffer_text(out, *o->errors ? "\nlast errors\n" : "\nno errors\n");
    buffer_text(out, o->errors);
}

/* With two decimals. */
static void overview_put_decimal(struct json_writer *w, const char *name, double number)
{
    json_write_member_money(w, name, (int64_t)(number * 100 + 0.5));
}

static void overview_put_json_numbers(const struct overview *o, struct json_writer *w)
{
    for (size_t i = 0; i < sizeof overview_numbers / sizeof overview_numbers[0]; i++) {
        if (sample_has(o->now, overview_numbers[i].metric))
            json_write_member_number(w, overview_numbers[i].name,
                                     (int64_t)overview_get(o, overview_numbers[i].metric,
                                                           overview_numbers[i].label,
                                                           overview_numbers[i].value));
    }
    for (size_t i = 0; i < sizeof overview_decimals / sizeof overview_decimals[0]; i++) {
        if (sample_has(o->now, overview_decimals[i].metric))
            overview_put_decimal(w, overview_decimals[i].name,
                                 overview_get(o, overview_decimals[i].metric, NULL, NULL));
    }
}

static void overview_put_json_quantile(struct json_writer *w, const char *name,
                                       const struct traffic_row *row, double share)
{
    double seconds = traffic_quantile(row, share);
    if (seconds >= 0)
        overview_put_decimal(w, name, seconds * 1000);
}

static void overview_put_json_traffic(const struct overview *o, struct json_writer *w,
                                      const char *name, const char *label,
                                      const struct traffic *traffic)
{
    json_write_key(w, name);
    json_write_open(w, '[');
    for (size_t i = 0; i < traffic->count; i++) {
        const struct traffic_row *row = &traffic->rows[i];
        json_write_open(w, '{');
        json_write_member_text(w, label, row->name);
        overview_put_decimal(w, "requests_per_second", overview_rate(o, row->requests));
        overview_put_json_quantile(w, "p50_ms", row, 0.5);
        overview_put_json_quantile(w, "p99_ms", row, 0.99);
        overview_put_decimal(w, "failures_per_second", overview_rate(o, row->failures));
        json_write_member_number(w, "requests", (int64_t)row->total);
        json_write_close(w, '}');
    }
    json_write_close(w, ']');
}

static void overview_put_json_errors(const char *errors, struct json_writer *w)
{
    char line[2 * SAMPLE_VALUE_SIZE];
    json_write_key(w, "errors");
    json_write_open(w, '[');
    while (*errors) {
        int len = (int)strcspn(errors, "\n");
        snprintf(line, sizeof line, "%.*s", len, errors);
        json_write_text(w, line);
        errors += len + (errors[len] == '\n');
    }
    json_write_close(w, ']');
}

void overview_put_json(const struct overview *o, struct buffer *out)
{
    struct json_writer w;
    json_write_start(&w, out, false);
    json_write_open(&w, '{');
    json_write_member_text(&w, "version", o->version);
    json_write_member_text(&w, "store", o->driver);
    json_write_member_text(&w, "schema", o->schema);
    json_write_member_number(&w, "uptime_seconds", (int64_t)o->uptime);
    overview_put_json_numbers(o, &w);
    overview_put_json_traffic(o, &w, "routes", "route", &o->routes);
    overview_put_json_traffic(o, &w, "consumers", "consumer", &o->consumers);
    overview_put_json_errors(o->errors, &w);
    json_write_close(&w, '}');
    json_write_end(&w);
    buffer_text(out, "\n");
}
