/* config: the settings, read from the environment once and checked whole. settings.def lists them;
 * a new setting is a row there. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"

/* Bounds that settings.def names. */
enum {
    CONFIG_PATH_MAX = 4096,
    CONFIG_SOCKET_MAX = 99, /* what struct sockaddr_un holds, less its NUL and ".publish" */
    CONFIG_GROUP_MAX = 64,
    CONFIG_IDENTIFIER_MAX = 63, /* what PostgreSQL keeps of a name */
    CONFIG_NAMESPACE_MAX = 255, /* CloudWatch API Reference, PutMetricData */
    CONFIG_WORKERS_MOST = 256
};

/* The kinds of settings. Texts belong to the environment and are never NULL. A setting that is
 * missing or "" has its default. */
typedef const char *CONFIG_TEXT;
typedef const char *CONFIG_IDENTIFIER; /* a name in SQL that needs no quotes for its characters */
typedef const char *CONFIG_ADDRESS;    /* of IPv4 or IPv6, in figures */
typedef const char *CONFIG_NAMESPACE;  /* of CloudWatch, which needs no quotes in JSON */
typedef const char *CONFIG_CONSUMERS;  /* lines of a consumers file */
typedef int CONFIG_NUMBER;             /* 0 if the default is empty and it is not set */
typedef enum log_level CONFIG_LEVEL;
typedef bool CONFIG_SWITCH; /* "on" or "off" */

struct config {
#define SETTING(kind, member, name, fallback, min, max, meaning, more) CONFIG_##kind member;
#include "config/settings.def"
};

/* Reads every setting by way of get (getenv, or a test's stand-in). Writes each error to errors,
 * one line each: what is wrong, where, and what to do. False if there was any. */
bool config_read(struct config *config, char *(*get)(const char *name), FILE *errors);

/* config_read from the process's environment, errors to standard error. A POSTERN_ variable that is
 * no setting is an error too, because it is most likely misspelt. Those that Kubernetes set for a
 * Service are passed over, with one warning in the log. */
bool config_read_environment(struct config *config);

/* The number of workers: as set, or 24, or one for each CPU granted if they are more. */
int config_workers(const struct config *config);

/* Prints the table of settings: name, default, meaning, range. */
void config_help(FILE *out);

#endif
