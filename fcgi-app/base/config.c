#include "base/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cpus.h"
#include "base/denylist.h"
#include "base/text.h"

#define CONFIG_PREFIX "POSTERN_"

enum { CONFIG_WORKERS_LEAST = 2, CONFIG_WORKERS_MOST = 256 };

enum config_kind {
    CONFIG_TEXT,      /* any text up to max bytes; empty stands for the default */
    CONFIG_ENDPOINTS, /* such a text, of VPC endpoint ids with commas between */
    CONFIG_NUMBER,    /* a decimal number within min..max */
    CONFIG_LEVEL      /* a log level's name */
};

static const struct {
    const char *name;
    enum config_kind kind;
    const char *fallback; /* the default, as one would write it */
    int min, max;
    const char *meaning;
} config_rows[CONFIG_SETTING_MAX] = {
    [CONFIG_DATABASE_URL] = {"DATABASE_URL", CONFIG_TEXT, "sqlite:var/postern.db", 0, 4096,
                             "the store: sqlite:PATH or postgresql://USER@HOST/DATABASE"},
    [CONFIG_DATABASE_PASSWORD_FILE] = {"DATABASE_PASSWORD_FILE", CONFIG_TEXT, "", 0, 4096,
                                       "file with PostgreSQL's password, read for each connection"},
    [CONFIG_SOCKET] = {"POSTERN_SOCKET", CONFIG_TEXT, "var/postern.sock", 0,
                       (int)sizeof(((struct sockaddr_un *)0)->sun_path) - 1,
                       "the unix socket the web server connects to"},
    [CONFIG_SOCKET_GROUP] = {"POSTERN_SOCKET_GROUP", CONFIG_TEXT, "", 0, 64,
                             "group that may connect; empty: the process's own"},
    [CONFIG_BACKLOG] = {"POSTERN_BACKLOG", CONFIG_NUMBER, "1024", 16, 65535,
                        "connections the socket queues (net.core.somaxconn bounds it)"},
    [CONFIG_WORKERS] = {"POSTERN_WORKERS", CONFIG_NUMBER, "", 1, CONFIG_WORKERS_MOST,
                        "worker processes; empty: one a CPU granted, two with PostgreSQL"},
    [CONFIG_CONSUMERS_DENIED] = {"POSTERN_CONSUMERS_DENIED", CONFIG_ENDPOINTS, "", 0,
                                 DENYLIST_TEXT_MAX,
                                 "VPC endpoint ids that get 403, with commas between"},
    [CONFIG_CONSUMERS_DENIED_FILE] = {"POSTERN_CONSUMERS_DENIED_FILE", CONFIG_TEXT, "", 0, 4096,
                                      "file with more of them, one a line; read again on HUP"},
    [CONFIG_DRAIN_SECONDS] = {"POSTERN_DRAIN_SECONDS", CONFIG_NUMBER, "25", 1, 600,
                              "after TERM, workers still busy are killed after this long"},
    [CONFIG_DRAIN_MIN_MS] = {"POSTERN_DRAIN_MIN_MS", CONFIG_NUMBER, "0", 0, 540000,
                             "after TERM, the socket stays open for at least this long"},
    [CONFIG_QUIET_MS] = {"POSTERN_QUIET_MS", CONFIG_NUMBER, "1000", 10, 60000,
                         "after TERM, the socket closes when no request came for this long"},
    [CONFIG_REQUEST_SECONDS] = {"POSTERN_REQUEST_SECONDS", CONFIG_NUMBER, "30", 1, 600,
                                "a worker busy longer with one request is killed and replaced"},
    [CONFIG_STORE_TIMEOUT_MS] = {"POSTERN_STORE_TIMEOUT_MS", CONFIG_NUMBER, "3000", 10, 60000,
                                 "a store call that takes longer is given up (503)"},
    [CONFIG_LOG_LEVEL] = {"POSTERN_LOG_LEVEL", CONFIG_LEVEL, "info", 0, 0,
                          "error, warn, info or debug"},
};

static bool config_set_text(struct config *config, enum config_setting i, const char *value,
                            FILE *errors)
{
    config->texts[i] = value;
    if (strlen(value) <= (size_t)config_rows[i].max)
        return true;
    fprintf(errors, "postern: %s: %zu bytes are too long; give at most %d\n", config_rows[i].name,
            strlen(value), config_rows[i].max);
    return false;
}

static bool config_set_endpoints(struct config *config, enum config_setting i, const char *value,
                                 FILE *errors)
{
    struct denylist_fault fault = {.why = "no memory to check it"};
    struct denylist *list = malloc(sizeof *list);
    bool ok = list && denylist_load(list, value, "", &fault);
    free(list);
    if (!ok)
        fprintf(errors, "postern: %s: %s\n", config_rows[i].name, fault.why);
    return config_set_text(config, i, value, errors) && ok;
}

static bool config_set(struct config *config, enum config_setting i, const char *value,
                       FILE *errors)
{
    int64_t number = 0;
    switch (config_rows[i].kind) {
    case CONFIG_TEXT:
        return config_set_text(config, i, value, errors);
    case CONFIG_ENDPOINTS:
        return config_set_endpoints(config, i, value, errors);
    case CONFIG_NUMBER:
        if (text_number(value, strlen(value), config_rows[i].min, config_rows[i].max, &number)) {
            config->numbers[i] = (int)number;
            return true;
        }
        fprintf(errors, "postern: %s: \"%s\" is not a number from %d to %d; correct or unset it\n",
                config_rows[i].name, value, config_rows[i].min, config_rows[i].max);
        return false;
    case CONFIG_LEVEL:
        config->log_level = log_level_of(value);
        if (config->log_level < LOG_LEVEL_MAX)
            return true;
        fprintf(errors, "postern: %s: \"%s\" is none of %s\n", config_rows[i].name, value,
                config_rows[i].meaning);
        return false;
    }
    return false;
}

/* The rules that span settings. The master would kill a worker that still waits rightfully. */
static bool config_check_deadlines(const struct config *config, FILE *errors)
{
    if (config->numbers[CONFIG_STORE_TIMEOUT_MS] < config->numbers[CONFIG_REQUEST_SECONDS] * 1000)
        return true;
    fprintf(errors,
            "postern: POSTERN_STORE_TIMEOUT_MS: %d ms is not below POSTERN_REQUEST_SECONDS "
            "(%d s); lower the first or raise the second\n",
            config->numbers[CONFIG_STORE_TIMEOUT_MS], config->numbers[CONFIG_REQUEST_SECONDS]);
    return false;
}

/* The socket closes a tenth of the time before the drain's deadline, whatever else is asked for. */
static bool config_check_drain(const struct config *config, FILE *errors)
{
    int most_ms = config->numbers[CONFIG_DRAIN_SECONDS] * 900;
    if (config->numbers[CONFIG_DRAIN_MIN_MS] <= most_ms)
        return true;
    fprintf(errors,
            "postern: POSTERN_DRAIN_MIN_MS: %d ms are over nine tenths of POSTERN_DRAIN_SECONDS "
            "(%d s); lower the first or raise the second\n",
            config->numbers[CONFIG_DRAIN_MIN_MS], config->numbers[CONFIG_DRAIN_SECONDS]);
    return false;
}

bool config_read(struct config *config, char *(*get)(const char *name), FILE *errors)
{
    bool ok = true;
    *config = (struct config){.log_level = LOG_INFO};
    for (enum config_setting i = 0; i < CONFIG_SETTING_MAX; i++) {
        const char *value = get(config_rows[i].name);
        if (!value || !*value)
            value = config_rows[i].fallback;
        if (*value || config_rows[i].kind <= CONFIG_ENDPOINTS)
            ok = config_set(config, i, value, errors) && ok;
    }
    if (!ok)
        return false;
    ok = config_check_deadlines(config, errors);
    return config_check_drain(config, errors) && ok;
}

int config_workers(const struct config *config, int per_cpu)
{
    int workers = config->numbers[CONFIG_WORKERS];
    if (workers)
        return workers;
    workers = cpus_granted() * per_cpu;
    if (workers < CONFIG_WORKERS_LEAST)
        return CONFIG_WORKERS_LEAST;
    return workers > CONFIG_WORKERS_MOST ? CONFIG_WORKERS_MOST : workers;
}

static bool config_is_setting(const char *variable)
{
    for (enum config_setting i = 0; i < CONFIG_SETTING_MAX; i++) {
        size_t n = strlen(config_rows[i].name);
        if (strncmp(variable, config_rows[i].name, n) == 0 && variable[n] == '=')
            return true;
    }
    return false;
}

bool config_read_environment(struct config *config)
{
    bool ok = true;
    for (char **variable = environ; *variable; variable++) {
        if (strncmp(*variable, CONFIG_PREFIX, strlen(CONFIG_PREFIX)) != 0 ||
            config_is_setting(*variable))
            continue;
        fprintf(stderr, "postern: %.*s: no such setting; see 'postern serve --help' and unset it\n",
                (int)strcspn(*variable, "="), *variable);
        ok = false;
    }
    return config_read(config, getenv, stderr) && ok;
}

void config_help(FILE *out)
{
    fprintf(out, "%-30s %-22s %s\n", "variable", "default", "meaning");
    for (enum config_setting i = 0; i < CONFIG_SETTING_MAX; i++) {
        fprintf(out, "%-30s %-22s %s", config_rows[i].name, config_rows[i].fallback,
                config_rows[i].meaning);
        if (config_rows[i].kind == CONFIG_NUMBER)
            fprintf(out, " (%d..%d)", config_rows[i].min, config_rows[i].max);
        fputc('\n', out);
    }
}
