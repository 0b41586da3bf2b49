/* sample: the metrics of a running server at one moment, as it tells them on its unix socket. */
#ifndef COMMAND_SAMPLE_H
#define COMMAND_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum { SAMPLE_TEXT_MAX = 64 * 1024 * 1024, SAMPLE_VALUE_SIZE = 128 };

/* One line: its name and labels are texts of their own, as they stand before and between { }. */
struct sample_series {
    const char *name, *labels; /* "": none */
    double value;
};

struct sample {
    int64_t at_us;      /* monotonic: when it was asked for; 0 if it is empty */
    struct buffer text; /* what the series borrow from */
    size_t count;
    struct sample_series *list; /* owned */
};

/* Asks for a path over the unix socket, and puts the body into out, which is empty. False, and
 * *error is static text, if it is not there within the time. */
bool sample_ask(const char *socket, const char *path, int timeout_ms, struct buffer *out,
                const char **error);

/* Asks for /metrics. sample_free is due in either case. */
bool sample_take(struct sample *sample, const char *socket, int timeout_ms, const char **error);

/* Takes the text apart, which the sample owns; lines that are no series are passed over. False if
 * out of memory. */
bool sample_parse(struct sample *sample);

void sample_free(struct sample *sample);

/* Copies the value of a label from a series's labels; false, and out is "", if it has none. */
bool sample_label(const char *labels, const char *label, char out[SAMPLE_VALUE_SIZE]);

/* Whether there is a series of that name. */
bool sample_has(const struct sample *sample, const char *name);

/* The sum over all series of the name whose label has the value; label NULL: over all of them. */
double sample_sum(const struct sample *sample, const char *name, const char *label,
                  const char *value);

#endif
