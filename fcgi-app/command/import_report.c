#include "command/import_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "domain/money.h"

enum { IMPORT_REPORT_TEXT_SIZE = 81 };

/* Of each verdict that refuses: what is wrong with the one product, and what to do. */
static const struct {
    const char *wrong, *remedy;
} import_report_refusals[STORE_VERDICTS] = {
    [STORE_LACKING] = {"is new, so it needs a name and a price",
                       "give a new product all but the description and the quantity"},
    [STORE_STOCKED] = {"exists, so its quantity is refused",
                       "a quantity in a file would undo what was sold since it was written: give "
                       "--keep-stock to pass over it where the product exists, or --set-stock to "
                       "set the stock to it"},
    [STORE_RETIRED] = {"is retired", "bring it back first, with: postern retire --back ID"},
};

static void import_report_text(int64_t id, enum product_field field, const char *was,
                               const char *would_be)
{
    char old[IMPORT_REPORT_TEXT_SIZE], new[IMPORT_REPORT_TEXT_SIZE];
    if (strcmp(was, would_be) == 0)
        return;
    text_show(was, old, sizeof old);
    text_show(would_be, new, sizeof new);
    printf("product %" PRId64 ": %s \"%s\" -> \"%s\"\n", id, product_field_names[field], old, new);
}

static void import_report_change(const struct product *was, const struct product *would_be)
{
    char old[MONEY_TEXT_SIZE], new[MONEY_TEXT_SIZE];
    import_report_text(was->id, PRODUCT_NAME, was->name, would_be->name);
    import_report_text(was->id, PRODUCT_DESCRIPTION, was->description, would_be->description);
    if (was->price_cents != would_be->price_cents) {
        money_format(was->price_cents, old);
        money_format(would_be->price_cents, new);
        printf("product %" PRId64 ": %s %s -> %s\n", was->id, product_field_names[PRODUCT_PRICE],
               old, new);
    }
    if (was->quantity != would_be->quantity)
        printf("product %" PRId64 ": %s %" PRId64 " -> %" PRId64 "\n", was->id,
               product_field_names[PRODUCT_QUANTITY], was->quantity, would_be->quantity);
}

void import_report_product(const struct import_file *file, enum store_verdict verdict,
                           const struct product *was, const struct product *would_be)
{
    char place[IMPORT_FILE_PLACE_SIZE];
    if (verdict == STORE_CHANGED) {
        import_report_change(was, would_be);
        return;
    }
    import_file_place(file, would_be->id, verdict == STORE_STOCKED, place);
    fprintf(stderr, "postern: %s: %s: product %" PRId64 " %s\n", file->name, place, would_be->id,
            import_report_refusals[verdict].wrong);
}

void import_report_done(const struct store_imported *imported, bool dry_run)
{
    const int64_t *counts = imported->counts;
    int64_t all = counts[STORE_ADDED] + counts[STORE_CHANGED] + counts[STORE_LEFT];
    printf("%s %" PRId64 " products: %" PRId64 " added, %" PRId64 " changed, %" PRId64
           " left as they are\n",
           dry_run ? "would import" : "imported", all, counts[STORE_ADDED], counts[STORE_CHANGED],
           counts[STORE_LEFT]);
}

void import_report_refused(const struct import_file *file, const struct store_imported *imported)
{
    for (int i = 0; i < STORE_VERDICTS; i++) {
        if (import_report_refusals[i].wrong && imported->counts[i])
            fprintf(stderr, "postern: %s: %" PRId64 " refused, nothing was imported; %s\n",
                    file->name, imported->counts[i], import_report_refusals[i].remedy);
    }
}
