/* config: the environment, read once and checked whole. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"

enum config_setting {
    CONFIG_DATABASE_URL,
    CONFIG_DATABASE_PASSWORD_FILE,
    CONFIG_SOCKET,
    CONFIG_SOCKET_GROUP,
    CONFIG_BACKLOG,
    CONFIG_WORKERS,
    CONFIG_CONSUMERS_DENIED,
    CONFIG_CONSUMERS_DENIED_FILE,
    CONFIG_DRAIN_SECONDS,
    CONFIG_DRAIN_MIN_MS,
    CONFIG_QUIET_MS,
    CONFIG_REQUEST_SECONDS,
    CONFIG_STORE_TIMEOUT_MS,
    CONFIG_LOG_LEVEL,
    CONFIG_SETTING_MAX
};

/* Every setting's value: numbers in numbers[], texts (owned by the environment) in texts[]. The
 * workers are 0 if they were not set. */
struct config {
    const char *texts[CONFIG_SETTING_MAX];
    int numbers[CONFIG_SETTING_MAX];
    enum log_level log_level;
};

/* Reads every setting by way of get (getenv, or a test's stand-in) and writes each error to
 * errors, one line each: what is wrong, where, and what to do. False if there was any. */
bool config_read(struct config *config, char *(*get)(const char *name), FILE *errors);

/* config_read from the process's environment, errors to standard error. A POSTERN_ variable that
 * is no setting is an error too: it is most likely a misspelt one. */
bool config_read_environment(struct config *config);

/* The number of workers: as set, or so many for each CPU granted, and at least 2. */
int config_workers(const struct config *config, int per_cpu);

/* Prints the table of settings: name, default, range, meaning. */
void config_help(FILE *out);

#endif
