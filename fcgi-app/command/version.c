#include <stdio.h>

#include "command/command.h"

const char *const command_version_text = POSTERN_VERSION;

int command_version(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        fputs("usage: postern version\n\nPrints the version, and the commit it was built of.\n",
              stderr);
        return COMMAND_USAGE;
    }
    puts("postern " POSTERN_VERSION);
    return COMMAND_DONE;
}
