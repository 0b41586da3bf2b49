#include "command/open_store.h"

#include <stdio.h>

#include "publish/handover.h"

static const char *const open_store_advice[STORE_RESULT_MAX] = {
    [STORE_BUSY] = "another process holds the store; try again, or raise POSTERN_STORE_TIMEOUT_MS",
    [STORE_UNREACHABLE] = "it cannot be opened; check that DATABASE_URL is right, and that its "
                          "server answers or its folder exists and may be written, or run "
                          "'postern migrate'; the log line above says more",
    [STORE_UNKNOWN] = "the connection broke, or the disk failed, while the change was being made "
                      "durable, so it may or may not be there: all of it or nothing; run the "
                      "command again, which does no harm if it is",
    [STORE_OLD_SCHEMA] = "its schema is older than this program; run 'postern migrate'",
    [STORE_NEW_SCHEMA] = "its schema is newer than this program; install a newer postern",
    [STORE_UNSUITABLE] =
        "its server lacks what this program needs, such as a privilege; the log line "
        "above names it and says what to do",
    [STORE_FAULT] = "it is damaged or no store of postern's; the log line above names the call",
};

bool open_store_configure(struct config *config)
{
    char error[512];
    bool ok = config_read_environment(config);
    if (!store_takes(config->database_url, error, sizeof error)) {
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
    struct store *store = store_open(&(struct store_options){
        .url = config->database_url,
        .timeout_ms = timeout_ms ? timeout_ms : config->store_timeout_ms,
        .password_file = config->database_password_file,
        .schema = config->database_schema,
    });
    if (!store)
        fputs("postern: out of memory\n", stderr);
    return store;
}

void open_store_explain(const struct config *config, enum store_result result)
{
    const char *advice = open_store_advice[result];
    char shown[256];
    store_show(config->database_url, shown, sizeof shown);
    fprintf(stderr, "postern: the store %s: %s\n", shown,
            advice ? advice : store_result_names[result]);
}

void open_store_show(const struct config *config)
{
    char path[CONFIG_SOCKET_MAX + sizeof HANDOVER_SUFFIX];
    snprintf(path, sizeof path, "%s" HANDOVER_SUFFIX, config->socket);
    handover_show(path);
}
