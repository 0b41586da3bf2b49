#include "store/store.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "spans/spans.h"
#include "store/driver.h"
#include "store/postgres/driver.h"
#include "store/sqlite/driver.h"

/* Every driver there is; a new one is a row here. */
static const struct store_driver *const store_drivers[] = {&sqlite_driver, &postgres_driver};

enum {
    STORE_DRIVERS = sizeof store_drivers / sizeof store_drivers[0],
    STORE_SCHEME_SIZE = 32,
    STORE_WRONG_SIZE = 256, /* what a driver may say of a URL */
};

const char *const store_result_names[STORE_RESULT_MAX] = {
    [STORE_OK] = "ok",
    [STORE_REPLAYED] = "replayed",
    [STORE_NOT_FOUND] = "not found",
    [STORE_UNKNOWN_PRODUCT] = "unknown product",
    [STORE_SHORT] = "not enough stock",
    [STORE_BEYOND] = "stock out of bounds",
    [STORE_KEY_REUSED] = "idempotency key reused",
    [STORE_KEY_IN_FLIGHT] = "idempotency key in flight",
    [STORE_TAKEN] = "name taken",
    [STORE_NOT_EMPTY] = "not empty",
    [STORE_REFUSED] = "refused",
    [STORE_STOPPED] = "stopped",
    [STORE_BUSY] = "busy",
    [STORE_UNREACHABLE] = "unreachable",
    [STORE_UNKNOWN] = "outcome unknown",
    [STORE_OLD_SCHEMA] = "schema too old",
    [STORE_NEW_SCHEMA] = "schema too new",
    [STORE_UNSUITABLE] = "unsuitable",
    [STORE_FAULT] = "fault",
};

static bool store_starts_with(const char *url, const char *scheme)
{
    size_t len = scheme ? strlen(scheme) : 0;
    return scheme && strncmp(url, scheme, len) == 0 && url[len] == ':';
}

/* What may be shown of a URL that nobody takes, and that may hold a password anywhere: its scheme
 * (RFC 3986, 3.1) with the colon, or "" if it does not begin with one. */
static void store_show_scheme(const char *url, char out[STORE_SCHEME_SIZE])
{
    size_t len = strcspn(url, ":");
    bool is = url[len] && len + 2 <= STORE_SCHEME_SIZE && isalpha((unsigned char)*url);
    for (size_t i = 0; i < len && is; i++)
        is = isalnum((unsigned char)url[i]) || strchr("+-.", url[i]);
    snprintf(out, STORE_SCHEME_SIZE, "%.*s", is ? (int)len + 1 : 0, url);
}

/* The driver for a URL, or NULL; error then says what is wrong and what is known. */
static const struct store_driver *store_driver_of(const char *url, char *error, size_t error_size)
{
    char wrong[STORE_WRONG_SIZE] = "there is no store of this scheme", scheme[STORE_SCHEME_SIZE];
    size_t used;
    for (size_t i = 0; i < STORE_DRIVERS; i++) {
        if (!store_starts_with(url, store_drivers[i]->scheme) &&
            !store_starts_with(url, store_drivers[i]->alias))
            continue;
        snprintf(wrong, sizeof wrong, "the URL is not of its scheme's form");
        if (store_drivers[i]->takes(url, wrong, sizeof wrong))
            return store_drivers[i];
    }
    store_show_scheme(url, scheme);
    snprintf(error, error_size, "DATABASE_URL: %s…: %s; write", scheme, wrong);
    for (size_t i = 0; i < STORE_DRIVERS; i++) {
        used = strlen(error);
        snprintf(error + used, error_size - used, "%s %s", i ? " or" : "", store_drivers[i]->form);
    }
    return NULL;
}

bool store_takes(const char *url, char *error, size_t error_size)
{
    return store_driver_of(url, error, error_size) != NULL;
}

void store_show(const char *url, char *out, size_t size)
{
    char error[STORE_WRONG_SIZE], scheme[STORE_SCHEME_SIZE];
    const struct store_driver *driver = store_driver_of(url, error, sizeof error);
    store_show_scheme(url, scheme);
    if (driver)
        driver->show(url, out, size);
    else
        snprintf(out, size, "%s…", scheme);
}

struct store *store_open(const struct store_options *options)
{
    char error[STORE_WRONG_SIZE];
    const struct store_driver *driver = store_driver_of(options->url, error, sizeof error);
    return driver ? driver->open(options) : NULL;
}

void store_close(struct store *store)
{
    if (store)
        store->driver->close(store);
}

const struct store_traits *store_traits(const struct store *store)
{
    return &store->driver->traits;
}

/* Says which tools copy the store that does not do so itself. */
static bool store_refuse_copy(const struct store *store, char *error, size_t size)
{
    snprintf(error, size, "a store of the scheme %s is copied with %s", store->driver->scheme,
             store->driver->traits.copied_by);
    return false;
}

bool store_backup(struct store *store, const char *file, char *error, size_t size)
{
    return store->driver->backup ? store->driver->backup(store, file, error, size)
                                 : store_refuse_copy(store, error, size);
}

bool store_restore(struct store *store, const char *file, char *said, size_t size)
{
    return store->driver->restore ? store->driver->restore(store, file, said, size)
                                  : store_refuse_copy(store, said, size);
}

int64_t store_stock_sum(const struct store_stock *stock)
{
    return stock->adjusted - stock->sold + stock->cancelled;
}

enum {
#define STORE_CALL(name, parameters, arguments) STORE_CALL_##name,
#include "store/calls.def"
    STORE_CALLS,
    STORE_NAMES = STORE_CALLS + STORE_USES
};

/* The calls, and then what callers wait for while another process makes the call. */
static const char *const store_call_names[STORE_NAMES] = {
#define STORE_CALL(name, parameters, arguments) #name,
#include "store/calls.def"
    [STORE_CALLS + STORE_USE_ORDER] = "order_place",
    [STORE_CALLS + STORE_USE_CANCEL] = "order_cancel",
};

void store_label_metrics(const struct store *store)
{
    metrics_label_texts(LABEL_CALL, store_call_names, STORE_NAMES);
    metrics_label_texts(LABEL_RESULT, store_result_names, STORE_RESULT_MAX);
    metrics_label_texts(LABEL_DRIVER, &store->driver->scheme, 1);
    metrics_set(METRIC_STORE_INFO, 1, METRICS_WITH(0, (uint16_t)store->driver->schema_version()));
}

enum store_result store_upkeep(struct store *store)
{
    return store->driver->upkeep ? store->driver->upkeep(store) : STORE_OK;
}

void store_trace(struct store *store, const struct trace *trace)
{
    store->trace = trace;
}

bool store_has_failed(enum store_result result)
{
    return result >= STORE_BUSY;
}

bool store_changes_send(struct store *store, struct store_change *changes, size_t count,
                        struct store_wait *wait)
{
    if (!store->driver->changes_send)
        return false;
    store->sent_us = clock_monotonic_us();
    return store->driver->changes_send(store, changes, count, wait);
}

bool store_changes_wait(struct store *store, struct store_change *changes, size_t count,
                        struct store_wait *wait)
{
    return store->driver->changes_wait(store, changes, count, wait);
}

/* When the call began. */
static int64_t store_begin(struct store *store)
{
    int64_t sent_us = store->sent_us;
    store->sent_us = 0;
    if (store->trace)
        trace_within(store->trace, &store->call);
    return sent_us ? sent_us : clock_monotonic_us();
}

/* Counts a call, and makes the span of one that is traced. */
static void store_note(int call, enum store_result result, const struct trace *trace,
                       int64_t took_us)
{
    metrics_observe(METRIC_STORE_CALLS, took_us, METRICS_WITH((uint16_t)call, result));
    if (!trace)
        return;
    struct span span = {
        .trace = trace,
        .name = {"store", store_call_names[call]},
        .kind = SPAN_INTERNAL,
        .failed = store_has_failed(result),
        .attributes =
            SPAN_ATTRIBUTES(SPAN_TEXT("postern.store.result", store_result_names[result])),
    };
    spans_put(&span, took_us);
}

void store_change_observe(const struct store_change *change, const struct trace *trace,
                          int64_t took_us)
{
    store_note(STORE_CALLS + (int)change->use, change->result, trace->sampled ? trace : NULL,
               took_us);
}

/* Each call is passed on to the store's driver, and measured. */
#define STORE_CALL(name, parameters, arguments)                                                    \
    enum store_result store_##name parameters                                                      \
    {                                                                                              \
        int64_t start_us = store_begin(store);                                                     \
        enum store_result result = store->driver->name arguments;                                  \
        store_note(STORE_CALL_##name, result, store->trace ? &store->call : NULL,                  \
                   clock_monotonic_us() - start_us);                                               \
        return result;                                                                             \
    }
#include "store/calls.def"
