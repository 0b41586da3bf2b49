#include "command/traffic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRAFFIC_METRIC "postern_request_duration_seconds"

enum { TRAFFIC_FAILURE = 500 };

/* Series of one value follow one another, so the last row is looked at first. */
static struct traffic_row *traffic_row_of(struct traffic *traffic, const char *name, size_t *last)
{
    if (*last < traffic->count && strcmp(traffic->rows[*last].name, name) == 0)
        return &traffic->rows[*last];
    size_t i = 0;
    while (i < traffic->count && strcmp(traffic->rows[i].name, name) != 0)
        i++;
    if (i == TRAFFIC_ROWS_MAX)
        return NULL;
    if (i == traffic->count) {
        traffic->rows[traffic->count++] = (struct traffic_row){.total = 0};
        snprintf(traffic->rows[i].name, sizeof traffic->rows[i].name, "%s", name);
    }
    *last = i;
    return &traffic->rows[i];
}

static void traffic_add_bucket(struct traffic_row *row, const char *labels, double count)
{
    char bound[SAMPLE_VALUE_SIZE];
    size_t i = 0;
    if (!sample_label(labels, "le", bound))
        return;
    double seconds = strcmp(bound, "+Inf") == 0 ? INFINITY : strtod(bound, NULL);
    while (i < row->buckets && row->bounds[i] < seconds)
        i++;
    /* The server tells them in their order. */
    if (i == row->buckets && row->buckets < TRAFFIC_BUCKETS_MAX)
        row->bounds[row->buckets++] = seconds;
    if (i < row->buckets)
        row->counts[i] += count;
}

static void traffic_add(struct traffic *traffic, const struct sample *sample, const char *label,
                        double sign)
{
    char name[SAMPLE_VALUE_SIZE], code[SAMPLE_VALUE_SIZE];
    size_t last = 0;
    for (size_t i = 0; i < sample->count; i++) {
        const struct sample_series *series = &sample->list[i];
        bool bucket = strcmp(series->name, TRAFFIC_METRIC "_bucket") == 0;
        if ((!bucket && strcmp(series->name, TRAFFIC_METRIC "_count") != 0) ||
            !sample_label(series->labels, label, name))
            continue;
        struct traffic_row *row = traffic_row_of(traffic, name, &last);
        if (row && bucket)
            traffic_add_bucket(row, series->labels, sign * series->value);
        if (!row || bucket)
            continue;
        row->requests += sign * series->value;
        row->total += sign > 0 ? series->value : 0;
        if (sample_label(series->labels, "code", code) && strtol(code, NULL, 10) >= TRAFFIC_FAILURE)
            row->failures += sign * series->value;
    }
}

static int traffic_compare(const void *a, const void *b)
{
    const struct traffic_row *x = a, *y = b;
    if (x->requests != y->requests)
        return x->requests < y->requests ? 1 : -1;
    if (x->total != y->total)
        return x->total < y->total ? 1 : -1;
    return strcmp(x->name, y->name);
}

void traffic_read(struct traffic *traffic, const struct sample *earlier, const struct sample *later,
                  const char *label)
{
    traffic->count = 0;
    traffic_add(traffic, later, label, 1);
    traffic_add(traffic, earlier, label, -1);
    qsort(traffic->rows, traffic->count, sizeof traffic->rows[0], traffic_compare);
}

double traffic_quantile(const struct traffic_row *row, double share)
{
    double all = row->buckets ? row->counts[row->buckets - 1] : 0, rank = all * share;
    size_t i = 0;
    if (all <= 0)
        return -1;
    while (i + 1 < row->buckets && row->counts[i] < rank)
        i++;
    double below = i ? row->bounds[i - 1] : 0, before = i ? row->counts[i - 1] : 0;
    /* Of what is above the last bound nothing more is known. */
    if (isinf(row->bounds[i]) || row->counts[i] <= before)
        return below;
    return below + (row->bounds[i] - below) * (rank - before) / (row->counts[i] - before);
}
