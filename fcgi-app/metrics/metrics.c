#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/shared.h"
#include "metrics/memory.h"

enum {
    METRICS_VALUE_BITS = 10,
    METRICS_VALUE_MASK = (1 << METRICS_VALUE_BITS) - 1,
    METRICS_OTHER = METRICS_CONSUMERS_MAX, /* the number of all consumers that have none */
    /* Series that no consumer's name may take: those of "other", and all that have no name. */
    METRICS_RESERVE = 1024
};

#define METRICS_OTHER_NAME "other"

_Static_assert((int)METRICS_CONSUMERS_MAX == (int)MEMORY_NAMES_MAX, "each has a name");
_Static_assert(METRICS_OTHER <= METRICS_VALUE_MASK, "each has a number");
_Static_assert(TABLE_LABELS_MAX *METRICS_VALUE_BITS + 6 == MEMORY_KEY_BITS, "a key holds them all");
_Static_assert(METRIC_MAX < 1 << 6, "and the metric");
_Static_assert((int)METRICS_TEXT_SIZE == MEMORY_NAME_WORDS * 8, "a text holds a name");
_Static_assert((int)IS_MAX <= METRICS_VALUE_MASK, "a label's value fits");
_Static_assert((int)MEMORY_OF_ONE > (int)TABLE_BUCKETS_MAX, "and a histogram's sum");

static struct memory *metrics_memory;
static int metrics_descriptor = -1; /* of the memory, where it was made here */

static struct {
    const char *const *texts;
    size_t count;
} metrics_texts[LABEL_MAX];

/* Above 0, with the metric in its highest bits. */
static uint64_t metrics_key(enum metric metric, struct metrics_labels labels)
{
    uint64_t key = (uint64_t)metric + 1;
    for (size_t i = 0; i < TABLE_LABELS_MAX; i++)
        key = key << METRICS_VALUE_BITS | (labels.of[i] & METRICS_VALUE_MASK);
    return key;
}

static struct metrics_labels metrics_labels_of(uint64_t key)
{
    struct metrics_labels labels;
    for (size_t i = TABLE_LABELS_MAX; i-- > 0; key >>= METRICS_VALUE_BITS)
        labels.of[i] = (uint16_t)(key & METRICS_VALUE_MASK);
    return labels;
}

static enum metric metrics_metric_of(uint64_t key)
{
    return (enum metric)(key >> (TABLE_LABELS_MAX * METRICS_VALUE_BITS)) - 1;
}

/* The place of the label in the metric's row, or -1. */
static int metrics_place_of(enum metric metric, enum label_kind kind)
{
    const enum label *labels = table_metrics[metric].labels;
    for (int i = 0; i < TABLE_LABELS_MAX && labels[i] != LABEL_NONE; i++) {
        if (table_labels[labels[i]].kind == kind)
            return i;
    }
    return -1;
}

/* The numbers of a series, or NULL if nothing is counted. A consumer whose series has no room is
 * counted with all others. */
static _Atomic int64_t *metrics_find(enum metric metric, struct metrics_labels labels)
{
    if (!metrics_memory)
        return NULL;
    size_t numbers = table_numbers(metric);
    int consumer = metrics_place_of(metric, LABEL_NAME);
    bool named = consumer >= 0 && labels.of[consumer] != METRICS_OTHER;
    _Atomic int64_t *found = memory_find(metrics_memory, metrics_key(metric, labels), numbers,
                                         named ? METRICS_RESERVE : 0);
    if (found || !named)
        return found;
    labels.of[consumer] = METRICS_OTHER;
    return memory_find(metrics_memory, metrics_key(metric, labels), numbers, 0);
}

/* The label's values are below this; 0 if it has many. One that is not there has one. */
static uint16_t metrics_values(enum label label)
{
    if (label == LABEL_NONE)
        return 1;
    switch (table_labels[label].kind) {
    case LABEL_VALUES:
        return IS_MAX;
    case LABEL_TEXTS:
        return (uint16_t)metrics_texts[label].count;
    default:
        return 0;
    }
}

static bool metrics_is_value(enum label label, uint16_t value)
{
    if (label == LABEL_NONE)
        return true;
    if (table_labels[label].kind == LABEL_VALUES)
        return table_values[value].label == label;
    const char *text = metrics_texts[label].texts[value];
    return text && *text;
}

/* So that a reader sees the first event as a change from zero: Prometheus takes no rise from what
 * it sees first. Of a histogram with labels each series is long, and most are never met. */
static void metrics_begin(enum metric metric)
{
    const struct table_metric *row = &table_metrics[metric];
    const enum label *labels = row->labels;
    if (row->type == METRIC_GAUGE || (row->type == METRIC_HISTOGRAM && labels[0] != LABEL_NONE))
        return;
    for (uint16_t i = 0; i < metrics_values(labels[0]); i++) {
        for (uint16_t j = 0; j < metrics_values(labels[1]); j++) {
            if (metrics_is_value(labels[0], i) && metrics_is_value(labels[1], j))
                metrics_find(metric, METRICS_WITH(i, j));
        }
    }
}

bool metrics_open(void)
{
    metrics_memory =
        shared_make("postern-metrics", sizeof *metrics_memory, false, &metrics_descriptor);
    for (enum metric metric = 0; metric < METRIC_MAX; metric++)
        metrics_begin(metric);
    return metrics_memory != NULL;
}

void metrics_close(void)
{
    if (metrics_descriptor >= 0) {
        shared_unmap(metrics_memory, sizeof *metrics_memory);
        close(metrics_descriptor);
    }
    metrics_descriptor = -1;
    metrics_memory = NULL;
}

int metrics_fd(void)
{
    return metrics_descriptor;
}

void metrics_attach(struct memory *memory)
{
    metrics_memory = memory;
}

void metrics_label_texts(enum label label, const char *const *texts, size_t count)
{
    metrics_texts[label].texts = texts;
    metrics_texts[label].count = count;
    for (enum metric metric = 0; metric < METRIC_MAX; metric++) {
        if (table_metrics[metric].labels[0] == label)
            metrics_begin(metric);
    }
}

uint16_t metrics_consumer(const char *name)
{
    int index = -1;
    if (metrics_memory && strcmp(name, METRICS_OTHER_NAME) != 0)
        index = memory_name(metrics_memory, name);
    return index < 0 ? METRICS_OTHER : (uint16_t)index;
}

void metrics_add(enum metric metric, int64_t n, struct metrics_labels labels)
{
    _Atomic int64_t *numbers = metrics_find(metric, labels);
    if (numbers)
        atomic_fetch_add_explicit(numbers, n, memory_order_relaxed);
}

void metrics_observe(enum metric metric, int64_t value, struct metrics_labels labels)
{
    enum metric_unit unit = table_metrics[metric].unit;
    _Atomic int64_t *numbers = metrics_find(metric, labels);
    if (!numbers)
        return;
    atomic_fetch_add_explicit(&numbers[table_units[unit].buckets], value, memory_order_relaxed);
    atomic_fetch_add_explicit(&numbers[table_bucket(unit, value)], 1, memory_order_relaxed);
}

int64_t metrics_observed(enum metric metric, uint16_t first)
{
    const size_t buckets = (size_t)table_units[table_metrics[metric].unit].buckets;
    struct metrics_series series;
    size_t slot = 0;
    int64_t count = 0;
    while (metrics_next(&slot, &series)) {
        bool wanted = series.metric == metric && series.labels.of[0] == first;
        for (size_t i = 0; wanted && i < buckets; i++)
            count += atomic_load_explicit(&series.numbers[i], memory_order_relaxed);
    }
    return count;
}

void metrics_set(enum metric metric, int64_t value, struct metrics_labels labels)
{
    _Atomic int64_t *numbers = metrics_find(metric, labels);
    if (numbers)
        atomic_store_explicit(numbers, value, memory_order_relaxed);
}

static const char *metrics_text_of(enum label label, size_t i)
{
    const char *text = i < metrics_texts[label].count ? metrics_texts[label].texts[i] : NULL;
    return text ? text : "";
}

/* No value holds a quote, a backslash or a newline: they are constants, or names of consumers. */
const char *metrics_text(enum label label, uint16_t value, char room[METRICS_TEXT_SIZE])
{
    switch (table_labels[label].kind) {
    case LABEL_VALUES:
        return value < IS_MAX ? table_values[value].text : "";
    case LABEL_TEXTS:
        return metrics_text_of(label, value);
    case LABEL_NUMBER:
        snprintf(room, METRICS_TEXT_SIZE, "%u", value);
        return room;
    case LABEL_NAME:
        if (value >= METRICS_CONSUMERS_MAX)
            return METRICS_OTHER_NAME;
        memory_name_of(metrics_memory, value, room);
        return room;
    }
    return "";
}

bool metrics_next(size_t *slot, struct metrics_series *series)
{
    while (metrics_memory && *slot < MEMORY_SLOTS) {
        _Atomic int64_t *numbers;
        uint64_t key = memory_look(metrics_memory, (*slot)++, &numbers);
        /* What is no metric was written by a process that went wrong. */
        if (!key || metrics_metric_of(key) >= METRIC_MAX)
            continue;
        *series = (struct metrics_series){metrics_metric_of(key), metrics_labels_of(key), numbers};
        return true;
    }
    return false;
}
