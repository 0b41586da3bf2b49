#include "config/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "config/consumers_file.h"
#include "config/cpus.h"
#include "config/kubernetes.h"

#define CONFIG_PREFIX "POSTERN_"

/* A worker mostly waits: for the writer, or for a database in another zone. Each takes 0.4 MB. */
enum { CONFIG_WORKERS_LEAST = 24 };

enum config_kind {
    CONFIG_IS_TEXT,
    CONFIG_IS_IDENTIFIER,
    CONFIG_IS_ADDRESS,
    CONFIG_IS_NAMESPACE,
    CONFIG_IS_CONSUMERS,
    CONFIG_IS_NUMBER,
    CONFIG_IS_LEVEL,
    CONFIG_IS_SWITCH
};

static const struct config_row {
    const char *name;
    enum config_kind kind;
    size_t offset; /* of the member, in struct config */
    const char *fallback;
    int min, max;
    const char *meaning;
} config_rows[] = {
#define SETTING(kind, member, name, fallback, min, max, meaning, more)                             \
    {name, CONFIG_IS_##kind, offsetof(struct config, member), fallback, min, max, meaning},
#include "config/settings.def"
};

enum { CONFIG_ROWS = sizeof config_rows / sizeof config_rows[0] };

/* The member of the row; its type is that of the row's kind. */
static void *config_member(struct config *config, const struct config_row *row)
{
    return (char *)config + row->offset;
}

static bool config_set_text(const struct config_row *row, CONFIG_TEXT *member, const char *value,
                            FILE *errors)
{
    *member = value;
    if (strlen(value) <= (size_t)row->max)
        return true;
    fprintf(errors, "postern: %s: %zu bytes are too long; give at most %d\n", row->name,
            strlen(value), row->max);
    return false;
}

/* PostgreSQL keeps names that begin with pg_ for itself. */
static bool config_set_identifier(const struct config_row *row, CONFIG_IDENTIFIER *member,
                                  const char *value, FILE *errors)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
    bool plain = value[strspn(value, characters)] == '\0' && !isdigit((unsigned char)*value) &&
                 strncmp(value, "pg_", 3) != 0;
    if (!plain)
        fprintf(errors,
                "postern: %s: \"%s\" is no plain name; write lower-case letters, digits and _, no "
                "digit first and not pg_\n",
                row->name, value);
    return config_set_text(row, member, value, errors) && plain;
}

static bool config_set_address(const struct config_row *row, CONFIG_ADDRESS *member,
                               const char *value, FILE *errors)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    *member = value;
    if (inet_pton(AF_INET, value, bytes) == 1 || inet_pton(AF_INET6, value, bytes) == 1)
        return true;
    fprintf(errors,
            "postern: %s: \"%s\" is no address; write one of IPv4 or IPv6, in figures, such as "
            "127.0.0.1\n",
            row->name, value);
    return false;
}

/* CloudWatch keeps names that begin with AWS/ for itself, and takes none that begins with a colon
 * (its API Reference, PutMetricData). */
static bool config_set_namespace(const struct config_row *row, CONFIG_NAMESPACE *member,
                                 const char *value, FILE *errors)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789.-_/#:";
    bool taken =
        value[strspn(value, characters)] == '\0' && *value != ':' && strncmp(value, "AWS/", 4) != 0;
    if (!taken)
        fprintf(errors,
                "postern: %s: \"%s\" is no namespace that CloudWatch takes; write letters, digits "
                "and . - _ / # :, no colon first and not AWS/\n",
                row->name, value);
    return config_set_text(row, member, value, errors) && taken;
}

static bool config_set_consumers(const struct config_row *row, CONFIG_CONSUMERS *member,
                                 const char *value, FILE *errors)
{
    struct consumers_fault fault = {.why = "no memory to check it"};
    struct consumers *consumers = calloc(1, sizeof *consumers);
    bool ok = consumers && consumers_add_text(consumers, value, &fault);
    free(consumers);
    if (!ok)
        fprintf(errors, "postern: %s: line %d: %s\n", row->name, fault.line, fault.why);
    return config_set_text(row, member, value, errors) && ok;
}

static bool config_set_number(const struct config_row *row, CONFIG_NUMBER *member,
                              const char *value, FILE *errors)
{
    int64_t number = 0;
    if (!*value || text_number(value, strlen(value), row->min, row->max, &number)) {
        *member = (int)number;
        return true;
    }
    fprintf(errors, "postern: %s: \"%s\" is not a number from %d to %d; correct or unset it\n",
            row->name, value, row->min, row->max);
    return false;
}

static bool config_set_level(const struct config_row *row, CONFIG_LEVEL *member, const char *value,
                             FILE *errors)
{
    *member = log_level_of(value);
    if (*member < LOG_LEVEL_MAX)
        return true;
    fprintf(errors, "postern: %s: \"%s\" is none of %s\n", row->name, value, row->meaning);
    return false;
}

static bool config_set_switch(const struct config_row *row, CONFIG_SWITCH *member,
                              const char *value, FILE *errors)
{
    *member = strcmp(value, "on") == 0;
    if (*member || strcmp(value, "off") == 0)
        return true;
    fprintf(errors, "postern: %s: \"%s\" is neither on nor off\n", row->name, value);
    return false;
}

static bool config_set(struct config *config, const struct config_row *row, const char *value,
                       FILE *errors)
{
    void *member = config_member(config, row);
    switch (row->kind) {
    case CONFIG_IS_TEXT:
        return config_set_text(row, member, value, errors);
    case CONFIG_IS_IDENTIFIER:
        return config_set_identifier(row, member, value, errors);
    case CONFIG_IS_ADDRESS:
        return config_set_address(row, member, value, errors);
    case CONFIG_IS_NAMESPACE:
        return config_set_namespace(row, member, value, errors);
    case CONFIG_IS_CONSUMERS:
        return config_set_consumers(row, member, value, errors);
    case CONFIG_IS_NUMBER:
        return config_set_number(row, member, value, errors);
    case CONFIG_IS_LEVEL:
        return config_set_level(row, member, value, errors);
    case CONFIG_IS_SWITCH:
        return config_set_switch(row, member, value, errors);
    }
    return false;
}

/* A worker waits once for its change to be taken up, and once for its end, before the master takes
 * the worker for stuck. */
static bool config_check_deadlines(const struct config *config, FILE *errors)
{
    if (config->store_timeout_ms < config->request_seconds * 500)
        return true;
    fprintf(errors,
            "postern: POSTERN_STORE_TIMEOUT_MS: %d ms is not below half of POSTERN_REQUEST_SECONDS "
            "(%d s); lower the first or raise the second\n",
            config->store_timeout_ms, config->request_seconds);
    return false;
}

/* The socket closes at nine tenths of the drain's time, whatever else is asked for. */
static bool config_check_drain(const struct config *config, FILE *errors)
{
    int most_ms = config->drain_seconds * 900;
    if (config->drain_min_ms <= most_ms)
        return true;
    fprintf(errors,
            "postern: POSTERN_DRAIN_MIN_MS: %d ms are over nine tenths of POSTERN_DRAIN_SECONDS "
            "(%d s); lower the first or raise the second\n",
            config->drain_min_ms, config->drain_seconds);
    return false;
}

bool config_read(struct config *config, char *(*get)(const char *name), FILE *errors)
{
    bool ok = true;
    *config = (struct config){.log_level = LOG_INFO};
    for (size_t i = 0; i < CONFIG_ROWS; i++) {
        const char *value = get(config_rows[i].name);
        if (!value || !*value)
            value = config_rows[i].fallback;
        ok = config_set(config, &config_rows[i], value, errors) && ok;
    }
    if (!ok)
        return false;
    ok = config_check_deadlines(config, errors);
    return config_check_drain(config, errors) && ok;
}

int config_workers(const struct config *config)
{
    int workers = config->workers;
    if (workers)
        return workers;
    workers = cpus_granted();
    if (workers < CONFIG_WORKERS_LEAST)
        return CONFIG_WORKERS_LEAST;
    return workers > CONFIG_WORKERS_MOST ? CONFIG_WORKERS_MOST : workers;
}

static bool config_is_setting(const char *variable)
{
    for (size_t i = 0; i < CONFIG_ROWS; i++) {
        size_t n = strlen(config_rows[i].name);
        if (strncmp(variable, config_rows[i].name, n) == 0 && variable[n] == '=')
            return true;
    }
    return false;
}

/* A setting's value, unless Kubernetes set it: METRICS_PORT, for a Service named metrics. */
static char *config_get(const char *name)
{
    for (char **variable = environ; *variable; variable++) {
        size_t n = strlen(name);
        if (strncmp(*variable, name, n) == 0 && (*variable)[n] == '=')
            return kubernetes_is_link(*variable) ? NULL : *variable + n + 1;
    }
    return NULL;
}

bool config_read_environment(struct config *config)
{
    static bool told; /* a command may read them more than once */
    bool ok = true;
    int links = 0;
    for (char **variable = environ; *variable; variable++) {
        bool prefixed = strncmp(*variable, CONFIG_PREFIX, strlen(CONFIG_PREFIX)) == 0;
        bool setting = config_is_setting(*variable);
        if ((prefixed || setting) && kubernetes_is_link(*variable)) {
            links++;
            continue;
        }
        if (!prefixed || setting)
            continue;
        fprintf(stderr, "postern: %.*s: no such setting; see 'postern serve --help' and unset it\n",
                (int)strcspn(*variable, "="), *variable);
        ok = false;
    }
    if (links > 0 && !told)
        log_write(
            LOG_WARN,
            "passed over variables that Kubernetes set for a Service whose name settings begin "
            "with; set enableServiceLinks: false in the pod to be rid of them",
            LOG_FIELDS(LOG_NUMBER("variables", links)));
    told = true;
    return config_read(config, config_get, stderr) && ok;
}

void config_help(FILE *out)
{
    fprintf(out, "%-30s %-22s %s\n", "variable", "default", "meaning");
    for (size_t i = 0; i < CONFIG_ROWS; i++) {
        fprintf(out, "%-30s %-22s %s", config_rows[i].name, config_rows[i].fallback,
                config_rows[i].meaning);
        if (config_rows[i].kind == CONFIG_IS_NUMBER)
            fprintf(out, " (%d..%d)", config_rows[i].min, config_rows[i].max);
        fputc('\n', out);
    }
}
