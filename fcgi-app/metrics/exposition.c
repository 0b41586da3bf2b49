#include "metrics/exposition.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

enum { EXPOSITION_LINE_SIZE = 512 };

static void exposition_write_label(enum label label, uint16_t value, struct buffer *out)
{
    char room[METRICS_TEXT_SIZE];
    buffer_printf(out, "%s=\"%s\"", table_labels[label].name, metrics_text(label, value, room));
}

static void exposition_write_labels(enum metric metric, struct metrics_labels labels,
                                    struct buffer *out)
{
    const enum label *row = table_metrics[metric].labels;
    for (size_t i = 0; i < TABLE_LABELS_MAX && row[i] != LABEL_NONE; i++) {
        buffer_text(out, i ? "," : "");
        exposition_write_label(row[i], labels.of[i], out);
    }
}

void exposition_put_number(enum metric_unit unit, int64_t number, struct buffer *out)
{
    int decimals = table_units[unit].decimals;
    int64_t divisor = 1;
    for (int i = 0; i < decimals; i++)
        divisor *= 10;
    /* The numbers of a unit that has decimals are never below zero. */
    if (decimals)
        buffer_printf(out, "%" PRId64 ".%0*" PRId64, number / divisor, decimals, number % divisor);
    else
        buffer_printf(out, "%" PRId64, number);
}

static void exposition_write_number(enum metric_unit unit, int64_t number, struct buffer *out)
{
    buffer_char(out, ' ');
    exposition_put_number(unit, number, out);
    buffer_char(out, '\n');
}

/* There are most of these lines, so they are put together without a format. */
static void exposition_write_bucket(const char *name, const char *labels, const char *bound,
                                    int64_t count, struct buffer *out)
{
    char end[32];
    buffer_text(out, name);
    buffer_text(out, "_bucket{");
    buffer_text(out, labels);
    buffer_text(out, *labels ? ",le=\"" : "le=\"");
    buffer_text(out, bound);
    int n = snprintf(end, sizeof end, "\"} %" PRId64 "\n", count);
    buffer_append(out, end, (size_t)n);
}

static void exposition_write_histogram(const struct table_metric *row, const char *labels,
                                       const _Atomic int64_t *numbers, struct buffer *out)
{
    const struct table_unit *unit = &table_units[row->unit];
    char open[2] = "", close[2] = "";
    int64_t count = 0;
    for (int i = 0; i < unit->buckets; i++) {
        count += atomic_load_explicit(&numbers[i], memory_order_relaxed);
        exposition_write_bucket(row->name, labels, unit->shown[i], count, out);
    }
    if (*labels)
        open[0] = '{', close[0] = '}';
    buffer_printf(out, "%s_sum%s%s%s", row->name, open, labels, close);
    exposition_write_number(
        row->unit, atomic_load_explicit(&numbers[unit->buckets], memory_order_relaxed), out);
    buffer_printf(out, "%s_count%s%s%s %" PRId64 "\n", row->name, open, labels, close, count);
}

static void exposition_write_series(const struct metrics_series *series, struct buffer *out)
{
    const struct table_metric *row = &table_metrics[series->metric];
    struct buffer labels;
    buffer_init(&labels, EXPOSITION_LINE_SIZE);
    exposition_write_labels(series->metric, series->labels, &labels);
    const char *text = labels.data ? labels.data : "";
    if (row->type == METRIC_HISTOGRAM) {
        exposition_write_histogram(row, text, series->numbers, out);
    } else {
        buffer_printf(out, *text ? "%s{%s}" : "%s%s", row->name, text);
        exposition_write_number(row->unit,
                                atomic_load_explicit(series->numbers, memory_order_relaxed), out);
    }
    buffer_free(&labels);
}

static void exposition_write_head(const struct table_metric *row, struct buffer *out)
{
    buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                  table_types[row->type]);
}

/* All series of the cursor's metric from its slot on. */
static bool exposition_write_metric(struct exposition_cursor *cursor, struct buffer *out,
                                    size_t enough)
{
    struct metrics_series series;
    for (size_t slot = cursor->slot; metrics_next(&slot, &series); cursor->slot = slot) {
        if (series.metric != cursor->metric)
            continue;
        if (out->len >= enough)
            return true;
        if (!cursor->headed)
            exposition_write_head(&table_metrics[cursor->metric], out);
        cursor->headed = true;
        exposition_write_series(&series, out);
    }
    return false;
}

bool exposition_write(struct exposition_cursor *cursor, struct buffer *out, size_t enough)
{
    for (; cursor->metric < METRIC_MAX; cursor->metric++) {
        if (exposition_write_metric(cursor, out, enough))
            return true;
        cursor->slot = 0;
        cursor->headed = false;
    }
    return false;
}
