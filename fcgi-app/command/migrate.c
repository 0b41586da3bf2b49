#include <stdio.h>

#include "command/command.h"
#include "command/open_store.h"

int command_migrate(int argc, char **argv)
{
    struct config config;
    int from = 0, to = 0;
    (void)argv;
    if (argc != 1) {
        fputs("usage: postern migrate\n\nCreates the store, or brings its schema up to this "
              "program's.\n",
              stderr);
        return COMMAND_USAGE;
    }
    struct store *store = open_store(&config, OPEN_STORE_PATIENT_MS);
    if (!store)
        return COMMAND_FAILED;
    enum store_result result = store_migrate(store, &from, &to);
    store_close(store);
    if (result != STORE_OK) {
        open_store_explain(&config, result);
        return COMMAND_FAILED;
    }
    if (from == to)
        printf("the schema is at version %d already\n", to);
    else
        printf("the schema went from version %d to %d\n", from, to);
    return COMMAND_DONE;
}
