/* log: one JSON object a line on standard error, each line one write. Never pass a body, an e-mail
 * address or a secret. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
    LOG_ERROR, /* somebody has to act */
    LOG_WARN,  /* the service went on, but not as it should */
    LOG_INFO,  /* requests, starts and stops */
    LOG_DEBUG, /* for whoever works on the service */
    LOG_LEVEL_MAX
};

/* A member of the line: the text, or if that is NULL the number. */
struct log_field {
    const char *name;
    const char *text;
    int64_t number;
};

#define LOG_TEXT(n, v)   ((struct log_field){.name = (n), .text = (v)})
#define LOG_NUMBER(n, v) ((struct log_field){.name = (n), .number = (int64_t)(v)})

/* The fields of one line, in order; ends them by itself. */
#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {.name = NULL}})

/* Writes one line, unless the level is below the one set; fields may be NULL. A line too long for
 * one write is cut between two fields. errno is kept.
 *
 * A reader that pauses holds nobody up (decisions/0017). Where standard error takes no more, the
 * first line waits a tenth of a second, then lines are dropped. When there is room again, a line of
 * its own tells how many, at any level: "log lines were dropped", count. */
void log_write(enum log_level level, const char *message, const struct log_field *fields);

/* Counts dropped lines in *shared, in memory that all processes share which share standard error.
 * Whoever writes first tells for all, also for those that died. NULL: counts in this process again.
 * What was counted before is taken along. */
void log_count_dropped_in(_Atomic int64_t *shared);

/* The last level that is written; LOG_INFO until it is set. */
void log_set_level(enum log_level level);

/* The level of that name ("error" … "debug"); LOG_LEVEL_MAX if there is none. */
enum log_level log_level_of(const char *name);

#endif
