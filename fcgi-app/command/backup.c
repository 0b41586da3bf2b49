#include <stdio.h>

#include "command/command.h"
#include "command/open_store.h"

enum { BACKUP_ERROR_SIZE = 1024 };

int command_backup(int argc, char **argv)
{
    struct config config;
    char error[BACKUP_ERROR_SIZE] = "";
    if (argc != 2 || argv[1][0] == '-') {
        fputs(
            "usage: postern backup FILE\n\nFILE is new, and gets a whole copy of the store, while "
            "it is served or not.\n",
            stderr);
        return COMMAND_USAGE;
    }
    struct store *store = open_store(&config, OPEN_STORE_PATIENT_MS);
    if (!store)
        return COMMAND_FAILED;
    bool ok = store_backup(store, argv[1], error, sizeof error);
    store_close(store);
    if (ok)
        printf("the store is copied to %s\n", argv[1]);
    else
        fprintf(stderr, "postern: nothing was backed up: %s\n", error);
    return ok ? COMMAND_DONE : COMMAND_FAILED;
}
