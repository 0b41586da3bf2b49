#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "config/config.h"
#include "server/probe.h"

enum { HEALTHCHECK_TIMEOUT_MS = 2000, HEALTHCHECK_OK = 200 };

int command_healthcheck(int argc, char **argv)
{
    struct config config;
    const char *error = "";
    const char *path = "/healthz";
    if (argc == 2 && strcmp(argv[1], "--ready") == 0) {
        path = "/readyz";
    } else if (argc != 1) {
        fputs("usage: postern healthcheck [--ready]\n", stderr);
        return COMMAND_USAGE;
    }
    if (!config_read_environment(&config))
        return COMMAND_FAILED;
    int status = probe_get(config.socket, path, HEALTHCHECK_TIMEOUT_MS, &error);
    if (status == HEALTHCHECK_OK)
        return COMMAND_DONE;
    if (status < 0)
        fprintf(stderr, "postern: %s: %s\n", config.socket, error);
    else
        fprintf(stderr, "postern: %s answered %d\n", path, status);
    return COMMAND_FAILED;
}
