#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "config/config.h"
#include "server/listener.h"
#include "server/probe.h"

enum { HEALTHCHECK_TIMEOUT_MS = 2000, HEALTHCHECK_OK = 200 };

enum { HEALTHCHECK_PATH_SIZE = CONFIG_SOCKET_MAX + sizeof LISTENER_PROBE_SUFFIX };

/* The socket of probes. A server that was given its socket has none, and takes them with requests.
 */
static const char *healthcheck_socket(const struct config *config, char path[HEALTHCHECK_PATH_SIZE])
{
    snprintf(path, HEALTHCHECK_PATH_SIZE, "%s" LISTENER_PROBE_SUFFIX, config->socket);
    return access(path, F_OK) == 0 ? path : config->socket;
}

int command_healthcheck(int argc, char **argv)
{
    struct config config;
    const char *error = "";
    const char *path = "/healthz";
    char probes[HEALTHCHECK_PATH_SIZE];
    if (argc == 2 && strcmp(argv[1], "--ready") == 0) {
        path = "/readyz";
    } else if (argc != 1) {
        fputs("usage: postern healthcheck [--ready]\n\nAsks the server on POSTERN_SOCKET whether "
              "it is alive, or whether it takes requests.\n",
              stderr);
        return COMMAND_USAGE;
    }
    if (!config_read_environment(&config))
        return COMMAND_FAILED;
    const char *socket = healthcheck_socket(&config, probes);
    int status = probe_get(socket, path, HEALTHCHECK_TIMEOUT_MS, &error);
    if (status == HEALTHCHECK_OK)
        return COMMAND_DONE;
    if (status < 0)
        fprintf(
            stderr,
            "postern: %s: %s; see that postern serves, and POSTERN_SOCKET is the same as there\n",
            socket, error);
    else
        fprintf(stderr, "postern: %s answered %d\n", path, status);
    return COMMAND_FAILED;
}
