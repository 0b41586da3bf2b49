#include <inttypes.h>
#include <stdio.h>

#include "command/command.h"
#include "command/open_store.h"

struct audit {
    int64_t products, wrong;
};

/* Names a product whose stock is not what its ledger says. */
static bool audit_product(void *context, const struct store_stock *stock)
{
    struct audit *audit = context;
    audit->products++;
    if (store_stock_sum(stock) == stock->quantity)
        return true;
    audit->wrong++;
    fprintf(stderr,
            "postern: product %" PRId64 ": adjusted %" PRId64 ", sold %" PRId64
            ", cancelled %" PRId64 " make %" PRId64 ", but its stock is %" PRId64 "\n",
            stock->product_id, stock->adjusted, stock->sold, stock->cancelled,
            store_stock_sum(stock), stock->quantity);
    return true;
}

int command_audit(int argc, char **argv)
{
    struct config config;
    struct audit audit = {0, 0};
    (void)argv;
    if (argc != 1) {
        fputs("usage: postern audit\n\nChecks for every product, at one moment, that its "
              "adjustments, less what was sold, plus what\ncancelled orders gave back, make its "
              "stock. Names those that are wrong; the exit status is then 1.\n",
              stderr);
        return COMMAND_USAGE;
    }
    struct store *store = open_store(&config, OPEN_STORE_PATIENT_MS);
    if (!store)
        return COMMAND_FAILED;
    enum store_result result = store_stock_list(store, 0, audit_product, &audit);
    store_close(store);
    if (result != STORE_OK) {
        open_store_explain(&config, result);
        return COMMAND_FAILED;
    }
    printf("products: %" PRId64 ", wrong: %" PRId64 "\n", audit.products, audit.wrong);
    return audit.wrong ? COMMAND_FAILED : COMMAND_DONE;
}
