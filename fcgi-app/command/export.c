#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "command/command.h"
#include "command/open_store.h"
#include "csv/csv.h"
#include "domain/money.h"

/* One record at its longest: name and description with every character a quote to be doubled. */
enum { EXPORT_RECORD_MAX = 16 * 1024 };

static bool export_write(struct buffer *record)
{
    buffer_char(record, '\n');
    bool ok = !record->overflown && fwrite(record->data, 1, record->len, stdout) == record->len;
    buffer_reset(record, EXPORT_RECORD_MAX + 1);
    return ok;
}

static bool export_header(struct buffer *record)
{
    for (enum product_field i = 0; i < PRODUCT_FIELD_MAX; i++) {
        if (i > 0)
            buffer_char(record, ',');
        csv_write_field(record, product_field_names[i]);
    }
    return export_write(record);
}

static bool export_product(void *context, const struct product *product)
{
    struct buffer *record = context;
    char price[MONEY_TEXT_SIZE];
    money_format(product->price_cents, price);
    buffer_printf(record, "%" PRId64 ",", product->id);
    csv_write_field(record, product->name);
    buffer_char(record, ',');
    csv_write_field(record, product->description);
    buffer_printf(record, ",%s,%" PRId64, price, product->quantity);
    return export_write(record);
}

int command_export(int argc, char **argv)
{
    struct config config;
    struct buffer record;
    (void)argv;
    if (argc != 1) {
        fputs("usage: postern export > FILE.csv\n", stderr);
        return COMMAND_USAGE;
    }
    struct store *store = open_store(&config, OPEN_STORE_PATIENT_MS);
    if (!store)
        return COMMAND_FAILED;
    buffer_init(&record, EXPORT_RECORD_MAX);
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
