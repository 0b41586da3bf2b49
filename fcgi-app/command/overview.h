/* overview: what `postern status` shows of a server, made of two samples. */
#ifndef COMMAND_OVERVIEW_H
#define COMMAND_OVERVIEW_H

#include "command/sample.h"
#include "command/traffic.h"

/* Large: keep it off the stack. */
struct overview {
    const struct sample *now; /* borrowed */
    const char *errors;       /* borrowed: lines of a time and a message, the newest first */
    double seconds;           /* between the samples, or since the server began */
    double uptime;            /* seconds */
    char version[SAMPLE_VALUE_SIZE], driver[SAMPLE_VALUE_SIZE], schema[SAMPLE_VALUE_SIZE];
    struct traffic routes, consumers;
};

/* If another server told the earlier one, rates are those since the later one's server began. */
void overview_make(struct overview *overview, const struct sample *earlier,
                   const struct sample *later, const char *errors);

/* Appends a screen for a person, and the same as one JSON object in a line. */
void overview_put_text(const struct overview *overview, struct buffer *out);
void overview_put_json(const struct overview *overview, struct buffer *out);

#endif
