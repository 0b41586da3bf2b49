#include "metrics/emf.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "base/shared.h"
#include "metrics/exposition.h"
#include "metrics/metrics.h"

enum {
    EMF_LABELS_MAX = 2,
    EMF_GROUPS_MAX = 256, /* the combinations of labels' values there are, twice over */
    EMF_LABEL_BITS = 16,
    EMF_CLASS = 100 /* codes of one class */
};

static const struct emf_row {
    bool told, total;
    enum label labels[EMF_LABELS_MAX]; /* the first LABEL_NONE ends them */
} emf_rows[METRIC_MAX] = {
#define EMF(metric, total, ...) [METRIC_##metric] = {true, total, {__VA_ARGS__}},
#include "metrics/emf.def"
};

static const char *const emf_units[METRIC_UNITS] = {
    [METRIC_ONE] = "Count",
    [METRIC_SECONDS] = "Seconds",
    [METRIC_HUNDREDTHS] = "None",
};

/* All series of one metric whose labels in the row have the same values. */
struct emf_group {
    uint64_t key; /* the metric, and these values */
    int64_t now[TABLE_BUCKETS_MAX], told[TABLE_BUCKETS_MAX];
};

static struct emf_shared {
    size_t count;
    struct emf_group groups[EMF_GROUPS_MAX];
} * emf_shared;

bool emf_open(void)
{
    emf_shared = shared_inherit(sizeof *emf_shared);
    return emf_shared != NULL;
}

void emf_close(void)
{
    shared_unmap(emf_shared, sizeof *emf_shared);
    emf_shared = NULL;
}

static enum metric emf_metric_of(uint64_t key)
{
    return (enum metric)(key >> (EMF_LABELS_MAX * EMF_LABEL_BITS));
}

static uint16_t emf_value_of(uint64_t key, int label)
{
    return (uint16_t)(key >> ((EMF_LABELS_MAX - 1 - label) * EMF_LABEL_BITS));
}

/* The value of the label in the series; of a code, its class. */
static uint16_t emf_value(const struct metrics_series *series, enum label label)
{
    const enum label *labels = table_metrics[series->metric].labels;
    for (int i = 0; i < TABLE_LABELS_MAX && label != LABEL_NONE; i++) {
        if (labels[i] == label)
            return label == LABEL_CODE ? series->labels.of[i] / EMF_CLASS : series->labels.of[i];
    }
    return 0;
}

static uint64_t emf_key(const struct metrics_series *series)
{
    uint64_t key = (uint64_t)series->metric;
    for (int i = 0; i < EMF_LABELS_MAX; i++)
        key = key << EMF_LABEL_BITS | emf_value(series, emf_rows[series->metric].labels[i]);
    return key;
}

/* NULL if there is no room for another. */
static struct emf_group *emf_find(uint64_t key)
{
    size_t i = 0;
    while (i < emf_shared->count && emf_shared->groups[i].key != key)
        i++;
    if (i == EMF_GROUPS_MAX)
        return NULL;
    if (i == emf_shared->count) {
        emf_shared->groups[i].key = key;
        emf_shared->count++;
    }
    return &emf_shared->groups[i];
}

static size_t emf_numbers(enum metric metric)
{
    const struct table_metric *row = &table_metrics[metric];
    return row->type == METRIC_HISTOGRAM ? (size_t)table_units[row->unit].buckets : 1;
}

/* Sums up each group. */
static void emf_collect(void)
{
    struct metrics_series series;
    for (size_t i = 0; i < emf_shared->count; i++)
        memset(emf_shared->groups[i].now, 0, sizeof emf_shared->groups[i].now);
    for (size_t slot = 0; metrics_next(&slot, &series);) {
        struct emf_group *group = emf_rows[series.metric].told ? emf_find(emf_key(&series)) : NULL;
        for (size_t i = 0; group && i < emf_numbers(series.metric); i++)
            group->now[i] += atomic_load_explicit(&series.numbers[i], memory_order_relaxed);
    }
}

static bool emf_grew(const struct emf_group *group)
{
    return memcmp(group->now, group->told, sizeof group->now) != 0;
}

/* Whether there is something to tell of it. A combination of labels that nothing happened to is
 * left out, for AWS would bill it, and so is a histogram, which has no value then. */
static bool emf_has_news(const struct emf_group *group)
{
    enum metric metric = emf_metric_of(group->key);
    switch (table_metrics[metric].type) {
    case METRIC_COUNTER:
        return emf_rows[metric].labels[0] == LABEL_NONE || emf_grew(group);
    case METRIC_HISTOGRAM:
        return emf_grew(group);
    default:
        return true;
    }
}

static void emf_put_counts(const struct emf_group *group, bool values, struct buffer *out)
{
    const struct table_metric *row = &table_metrics[emf_metric_of(group->key)];
    const struct table_unit *unit = &table_units[row->unit];
    const char *comma = "";
    for (int i = 0; i < unit->buckets; i++) {
        int64_t count = group->now[i] - group->told[i];
        if (count == 0)
            continue;
        buffer_text(out, comma);
        comma = ",";
        if (!values)
            buffer_printf(out, "%" PRId64, count);
        else
            buffer_text(out, i < unit->buckets - 1 ? unit->shown[i] : unit->beyond);
    }
}

/* The member that holds the metric's value. */
static void emf_put_value(const struct emf_group *group, struct buffer *out)
{
    const struct table_metric *row = &table_metrics[emf_metric_of(group->key)];
    buffer_printf(out, ",\"%s\":", row->name);
    if (row->type == METRIC_HISTOGRAM) {
        buffer_text(out, "{\"Values\":[");
        emf_put_counts(group, true, out);
        buffer_text(out, "],\"Counts\":[");
        emf_put_counts(group, false, out);
        buffer_text(out, "]}");
    } else {
        int64_t before = row->type == METRIC_COUNTER ? group->told[0] : 0;
        exposition_put_number(row->unit, group->now[0] - before, out);
    }
}

static void emf_put_definition(const struct emf_group *group, struct buffer *out)
{
    const struct table_metric *row = &table_metrics[emf_metric_of(group->key)];
    buffer_printf(out, "{\"Name\":\"%s\",\"Unit\":\"%s\"}", row->name, emf_units[row->unit]);
}

/* Each label of the row, as one of the dimensions' names or as the member that holds its value. */
static void emf_put_dimensions(const struct emf_group *group, bool values, struct buffer *out)
{
    const enum label *labels = emf_rows[emf_metric_of(group->key)].labels;
    char room[METRICS_TEXT_SIZE];
    for (int i = 0; i < EMF_LABELS_MAX && labels[i] != LABEL_NONE; i++) {
        uint16_t value = emf_value_of(group->key, i);
        buffer_printf(out, "%s\"%s\"", values || i ? "," : "", table_labels[labels[i]].name);
        if (values && labels[i] == LABEL_CODE)
            buffer_printf(out, ":\"%uxx\"", value);
        else if (values)
            buffer_printf(out, ":\"%s\"", metrics_text(labels[i], value, room));
    }
}

static void emf_begin(const char *name_space, int64_t now_ms, struct buffer *out)
{
    buffer_printf(out,
                  "\"_aws\":{\"Timestamp\":%" PRId64
                  ",\"CloudWatchMetrics\":[{\"Namespace\":\"%s\",\"Dimensions\":[",
                  now_ms, name_space);
}

static bool emf_is_bare(const struct emf_group *group)
{
    return emf_rows[emf_metric_of(group->key)].labels[0] == LABEL_NONE;
}

static bool emf_put_one(struct buffer *out, emf_put *put)
{
    return !out->overflown && put(out->data);
}

static void emf_note(struct emf_group *group)
{
    memcpy(group->told, group->now, sizeof group->told);
}

/* One object of all that has no dimension. */
static bool emf_tell_bare(const char *name_space, int64_t now_ms, struct buffer *out, emf_put *put)
{
    struct emf_group *groups = emf_shared->groups;
    const char *comma = "";
    emf_begin(name_space, now_ms, out);
    buffer_text(out, "[]],\"Metrics\":[");
    for (size_t i = 0; i < emf_shared->count; i++) {
        if (!emf_is_bare(&groups[i]) || !emf_has_news(&groups[i]))
            continue;
        buffer_text(out, comma);
        comma = ",";
        emf_put_definition(&groups[i], out);
    }
    buffer_text(out, "]}]}");
    for (size_t i = 0; i < emf_shared->count; i++) {
        if (emf_is_bare(&groups[i]) && emf_has_news(&groups[i]))
            emf_put_value(&groups[i], out);
    }
    if (!emf_put_one(out, put))
        return false;
    for (size_t i = 0; i < emf_shared->count; i++) {
        if (emf_is_bare(&groups[i]))
            emf_note(&groups[i]);
    }
    return true;
}

static bool emf_tell_group(const char *name_space, int64_t now_ms, struct emf_group *group,
                           struct buffer *out, emf_put *put)
{
    emf_begin(name_space, now_ms, out);
    buffer_text(out, emf_rows[emf_metric_of(group->key)].total ? "[],[" : "[");
    emf_put_dimensions(group, false, out);
    buffer_text(out, "]],\"Metrics\":[");
    emf_put_definition(group, out);
    buffer_text(out, "]}]}");
    emf_put_dimensions(group, true, out);
    emf_put_value(group, out);
    if (!emf_put_one(out, put))
        return false;
    emf_note(group);
    return true;
}

void emf_tell(const char *name_space, int64_t now_ms, emf_put *put)
{
    struct buffer out;
    if (!emf_shared)
        return;
    emf_collect();
    buffer_init(&out, EMF_MEMBERS_MAX);
    bool ok = emf_tell_bare(name_space, now_ms, &out, put);
    for (size_t i = 0; ok && i < emf_shared->count; i++) {
        struct emf_group *group = &emf_shared->groups[i];
        if (emf_is_bare(group) || !emf_has_news(group))
            continue;
        buffer_reset(&out, EMF_MEMBERS_MAX);
        ok = emf_tell_group(name_space, now_ms, group, &out, put);
    }
    buffer_free(&out);
}
