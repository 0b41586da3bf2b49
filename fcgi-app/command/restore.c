#include <stdio.h>

#include "command/command.h"
#include "command/open_store.h"

enum { RESTORE_SAID_SIZE = 8192 };

int command_restore(int argc, char **argv)
{
    struct config config;
    char said[RESTORE_SAID_SIZE] = "";
    if (argc != 2 || argv[1][0] == '-') {
        fputs(
            "usage: postern restore FILE\n\nFILE is what postern backup made. It takes the store's "
            "place while nobody serves it.\nThe former store is kept beside it.\n",
            stderr);
        return COMMAND_USAGE;
    }
    struct store *store = open_store(&config, OPEN_STORE_PATIENT_MS);
    if (!store)
        return COMMAND_FAILED;
    bool ok = store_restore(store, argv[1], said, sizeof said);
    store_close(store);
    if (!ok)
        fprintf(stderr, "postern: nothing was restored: %s\n", said);
    else if (*said)
        printf("%s is restored; the former store is now %s\n", argv[1], said);
    else
        printf("%s is restored\n", argv[1]);
    return ok ? COMMAND_DONE : COMMAND_FAILED;
}
