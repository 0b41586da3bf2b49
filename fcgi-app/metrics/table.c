#include "metrics/table.h"

#include "base/text.h"

const struct table_metric table_metrics[METRIC_MAX] = {
#define METRIC(value, type, unit, name, help, ...)                                                 \
    [METRIC_##value] = {METRIC_##type, METRIC_##unit, name, help, {__VA_ARGS__}},
#include "metrics/metrics.def"
};

const struct table_label table_labels[LABEL_MAX] = {
#define LABEL(value, kind, name) [LABEL_##value] = {LABEL_##kind, name},
#include "metrics/labels.def"
};

const struct table_value table_values[IS_MAX] = {
#define VALUE(label, value, text) [IS_##value] = {LABEL_##label, text},
#include "metrics/labels.def"
};

const struct table_unit table_units[METRIC_UNITS] = {
    [METRIC_ONE] =
        {0, 8, {1, 2, 4, 8, 16, 32, 64}, {"1", "2", "4", "8", "16", "32", "64", "+Inf"}, "128"},
    [METRIC_SECONDS] = {6,
                        15,
                        {500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
                         1000000, 2500000, 5000000, 10000000},
                        {"0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1",
                         "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"},
                        "20"},
    [METRIC_HUNDREDTHS] = {2, 1, {0}, {"+Inf"}, "0"},
};

const char *const table_types[METRIC_TYPES] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
};

size_t table_numbers(enum metric metric)
{
    const struct table_metric *row = &table_metrics[metric];
    return row->type == METRIC_HISTOGRAM ? (size_t)table_units[row->unit].buckets + 1 : 1;
}

size_t table_bucket(enum metric_unit unit, int64_t value)
{
    const struct table_unit *row = &table_units[unit];
    size_t last = (size_t)row->buckets - 1, bucket = 0;
    while (bucket < last && value > row->bounds[bucket])
        bucket++;
    return bucket;
}

uint64_t table_shape(const struct table_metric metrics[METRIC_MAX],
                     const struct table_value values[IS_MAX],
                     const struct table_unit units[METRIC_UNITS])
{
    uint64_t shape = METRIC_MAX;
    for (size_t i = 0; i < METRIC_MAX; i++) {
        shape = text_hash_on(shape, text_hash(metrics[i].name));
        shape = text_hash_on(shape, (uint64_t)metrics[i].type * METRIC_UNITS + metrics[i].unit);
        for (size_t k = 0; k < TABLE_LABELS_MAX; k++)
            shape = text_hash_on(shape, text_hash(metrics[i].labels[k] == LABEL_NONE
                                                      ? ""
                                                      : table_labels[metrics[i].labels[k]].name));
    }
    for (size_t i = 0; i < IS_MAX; i++)
        shape = text_hash_on(text_hash_on(shape, values[i].label), text_hash(values[i].text));
    for (size_t i = 0; i < METRIC_UNITS; i++) {
        shape = text_hash_on(shape, (uint64_t)units[i].buckets);
        for (int k = 0; k + 1 < units[i].buckets; k++)
            shape = text_hash_on(shape, (uint64_t)units[i].bounds[k]);
    }
    return shape;
}
