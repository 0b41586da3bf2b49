/* traffic: how many requests there were between two samples, and how long they took, by one label.
 */
#ifndef COMMAND_TRAFFIC_H
#define COMMAND_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>

#include "command/sample.h"

enum { TRAFFIC_ROWS_MAX = 1024, TRAFFIC_BUCKETS_MAX = 32 };

struct traffic_row {
    char name[SAMPLE_VALUE_SIZE];
    double total;                       /* requests since the server began */
    double requests;                    /* between the samples */
    double failures;                    /* of those, with a code of 500 and more */
    double bounds[TRAFFIC_BUCKETS_MAX]; /* seconds; the last one is infinite */
    double counts[TRAFFIC_BUCKETS_MAX]; /* between the samples, up to the bound */
    size_t buckets;
};

struct traffic {
    size_t count;
    struct traffic_row rows[TRAFFIC_ROWS_MAX]; /* the most requests first */
};

/* Adds up what the later sample has and the earlier one has not, a row for each value of the label.
 * Large: keep it off the stack. */
void traffic_read(struct traffic *traffic, const struct sample *earlier, const struct sample *later,
                  const char *label);

/* The time that a share (0 to 1) of the row's requests did not exceed, in seconds; as Prometheus's
 * histogram_quantile has it, and below 0 if there were none. */
double traffic_quantile(const struct traffic_row *row, double share);

#endif
