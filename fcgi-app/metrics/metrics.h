/* metrics: what the processes count, in memory that they share. metrics.def lists the metrics and
 * labels.def their labels; a new one is a row there, and one call where it happens.
 *
 * A counter is one atomic number: a process that is killed loses nothing that it counted, and holds
 * nobody up. Each combination of labels that was met is a series, which keeps its numbers. Where
 * metrics_open was not called, nothing is counted. See decisions/0033. */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/table.h"

enum { METRICS_CONSUMERS_MAX = 1000 }; /* that stand under their own names; the rest is "other" */

/* The values of a metric's labels, in the order of its row: of enum label_value, an index of
 * metrics_label_texts, a number, or what metrics_consumer returned. Each is below 1024. */
struct metrics_labels {
    uint16_t of[TABLE_LABELS_MAX];
};

#define METRICS_WITH(...) ((struct metrics_labels){{__VA_ARGS__}})
#define METRICS_BARE      ((struct metrics_labels){{0}})

/* Maps the memory, before the fork. Counters, and histograms without a label, begin at zero; all
 * others when they are first counted. False if there is no memory (errno). */
bool metrics_open(void);
void metrics_close(void);

/* The memory's descriptor, to be given to another program; -1 if there is none. */
int metrics_fd(void);

/* In that program: counts in memory that is mapped already, and the caller's. NULL: nowhere. */
struct memory;
void metrics_attach(struct memory *memory);

/* Gives the texts of a label of the kind TEXTS; NULL among them stands for none. They are borrowed
 * for good, and are to be the same in every process, so this comes before the fork. No text may
 * stand twice, or there were two series of one name. Counters of the label begin at zero. */
void metrics_label_texts(enum label label, const char *const *texts, size_t count);

/* The number of a consumer; that of "other" once METRICS_CONSUMERS_MAX have one. */
uint16_t metrics_consumer(const char *name);

/* Adds to a counter. */
void metrics_add(enum metric metric, int64_t n, struct metrics_labels labels);

/* Adds one value to a histogram, of microseconds or a size. */
void metrics_observe(enum metric metric, int64_t value, struct metrics_labels labels);

/* How many values a histogram has got whose first label has that value. It looks at all series. */
int64_t metrics_observed(enum metric metric, uint16_t first);

/* Sets a gauge. */
void metrics_set(enum metric metric, int64_t value, struct metrics_labels labels);

/* One series: the values of its labels, and its numbers, of which there are table_numbers. */
struct metrics_series {
    enum metric metric;
    struct metrics_labels labels;
    const _Atomic int64_t *numbers; /* borrowed */
};

/* Finds the next series from *slot on, which starts as 0. False at the end. */
bool metrics_next(size_t *slot, struct metrics_series *series);

enum { METRICS_TEXT_SIZE = 72 };

/* The text of a label's value: a constant, or written to room. It holds no quote, no backslash and
 * no newline. */
const char *metrics_text(enum label label, uint16_t value, char room[METRICS_TEXT_SIZE]);

#endif
