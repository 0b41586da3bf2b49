#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "command/command.h"
#include "command/open_store.h"
#include "csv/product_csv.h"

static bool export_write(struct buffer *record)
{
    bool ok = !record->overflown && fwrite(record->data, 1, record->len, stdout) == record->len;
    buffer_reset(record, PRODUCT_CSV_RECORD_MAX + 1);
    return ok;
}

static bool export_header(struct buffer *record)
{
    product_csv_write_header(record);
    return export_write(record);
}

static bool export_product(void *context, const struct product *product)
{
    product_csv_write(context, product);
    return export_write(context);
}

int command_export(int argc, char **argv)
{
    struct config config;
    struct buffer record;
    (void)argv;
    if (argc != 1) {
        fputs("usage: postern export > FILE.csv\n\nWrites the products as CSV.\n", stderr);
        return COMMAND_USAGE;
    }
    struct store *store = open_store(&config, OPEN_STORE_PATIENT_MS);
    if (!store)
        return COMMAND_FAILED;
    buffer_init(&record, PRODUCT_CSV_RECORD_MAX);
    enum store_result result = store_ping(store);
    if (result == STORE_OK && !export_header(&record))
        result = STORE_STOPPED;
    if (result == STORE_OK)
        result = store_product_list(store, 0, 0, export_product, &record);
    if (fflush(stdout) != 0 && result == STORE_OK)
        result = STORE_STOPPED;
    if (result == STORE_STOPPED)
        fprintf(stderr, "postern: cannot write the catalogue: %s\n", strerror(errno));
    else if (result != STORE_OK)
        open_store_explain(&config, result);
    buffer_free(&record);
    store_close(store);
    return result == STORE_OK ? COMMAND_DONE : COMMAND_FAILED;
}
