#include "metrics/metrics.h"

#include <inttypes.h>
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
    METRICS_RESERVE = 1024,
    METRICS_LINE_SIZE = 512
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

/* So that a reader sees the first event as a change from zero. */
static void metrics_begin(enum metric metric)
{
    const struct table_metric *row = &table_metrics[metric];
    if (row->type == METRIC_GAUGE || row->labels[1] != LABEL_NONE)
        return;
    if (row->labels[0] == LABEL_NONE)
        metrics_find(metric, METRICS_BARE);
    for (size_t i = 0; i < IS_MAX; i++) {
        if (table_values[i].label == row->labels[0])
            metrics_find(metric, METRICS_WITH((uint16_t)i));
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

static void metrics_write_label(enum label label, uint16_t value, struct buffer *out)
{
    char room[METRICS_TEXT_SIZE];
    buffer_printf(out, "%s=\"%s\"", table_labels[label].name, metrics_text(label, value, room));
}

static void metrics_write_labels(enum metric metric, struct metrics_labels labels,
                                 struct buffer *out)
{
    const enum label *row = table_metrics[metric].labels;
    for (size_t i = 0; i < TABLE_LABELS_MAX && row[i] != LABEL_NONE; i++) {
        buffer_text(out, i ? "," : "");
        metrics_write_label(row[i], labels.of[i], out);
    }
}

void metrics_put_number(enum metric_unit unit, int64_t number, struct buffer *out)
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

static void metrics_write_number(enum metric_unit unit, int64_t number, struct buffer *out)
{
    buffer_char(out, ' ');
    metrics_put_number(unit, number, out);
    buffer_char(out, '\n');
}

/* There are most of these lines, so they are put together without a format. */
static void metrics_write_bucket(const char *name, const char *labels, const char *bound,
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

static void metrics_write_histogram(const struct table_metric *row, const char *labels,
                                    const _Atomic int64_t *numbers, struct buffer *out)
{
    const struct table_unit *unit = &table_units[row->unit];
    char open[2] = "", close[2] = "";
    int64_t count = 0;
    for (int i = 0; i < unit->buckets; i++) {
        count += atomic_load_explicit(&numbers[i], memory_order_relaxed);
        metrics_write_bucket(row->name, labels, unit->shown[i], count, out);
    }
    if (*labels)
        open[0] = '{', close[0] = '}';
    buffer_printf(out, "%s_sum%s%s%s", row->name, open, labels, close);
    metrics_write_number(row->unit,
                         atomic_load_explicit(&numbers[unit->buckets], memory_order_relaxed), out);
    buffer_printf(out, "%s_count%s%s%s %" PRId64 "\n", row->name, open, labels, close, count);
}

static void metrics_write_series(uint64_t key, const _Atomic int64_t *numbers, struct buffer *out)
{
    const struct table_metric *row = &table_metrics[metrics_metric_of(key)];
    struct buffer labels;
    buffer_init(&labels, METRICS_LINE_SIZE);
    metrics_write_labels(metrics_metric_of(key), metrics_labels_of(key), &labels);
    const char *text = labels.data ? labels.data : "";
    if (row->type == METRIC_HISTOGRAM) {
        metrics_write_histogram(row, text, numbers, out);
    } else {
        buffer_printf(out, *text ? "%s{%s}" : "%s%s", row->name, text);
        metrics_write_number(row->unit, atomic_load_explicit(numbers, memory_order_relaxed), out);
    }
    buffer_free(&labels);
}

static void metrics_write_head(const struct table_metric *row, struct buffer *out)
{
    buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                  table_types[row->type]);
}

bool metrics_write(struct metrics_cursor *cursor, struct buffer *out, size_t enough)
{
    for (; metrics_memory && cursor->metric < METRIC_MAX; cursor->metric++) {
        for (; cursor->slot < MEMORY_SLOTS; cursor->slot++) {
            _Atomic int64_t *numbers;
            uint64_t key = memory_look(metrics_memory, cursor->slot, &numbers);
            if (!key || metrics_metric_of(key) != cursor->metric)
                continue;
            if (out->len >= enough)
                return true;
            if (!cursor->headed)
                metrics_write_head(&table_metrics[cursor->metric], out);
            cursor->headed = true;
            metrics_write_series(key, numbers, out);
        }
        cursor->slot = 0;
        cursor->headed = false;
    }
    return false;
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
