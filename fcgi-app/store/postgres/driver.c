#include "store/postgres/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/postgres/call.h"
#include "store/postgres/change.h"
#include "store/postgres/consumer.h"
#include "store/postgres/import.h"
#include "store/postgres/migrate.h"
#include "store/postgres/news.h"
#include "store/postgres/order.h"
#include "store/postgres/privilege.h"
#include "store/postgres/product.h"
#include "store/postgres/retire.h"
#include "store/postgres/schema.h"
#include "store/postgres/stock.h"
#include "store/postgres/target.h"
#include "store/postgres/url.h"

static bool postgres_driver_takes(const char *url, char *why, size_t size)
{
    PQconninfoOption *options = postgres_url_parse(url);
    bool ok = options && postgres_target_check(options, why, size);
    if (!options)
        snprintf(
            why, size,
            "it is not of its scheme's form; in a password percent-encode @ as %%40, / as %%2F "
            "and %% as %%25, or put it into DATABASE_PASSWORD_FILE");
    PQconninfoFree(options);
    return ok;
}

static void postgres_driver_close(struct store *store)
{
    struct postgres *p = (struct postgres *)store;
    postgres_session_close(p);
    PQconninfoFree(p->options);
    free(p->password_file);
    free(p);
}

static struct store *postgres_driver_open(const struct store_options *options)
{
    struct postgres *p = calloc(1, sizeof *p);
    bool has_file = options->password_file && *options->password_file;
    if (!p)
        return NULL;
    p->store.driver = &postgres_driver;
    p->timeout_ms = options->timeout_ms;
    p->succession = options->succession;
    p->options = postgres_url_parse(options->url);
    p->password_file = has_file ? strdup(options->password_file) : NULL;
    snprintf(p->schema, sizeof p->schema, "%s",
             options->schema && *options->schema ? options->schema : "public");
    postgres_url_show(options->url, p->name, sizeof p->name);
    if (p->options && (p->password_file || !has_file))
        return &p->store;
    postgres_driver_close(&p->store);
    return NULL;
}

static enum store_result postgres_driver_look(struct postgres *p, void *context)
{
    (void)context;
    /* A connection made earlier may have been overtaken by a migration. */
    enum store_result result = postgres_schema_check(p);
    if (result == STORE_OLD_SCHEMA || result == STORE_NEW_SCHEMA)
        p->ready = false;
    return result == STORE_OK ? postgres_privilege_check(p) : result;
}

static enum store_result postgres_ping(struct store *store)
{
    static const struct postgres_call call = {.name = "ping", .work = postgres_driver_look};
    return postgres_call_run(store, &call, NULL);
}

const struct store_driver postgres_driver = {
    .scheme = "postgresql",
    .alias = "postgres",
    .form = "postgresql://USER@HOST/DATABASE",
    .traits = {.remote = true, .comes_back = true, .copied_by = "pg_dump and pg_restore"},
    .takes = postgres_driver_takes,
    .show = postgres_url_show,
    .open = postgres_driver_open,
    .close = postgres_driver_close,
    .schema_version = postgres_schema_version,
    .changes_send = postgres_changes_send,
    .changes_wait = postgres_changes_wait,
#define STORE_CALL(name, parameters, arguments) .name = postgres_##name,
#include "store/calls.def"
};
