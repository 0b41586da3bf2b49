#include "store/sqlite/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/sqlite/backup.h"
#include "store/sqlite/call.h"
#include "store/sqlite/change.h"
#include "store/sqlite/consumer.h"
#include "store/sqlite/import.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/news.h"
#include "store/sqlite/order.h"
#include "store/sqlite/product.h"
#include "store/sqlite/restore.h"
#include "store/sqlite/retire.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/stock.h"

enum { SQLITE_READY_US = 500000 }; /* a ping writes if nothing was written for so long */

/* The path in sqlite:PATH or sqlite:///PATH; NULL for an authority, which a file has not. */
static const char *sqlite_driver_path(const char *url)
{
    const char *path = strchr(url, ':') + 1;
    if (strncmp(path, "//", 2) != 0)
        return path;
    return path[2] == '/' ? path + 2 : NULL;
}

static bool sqlite_driver_takes(const char *url, char *why, size_t size)
{
    const char *path = sqlite_driver_path(url);
    /* A stranger's option or a line's end would become a part of a new file's name. */
    if (path && (strchr(path, '?') || text_has_control(path, strlen(path)))) {
        snprintf(why, size, "a path has no \"?\", no option after it, and no control character");
        return false;
    }
    return path && *path;
}

/* A path is no secret. */
static void sqlite_driver_show(const char *url, char *out, size_t size)
{
    snprintf(out, size, "%s", url);
}

static struct store *sqlite_driver_open(const struct store_options *options)
{
    const char *path = sqlite_driver_path(options->url);
    struct sqlite *s = path ? calloc(1, sizeof *s) : NULL;
    if (!s)
        return NULL;
    s->store.driver = &sqlite_driver;
    s->timeout_ms = options->timeout_ms;
    s->lock = -1;
    s->checkpoint.upkeep_fd = options->upkeep_fd;
    /* Whom it follows may have died in a commit. */
    s->doubtful = options->succession != 0;
    /* The "./" keeps SQLite from seeing a URI or ":memory:" in the name. */
    if (asprintf(&s->path, "%s%s", *path == '/' ? "" : "./", path) < 0) {
        free(s);
        return NULL;
    }
    return &s->store;
}

static void sqlite_driver_close(struct store *store)
{
    struct sqlite *s = (struct sqlite *)store;
    sqlite_connection_close(s);
    free(s->path);
    free(s);
}

static enum store_result sqlite_driver_look(struct sqlite *s, void *context)
{
    (void)context;
    /* A connection opened earlier may have been overtaken by a migration. */
    enum store_result result = sqlite_schema_check(s);
    if (result != STORE_OK ||
        (!s->unwritable && s->written_us && clock_monotonic_us() - s->written_us < SQLITE_READY_US))
        return result;
    /* Who holds the lock is writing. */
    result = sqlite_transaction_touch(s);
    return result == STORE_BUSY ? STORE_OK : result;
}

static enum store_result sqlite_ping(struct store *store)
{
    static const struct sqlite_call call = {.name = "ping", .work = sqlite_driver_look};
    return sqlite_call_run(store, &call, NULL);
}

static enum store_result sqlite_driver_keep_up(struct sqlite *s, void *context)
{
    (void)context;
    return sqlite_connection_keep_up(s);
}

static enum store_result sqlite_upkeep(struct store *store)
{
    static const struct sqlite_call call = {.name = "upkeep", .work = sqlite_driver_keep_up};
    return sqlite_call_run(store, &call, NULL);
}

const struct store_driver sqlite_driver = {
    .scheme = "sqlite",
    .form = "sqlite:PATH",
    .traits = {.migrates_itself = true},
    .takes = sqlite_driver_takes,
    .show = sqlite_driver_show,
    .open = sqlite_driver_open,
    .close = sqlite_driver_close,
    .schema_version = sqlite_schema_version,
    .backup = sqlite_backup,
    .restore = sqlite_restore,
    .upkeep = sqlite_upkeep,
#define STORE_CALL(name, parameters, arguments) .name = sqlite_##name,
#include "store/calls.def"
};
