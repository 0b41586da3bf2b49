/* table: the metrics, their labels and their buckets, as constants. */
#ifndef METRICS_TABLE_H
#define METRICS_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum {
    TABLE_LABELS_MAX = 4,  /* of one metric */
    TABLE_BUCKETS_MAX = 15 /* of one histogram, the one without a bound among them */
};

enum metric {
#define METRIC(value, ...) METRIC_##value,
#include "metrics/metrics.def"
    METRIC_MAX
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_TYPES };

enum metric_unit { METRIC_ONE, METRIC_SECONDS, METRIC_HUNDREDTHS, METRIC_UNITS };

enum label {
    LABEL_NONE,
#define LABEL(value, ...) LABEL_##value,
#include "metrics/labels.def"
    LABEL_MAX
};

enum label_kind { LABEL_VALUES, LABEL_TEXTS, LABEL_NUMBER, LABEL_NAME };

/* The values of all labels of the kind VALUES. */
enum label_value {
#define VALUE(label, value, ...) IS_##value,
#include "metrics/labels.def"
    IS_MAX
};

struct table_metric {
    enum metric_type type;
    enum metric_unit unit;
    const char *name, *help;
    enum label labels[TABLE_LABELS_MAX]; /* the first LABEL_NONE ends them */
};

struct table_label {
    enum label_kind kind;
    const char *name;
};

struct table_value {
    enum label label;
    const char *text;
};

/* What a unit's numbers are divided by to be shown, as decimals, and the bounds of a histogram of
 * it, ascending, in numbers as they are counted and as they are shown. */
struct table_unit {
    int decimals;
    int buckets; /* bounds, and one more */
    int64_t bounds[TABLE_BUCKETS_MAX - 1];
    const char *shown[TABLE_BUCKETS_MAX];
    const char *beyond; /* stands for a value above the last bound, where it must be a number */
};

extern const struct table_metric table_metrics[METRIC_MAX];
extern const struct table_label table_labels[LABEL_MAX];
extern const struct table_value table_values[IS_MAX];
extern const struct table_unit table_units[METRIC_UNITS];
extern const char *const table_types[METRIC_TYPES]; /* as Prometheus calls them */

/* How many numbers one series of the metric is: one, or a histogram's buckets and their sum. */
size_t table_numbers(enum metric metric);

/* The bucket of a histogram of that unit that a value is in. */
size_t table_bucket(enum metric_unit unit, int64_t value);

/* One number for tables such as the three above: two programs with the same number count in the
 * same places. Another name, order, label, unit or bound makes another number. */
uint64_t table_shape(const struct table_metric metrics[METRIC_MAX],
                     const struct table_value values[IS_MAX],
                     const struct table_unit units[METRIC_UNITS]);

#endif
