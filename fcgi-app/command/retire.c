#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "command/command.h"
#include "command/open_store.h"

/* Reads the ids. Returns how many there are, or 0 after saying what is wrong. */
static size_t retire_read_ids(int count, char **texts, int64_t ids[STORE_RETIRE_MAX])
{
    if (count > STORE_RETIRE_MAX) {
        fprintf(stderr, "postern: at most %d products at once\n", STORE_RETIRE_MAX);
        return 0;
    }
    for (int i = 0; i < count; i++) {
        if (!text_number(texts[i], strlen(texts[i]), 1, PRODUCT_ID_MAX, &ids[i])) {
            fprintf(stderr, "postern: \"%s\" is no product's id\n", texts[i]);
            return 0;
        }
    }
    return (size_t)count;
}

static int retire_run(const struct config *config, struct store *store, const int64_t *ids,
                      size_t count, bool back)
{
    struct store_retired retired;
    enum store_result result = store_product_retire(store, ids, count, back, &retired);
    if (result == STORE_OK) {
        printf("%s: %" PRId64 " of %zu products\n", back ? "brought back" : "retired",
               retired.changed, count);
        return COMMAND_DONE;
    }
    if (result == STORE_NOT_FOUND)
        fprintf(stderr, "postern: there is no product %" PRId64 "; nothing was changed\n",
                retired.missing);
    else
        open_store_explain(config, result);
    return COMMAND_FAILED;
}

int command_retire(int argc, char **argv)
{
    struct config config;
    int64_t ids[STORE_RETIRE_MAX];
    bool back = argc > 1 && strcmp(argv[1], "--back") == 0;
    if (argc < 2 + back || argv[1 + back][0] == '-') {
        fputs("usage: postern retire [--back] ID...\n\nTakes products out of sale, all or none: no "
              "list shows them, and an order of one is refused.\nOrders that have them keep them. "
              "--back brings them in again, with the stock they have.\n",
              stderr);
        return COMMAND_USAGE;
    }
    size_t count = retire_read_ids(argc - 1 - back, argv + 1 + back, ids);
    if (count == 0)
        return COMMAND_USAGE;
    struct store *store = open_store(&config, OPEN_STORE_PATIENT_MS);
    if (!store)
        return COMMAND_FAILED;
    int status = retire_run(&config, store, ids, count, back);
    open_store_show(&config);
    store_close(store);
    return status;
}
