#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "command/command.h"
#include "command/open_store.h"
#include "config/consumers_file.h"
#include "http/http.h"
#include "metrics/emf.h"
#include "metrics/metrics.h"
#include "server/listener.h"
#include "server/master.h"
#include "server/publisher.h"
#include "server/stop.h"
#include "spans/spans.h"

/* Whether to serve without the store for now. It answers 503 until the store is back, like a
 * process whose store went away later, and nobody need start it again. */
static bool serve_may_wait(const struct store_traits *traits, enum store_result result)
{
    return traits->comes_back && (result == STORE_UNREACHABLE || result == STORE_BUSY);
}

/* Before the fork. Without metrics, requests are served all the same. */
static void serve_open_metrics(const struct store *store)
{
    bool kept = metrics_open();
    if (!kept || !emf_open())
        log_write(LOG_ERROR, "cannot count for the metrics",
                  LOG_FIELDS(LOG_TEXT("call", kept ? "mmap" : "memfd_create"),
                             LOG_TEXT("error", strerror(errno))));
    http_label_metrics();
    store_label_metrics(store);
    metrics_label_texts(LABEL_VERSION, &command_version_text, 1);
    metrics_set(METRIC_BUILD_INFO, 1, METRICS_WITH(0));
    metrics_set(METRIC_START_TIME, clock_now_us(), METRICS_BARE);
    metrics_consumer(CONSUMERS_NOBODY);
}

/* Brings the store to this program's schema where it may, or says what to run. Closes the handle
 * again, because each child opens its own after the fork. *said is what the store said. */
static bool serve_prepare_store(struct config *config, enum store_result *said)
{
    int from = 0, to = 0;
    struct store *store = open_store(config, 0);
    if (!store)
        return false;
    const struct store_traits *traits = store_traits(store);
    serve_open_metrics(store);
    enum store_result result =
        traits->migrates_itself ? store_migrate(store, &from, &to) : store_ping(store);
    *said = result;
    bool wait = serve_may_wait(traits, result);
    config->workers = config_workers(config);
    store_close(store);
    if (wait)
        log_write(LOG_WARN, "starting without the store; requests get 503 until it answers",
                  LOG_FIELDS(LOG_TEXT("result", store_result_names[result])));
    if (result != STORE_OK && !wait) {
        open_store_explain(config, result);
        return false;
    }
    if (from != to)
        log_write(LOG_INFO, "store migrated",
                  LOG_FIELDS(LOG_NUMBER("from", from), LOG_NUMBER("to", to)));
    return true;
}

/* A signal that comes early is kept for the master. It would end the process and leave the socket
 * behind. */
static void serve_hold_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    stop_add_to(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    /* With these, other servers open their logs anew or start again. Nothing here needs that, and
     * the process must not end by them. */
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
}

static int serve_until_stopped(struct config *config, struct listener *listener,
                               const struct consumers *consumers)
{
    enum store_result store;
    if (!serve_prepare_store(config, &store))
        return COMMAND_FAILED;
    /* A stop that came meanwhile was held back: for the store's timeout at most, unless a migration
     * took longer. */
    if (stop_is_pending()) {
        log_write(LOG_INFO, "stopped before it served", NULL);
        return COMMAND_DONE;
    }
    publisher_outlast(listener);
    if (!listener_listen(listener, config))
        return COMMAND_FAILED;
    /* Without spans, requests are served all the same. */
    if (*config->trace_file)
        spans_open(config->trace_rate, command_version_text);
    int status = master_run(config, listener, consumers, store);
    spans_close();
    return status;
}

static bool serve_load_consumers(const struct config *config, struct consumers *consumers)
{
    const char *path = config->consumers_file;
    struct consumers_fault fault;
    bool of_file;
    char line[32] = "";
    if (consumers_file_load(consumers, config->consumers, path, &fault, &of_file))
        return true;
    if (fault.line)
        snprintf(line, sizeof line, "line %d: ", fault.line);
    fprintf(stderr, "postern: POSTERN_CONSUMERS%s%s: %s%s\n", of_file ? "_FILE: " : "",
            of_file ? path : "", line, fault.why);
    return false;
}

int command_serve(int argc, char **argv)
{
    struct config config;
    struct listener listener;
    static struct consumers consumers; /* too large for the stack */
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts("usage: postern serve\n\nServes FastCGI until TERM. Everything is set in the "
             "environment:\n");
        config_help(stdout);
        return COMMAND_DONE;
    }
    if (argc != 1) {
        fputs("usage: postern serve [--help]\n", stderr);
        return COMMAND_USAGE;
    }
    serve_hold_signals();
    if (!open_store_configure(&config) || !serve_load_consumers(&config, &consumers))
        return COMMAND_FAILED;
    /* The lock comes first: a second server must not touch what the first one uses. */
    if (!listener_open(&listener, &config))
        return COMMAND_FAILED;
    int status = serve_until_stopped(&config, &listener, &consumers);
    listener_close(&listener);
    return status;
}
