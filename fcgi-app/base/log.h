/* log: one JSON object a line on standard error, each line one write. Never pass a body, an e-mail
 * address or a secret. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
    LOG_ERROR, /* somebody has to act */
    LOG_WARN,  /* the service went on, but not as it should */
    LOG_INFO,  /* requests, starts and stops */
    LOG_DEBUG, /* for whoever works on the service */
    LOG_LEVEL_MAX
};

/* A member of the line: the text, or if that is NULL the number. The name is written as it is. */
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

/* Writes one line at any level, and without waiting for its reader. members are JSON, without
 * braces; with what each line begins with, they must fit into PIPE_BUF. False if the line was not
 * written; the caller may try again later, and so it is not counted as dropped. */
bool log_write_members(const char *message, const char *members);

enum { LOG_ERRORS = 8, LOG_ERROR_WORDS = 16, LOG_ERROR_SIZE = LOG_ERROR_WORDS * 8 };

/* What processes that share standard error keep together, in memory that they share. Starts zeroed.
 */
struct log_shared {
    _Atomic int64_t dropped;     /* lines, of which no line has told yet */
    _Atomic int64_t dropped_all; /* since the start */
    _Atomic uint32_t errors;     /* lines of LOG_ERROR since the start */
    struct {
        _Atomic int64_t at_us; /* 0 while it is written */
        _Atomic uint64_t words[LOG_ERROR_WORDS];
    } last[LOG_ERRORS]; /* of those */
};

/* From now on, dropped lines are counted and the last errors kept there. Whoever writes first tells
 * of dropped lines for all, also for those that died. NULL: within this process again. The lines
 * that were dropped, and not told of, are taken along. */
void log_share(struct log_shared *shared);

/* A line of LOG_ERROR: its time, and its message, cut to the size. */
struct log_error {
    int64_t at_us;
    char message[LOG_ERROR_SIZE];
};

/* The last errors, the newest first; returns how many there are. */
size_t log_last_errors(struct log_error out[LOG_ERRORS]);

/* The last level that is written; LOG_INFO until it is set. */
void log_set_level(enum log_level level);

/* The level of that name ("error" … "debug"); LOG_LEVEL_MAX if there is none. */
enum log_level log_level_of(const char *name);

#endif
