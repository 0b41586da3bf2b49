#include "store/store.h"

#include <stdio.h>
#include <string.h>

#include "store/postgres.h"
#include "store/sqlite.h"

/* Every keeper there is; a new one is a row here. */
static const struct store_keeper *const store_keepers[] = {&store_sqlite, &store_postgres};

enum { STORE_KEEPERS = sizeof store_keepers / sizeof store_keepers[0] };

const char *const store_result_names[STORE_RESULT_MAX] = {
    [STORE_OK] = "ok",
    [STORE_REPLAYED] = "replayed",
    [STORE_NOT_FOUND] = "not found",
    [STORE_UNKNOWN_PRODUCT] = "unknown product",
    [STORE_SHORT] = "not enough stock",
    [STORE_KEY_REUSED] = "idempotency key reused",
    [STORE_KEY_IN_FLIGHT] = "idempotency key in flight",
    [STORE_STOPPED] = "stopped",
    [STORE_BUSY] = "busy",
    [STORE_UNREACHABLE] = "unreachable",
    [STORE_UNKNOWN] = "outcome unknown",
    [STORE_OLD_SCHEMA] = "schema too old",
    [STORE_NEW_SCHEMA] = "schema too new",
    [STORE_FAULT] = "fault",
};

static bool store_starts_with(const char *url, const char *scheme)
{
    size_t len = scheme ? strlen(scheme) : 0;
    return scheme && strncmp(url, scheme, len) == 0 && url[len] == ':';
}

const struct store_keeper *store_keeper_of(const char *url, char *error, size_t error_size)
{
    char wrong[128] = "there is no store of this scheme";
    size_t used;
    for (size_t i = 0; i < STORE_KEEPERS; i++) {
        if (!store_starts_with(url, store_keepers[i]->scheme) &&
            !store_starts_with(url, store_keepers[i]->alias))
            continue;
        snprintf(wrong, sizeof wrong, "the URL is not of its scheme's form");
        if (store_keepers[i]->takes(url, wrong, sizeof wrong))
            return store_keepers[i];
    }
    /* The URL itself may hold a password, so only its scheme is shown. */
    snprintf(error, error_size, "DATABASE_URL: %.*s:…: %s; write", (int)strcspn(url, ":/@"), url,
             wrong);
    for (size_t i = 0; i < STORE_KEEPERS; i++) {
        used = strlen(error);
        snprintf(error + used, error_size - used, "%s %s", i ? " or" : "", store_keepers[i]->form);
    }
    return NULL;
}

void store_show(const char *url, char *out, size_t size)
{
    char error[256];
    const struct store_keeper *keeper = store_keeper_of(url, error, sizeof error);
    if (keeper)
        keeper->show(url, out, size);
    else
        snprintf(out, size, "%.*s:…", (int)strcspn(url, ":/@"), url);
}

struct store *store_open(const struct store_options *options)
{
    char error[256];
    const struct store_keeper *keeper = store_keeper_of(options->url, error, sizeof error);
    return keeper ? keeper->open(options) : NULL;
}

void store_close(struct store *store)
{
    if (store)
        store->keeper->close(store);
}

enum store_result store_ping(struct store *store)
{
    return store->keeper->ping(store);
}

enum store_result store_migrate(struct store *store, int *from, int *to)
{
    return store->keeper->migrate(store, from, to);
}

enum store_result store_product_get(struct store *store, int64_t id, store_product_visit visit,
                                    void *context)
{
    return store->keeper->product_get(store, id, visit, context);
}

enum store_result store_product_list(struct store *store, int64_t after, int64_t limit,
                                     store_product_visit visit, void *context)
{
    return store->keeper->product_list(store, after, limit, visit, context);
}

enum store_result store_product_import(struct store *store, store_product_next next, void *context)
{
    return store->keeper->product_import(store, next, context);
}

enum store_result store_order_place(struct store *store, const struct order_request *request,
                                    const struct store_placement *placement,
                                    struct store_outcome *outcome)
{
    return store->keeper->order_place(store, request, placement, outcome);
}

enum store_result store_order_get(struct store *store, const char *consumer, const char *id,
                                  struct order *order)
{
    return store->keeper->order_get(store, consumer, id, order);
}

enum store_result store_order_list(struct store *store, const char *consumer, const char *before,
                                   int64_t limit, store_order_visit visit, void *context)
{
    return store->keeper->order_list(store, consumer, before, limit, visit, context);
}
