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
 * one write is cut at a field, never in the middle of one. errno is kept.
 *
 * A reader that pauses holds nobody up: where standard error takes no more, the first line waits a
 * tenth of a second, then it and all that follow are dropped until there is room again, and the
 * next line is preceded by one, at any level, that tells how many: "log lines were dropped", count.
 * (It can wait longer only if other processes fill a pipe's last 4096 bytes between a look and a
 * write.) */
void log_write(enum log_level level, const char *message, const struct log_field *fields);

/* Counts what is dropped in *shared, memory that the processes which share standard error share
 * too: whoever writes first tells for all, and for those that died. NULL: in the process's own
 * again. What was counted before is taken along. */
void log_count_dropped_in(_Atomic int64_t *shared);

/* The last level that is written; LOG_INFO until it is set. */
void log_set_level(enum log_level level);

/* The level of that name ("error" … "debug"); LOG_LEVEL_MAX if there is none. */
enum log_level log_level_of(const char *name);

#endif
