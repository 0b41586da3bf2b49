#include "command/open_store.h"

#include <stdio.h>
#include <string.h>

static const char *const open_store_advice[STORE_RESULT_MAX] = {
    [STORE_BUSY] = "another process holds the store; try again, or raise POSTERN_STORE_TIMEOUT_MS",
    [STORE_UNREACHABLE] = "it cannot be opened; check that DATABASE_URL is right, and that its "
                          "folder exists and may be written, or run 'postern migrate'",
    [STORE_OLD_SCHEMA] = "its schema is older than this program; run 'postern migrate'",
    [STORE_NEW_SCHEMA] = "its schema is newer than this program; install a newer postern",
    [STORE_FAULT] = "it is damaged or no store of postern's; the log line above names the call",
};

bool open_store_configure(struct config *config)
{
    char error[256];
    bool ok = config_read_environment(config);
    if (!store_keeper_of(config->texts[CONFIG_DATABASE_URL], error, sizeof error)) {
        fprintf(stderr, "postern: %s\n", error);
        ok = false;
    }
    if (ok)
        log_set_level(config->log_level);
    return ok;
}

struct store *open_store(struct config *config, int timeout_ms)
{
    if (!open_store_configure(config))
        return NULL;
    struct store *store =
        store_open(config->texts[CONFIG_DATABASE_URL],
                   timeout_ms ? timeout_ms : config->numbers[CONFIG_STORE_TIMEOUT_MS]);
    if (!store)
        fputs("postern: out of memory\n", stderr);
    return store;
}

void open_store_explain(const struct config *config, enum store_result result)
{
    const char *advice = open_store_advice[result], *url = config->texts[CONFIG_DATABASE_URL];
    /* What has an @ may hold a password before it. */
    size_t shown = strchr(url, '@') ? strcspn(url, ":") : strlen(url);
    fprintf(stderr, "postern: the store %.*s%s: %s\n", (int)shown, url, url[shown] ? ":…" : "",
            advice ? advice : store_result_names[result]);
}
