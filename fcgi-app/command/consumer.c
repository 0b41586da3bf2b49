#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "command/command.h"
#include "command/open_store.h"
#include "config/consumers.h"
#include "domain/order.h"

_Static_assert((int)CONSUMERS_NAME_MAX <= (int)ORDER_CONSUMER_MAX &&
                   (int)ENDPOINT_ID_MAX <= (int)ORDER_CONSUMER_MAX,
               "an order keeps its consumer");

static bool consumer_is_one(const char *text)
{
    size_t len = strlen(text);
    if (consumers_is_name(text, len) || endpoint_is_id(text, len) ||
        strcmp(text, CONSUMERS_NOBODY) == 0)
        return true;
    fprintf(
        stderr,
        "postern: \"%s\" is no consumer; give a name of the consumers file, a VPC endpoint's id, "
        "or -\n",
        text);
    return false;
}

static void consumer_explain(const struct config *config, const struct store_rename *rename,
                             enum store_result result)
{
    if (result == STORE_NOT_FOUND)
        fprintf(stderr, "postern: %s has no orders and no keys; nothing was changed\n",
                rename->from);
    else if (result == STORE_TAKEN)
        fprintf(stderr,
                "postern: %s has orders or keys already; nothing was changed. With --merge both "
                "become one, and no command parts them again\n",
                rename->to);
    else
        open_store_explain(config, result);
}

static int consumer_rename(const struct config *config, struct store *store,
                           const struct store_rename *rename)
{
    struct store_renamed renamed = {.orders = 0};
    enum store_result result = store_consumer_rename(store, rename, &renamed);
    if (result != STORE_OK) {
        consumer_explain(config, rename, result);
        return COMMAND_FAILED;
    }
    printf("filed under %s: %" PRId64 " orders, %" PRId64 " keys\n", rename->to, renamed.orders,
           renamed.keys);
    if (renamed.dropped)
        printf("dropped: %" PRId64 " keys of %s that %s had too\n", renamed.dropped, rename->from,
               rename->to);
    return COMMAND_DONE;
}

int command_consumer(int argc, char **argv)
{
    struct config config;
    bool merge = argc == 5 && strcmp(argv[4], "--merge") == 0;
    if (argc != 4 + merge || strcmp(argv[1], "rename") != 0 || argv[2][0] == '\0') {
        fputs(
            "usage: postern consumer rename OLD NEW [--merge]\n\nFiles the orders and idempotency "
            "keys of the consumer OLD under NEW, all or none. A consumer\nis the name that the "
            "consumers file gives it, else its VPC endpoint's id, or -.\nIf NEW has orders or keys "
            "already nothing is changed, unless --merge says so. Where both\nhave a key, NEW's "
            "stays.\n",
            stderr);
        return COMMAND_USAGE;
    }
    const struct store_rename rename = {argv[2], argv[3], merge, clock_now_us()};
    if (!consumer_is_one(rename.from) || !consumer_is_one(rename.to))
        return COMMAND_USAGE;
    if (strcmp(rename.from, rename.to) == 0) {
        fputs("postern: both are the same consumer; nothing was changed\n", stderr);
        return COMMAND_USAGE;
    }
    struct store *store = open_store(&config, OPEN_STORE_PATIENT_MS);
    if (!store)
        return COMMAND_FAILED;
    int status = consumer_rename(&config, store, &rename);
    store_close(store);
    return status;
}
