#include "store/postgres.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/postgres_internal.h"

enum {
    POSTGRES_RETRIES_MAX = 10,
    POSTGRES_RETRY_US = 1000, /* times the number of the retry */
    POSTGRES_LOSSES_MAX = 1,
};

void postgres_enter(struct postgres *p, const char *call)
{
    p->call = call;
    p->end_us = clock_monotonic_us() + (int64_t)p->timeout_ms * 1000;
    p->deadline_us = p->end_us;
    p->unbounded = false;
    p->shown = false;
    p->retries = 0;
    p->losses = 0;
    p->remedy = POSTGRES_NONE;
}

bool postgres_again(struct postgres *p, enum store_result result)
{
    enum postgres_remedy remedy = result == STORE_OK ? POSTGRES_NONE : p->remedy;
    p->remedy = POSTGRES_NONE;
    if (remedy == POSTGRES_NONE || p->shown || clock_monotonic_us() >= p->deadline_us)
        return false;
    if (remedy != POSTGRES_RETRY)
        return p->losses++ < POSTGRES_LOSSES_MAX;
    if (p->retries++ >= POSTGRES_RETRIES_MAX)
        return false;
    clock_sleep_us((int64_t)p->retries * POSTGRES_RETRY_US);
    return true;
}

/* Tells one cause from another: the five characters of a SQLSTATE, which are digits and capital
 * letters, as a number in base 36; for what the server did not report, a new number below zero
 * whenever the text is another one than before. */
static int postgres_code(struct postgres *p)
{
    if (*p->error.state)
        return (int)strtol(p->error.state, NULL, 36);
    if (strcmp(p->cause, p->error.text) != 0) {
        memcpy(p->cause, p->error.text, sizeof p->cause);
        p->causes++;
    }
    return -p->causes;
}

enum store_result postgres_leave(struct postgres *p, enum store_result result)
{
    /* Within a call that failed half-way. */
    if (p->conn && !p->idle)
        postgres_disconnect(p);
    trouble_note(&p->trouble, result, postgres_code(p),
                 LOG_FIELDS(LOG_TEXT("store", p->name), LOG_TEXT("call", p->call),
                            LOG_TEXT("error", p->error.text),
                            LOG_TEXT("sqlstate", p->error.state)));
    return result;
}

static bool postgres_takes(const char *url, char *why, size_t size)
{
    PQconninfoOption *options = postgres_parse(url);
    bool ok = options && postgres_takes_values(options, why, size);
    PQconninfoFree(options);
    return ok;
}

static void postgres_close(struct store *store)
{
    struct postgres *p = (struct postgres *)store;
    postgres_disconnect(p);
    PQconninfoFree(p->options);
    free(p->password_file);
    free(p);
}

static struct store *postgres_open(const struct store_options *options)
{
    struct postgres *p = calloc(1, sizeof *p);
    bool has_file = options->password_file && *options->password_file;
    if (!p)
        return NULL;
    p->store.driver = &postgres_driver;
    p->timeout_ms = options->timeout_ms;
    p->options = postgres_parse(options->url);
    p->password_file = has_file ? strdup(options->password_file) : NULL;
    postgres_show(options->url, p->name, sizeof p->name);
    if (p->options && (p->password_file || !has_file))
        return &p->store;
    postgres_close(&p->store);
    return NULL;
}

static enum store_result postgres_ping(struct store *store)
{
    struct postgres *p = (struct postgres *)store;
    enum store_result result;
    postgres_enter(p, "ping");
    do {
        result = postgres_reach(p);
        /* A connection made earlier may have been overtaken by a migration. */
        if (result == STORE_OK)
            result = postgres_check(p);
        if (result == STORE_OLD_SCHEMA || result == STORE_NEW_SCHEMA)
            p->ready = false;
    } while (postgres_again(p, result));
    return postgres_leave(p, result);
}

const struct store_driver postgres_driver = {
    .scheme = "postgresql",
    .alias = "postgres",
    .form = "postgresql://USER@HOST/DATABASE",
    .traits = {.comes_back = true, .workers_per_cpu = 2},
    .takes = postgres_takes,
    .show = postgres_show,
    .open = postgres_open,
    .close = postgres_close,
#define STORE_CALL(name, parameters, arguments) .name = postgres_##name,
#include "store/calls.def"
};
