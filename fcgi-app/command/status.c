#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/command.h"
#include "command/overview.h"
#include "command/sample.h"
#include "config/config.h"
#include "server/outlet.h"

enum {
    STATUS_TIMEOUT_MS = 3000,
    STATUS_ONCE_US = 1000 * 1000,  /* between the two samples that a rate is made of */
    STATUS_WATCH_US = 2000 * 1000, /* between two screens */
    STATUS_PATH_SIZE = CONFIG_SOCKET_MAX + sizeof OUTLET_SUFFIX
};

#define STATUS_USAGE                                                                               \
    "usage: postern status [--watch] [--json]\n\nShows what the server on POSTERN_SOCKET does. "   \
    "--watch: again and again. --json: as a line of JSON.\n"
/* Clears a terminal, and begins at its top (ECMA-48: ED, CUP). */
#define STATUS_CLEAR "\033[H\033[2J"

struct status {
    char socket[STATUS_PATH_SIZE];
    bool watch, json;
    struct overview overview;
};

static bool status_read_arguments(struct status *status, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool watch = strcmp(argv[i], "--watch") == 0, json = strcmp(argv[i], "--json") == 0;
        if (!watch && !json)
            return false;
        status->watch = status->watch || watch;
        status->json = status->json || json;
    }
    return true;
}

static bool status_fail(const struct status *status, const char *error)
{
    fprintf(stderr,
            "postern: %s: %s; see that postern serves, and POSTERN_SOCKET is the same as there\n",
            status->socket, error);
    return false;
}

static bool status_print(const struct status *status, const struct buffer *out)
{
    if (status->watch && !status->json)
        fputs(STATUS_CLEAR, stdout);
    if (fwrite(out->data, 1, out->len, stdout) == out->len && fflush(stdout) == 0)
        return true;
    fprintf(stderr, "postern: cannot write the status: %s\n", strerror(errno));
    return false;
}

/* Takes the next sample, and shows what was between it and the one before. */
static bool status_show(struct status *status, struct sample *earlier, struct buffer *out)
{
    struct sample later;
    struct buffer errors;
    const char *error = "";
    buffer_init(&errors, SAMPLE_TEXT_MAX);
    bool ok = sample_take(&later, status->socket, STATUS_TIMEOUT_MS, &error) &&
              sample_ask(status->socket, "/errors", STATUS_TIMEOUT_MS, &errors, &error);
    if (ok) {
        overview_make(&status->overview, earlier, &later, errors.data ? errors.data : "");
        buffer_reset(out, SAMPLE_TEXT_MAX);
        if (status->json)
            overview_put_json(&status->overview, out);
        else
            overview_put_text(&status->overview, out);
        ok = status_print(status, out);
    } else {
        status_fail(status, error);
    }
    buffer_free(&errors);
    sample_free(earlier);
    *earlier = later;
    return ok;
}

static bool status_run(struct status *status)
{
    struct sample sample;
    struct buffer out;
    const char *error = "";
    bool ok = sample_take(&sample, status->socket, STATUS_TIMEOUT_MS, &error) ||
              status_fail(status, error);
    buffer_init(&out, SAMPLE_TEXT_MAX);
    clock_sleep_us(ok ? STATUS_ONCE_US : 0);
    ok = ok && status_show(status, &sample, &out);
    while (ok && status->watch) {
        clock_sleep_us(STATUS_WATCH_US);
        ok = status_show(status, &sample, &out);
    }
    buffer_free(&out);
    sample_free(&sample);
    return ok;
}

int command_status(int argc, char **argv)
{
    struct config config;
    struct status *status = calloc(1, sizeof *status);
    int result = COMMAND_FAILED;
    if (!status) {
        fputs("postern: out of memory\n", stderr);
    } else if (!status_read_arguments(status, argc, argv)) {
        fputs(STATUS_USAGE, stderr);
        result = COMMAND_USAGE;
    } else if (config_read_environment(&config)) {
        snprintf(status->socket, sizeof status->socket, "%s" OUTLET_SUFFIX, config.socket);
        if (status_run(status))
            result = COMMAND_DONE;
    }
    free(status);
    return result;
}
