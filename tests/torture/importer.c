#include "torture/importer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/catalogue.h"
#include "torture/commands.h"
#include "torture/order.h"
#include "torture/wrong.h"

enum {
    IMPORTER_ROWS = 8,
    IMPORTER_KILL_MS = 40, /* an import that is to be killed has less */
    IMPORTER_TEXT_SIZE = 2048,
    IMPORTER_STOCK_MAX = 400 /* what a stock is set to at most */
};

/* What an import gives, beside ids and descriptions, and what must come of it. */
static const struct kind {
    const char *header;
    const char *option; /* NULL: none */
    bool refused;       /* for what it gives, and so it changes nothing */
    bool dry;
} kinds[] = {
    {"id,description", NULL, false, false},
    {"id,description,price", NULL, false, false},
    {"id,description,quantity", "--set-stock", false, false},
    {"id,description,quantity", "--keep-stock", false, false},
    {"id,description,quantity", NULL, true, false},
    {"id,description,price", "--dry-run", false, true},
    {"id,description,colour", NULL, true, false},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static struct import {
    uint8_t products[IMPORTER_ROWS];
    uint8_t rows;
    bool made;  /* the command said so */
    bool never; /* it was refused, or only a trial */
} imports[COMMANDS_MAX];

static struct commands commands;
static int counts[KINDS];
static int64_t seen[ORDER_SHARED + 1]; /* the import that wrote a product's description; or -1 */

static bool importer_has(const struct import *import, int64_t product)
{
    for (size_t i = 0; i < import->rows; i++) {
        if (import->products[i] == product)
            return true;
    }
    return false;
}

/* Makes up the n-th import, and writes its file. */
static bool importer_write(struct import *import, size_t n, const struct kind *kind)
{
    char text[IMPORTER_TEXT_SIZE];
    size_t rows = 1 + load_random(&commands.random, IMPORTER_ROWS);
    size_t used = (size_t)snprintf(text, sizeof text, "%s\n", kind->header);
    import->rows = 0;
    while (import->rows < rows) {
        int64_t product = 1 + load_random(&commands.random, ORDER_SHARED);
        if (importer_has(import, product))
            continue;
        import->products[import->rows++] = (uint8_t)product;
        used += (size_t)snprintf(text + used, sizeof text - used, "%" PRId64 ",i-%zu", product, n);
        if (strstr(kind->header, "price"))
            used += (size_t)snprintf(text + used, sizeof text - used, ",%" PRId64 ".%02d",
                                     catalogue_cents(product) / 100,
                                     (int)(catalogue_cents(product) % 100));
        else if (strcmp(kind->header, "id,description") != 0)
            used += (size_t)snprintf(text + used, sizeof text - used, ",%u",
                                     load_random(&commands.random, IMPORTER_STOCK_MAX));
        used += (size_t)snprintf(text + used, sizeof text - used, "\n");
    }
    return pair_write(&commands.pair, "import.csv", text);
}

static void importer_import(struct commands *own)
{
    (void)own;
    char path[PAIR_PATH_SIZE + 16], out[COMMANDS_OUT_SIZE];
    size_t n = atomic_load(&commands.told), k = load_random(&commands.random, KINDS);
    const struct kind *kind = &kinds[k];
    struct import *import = &imports[n];
    snprintf(path, sizeof path, "%s/import.csv", commands.pair.dir);
    if (!importer_write(import, n, kind)) {
        wrong_say("the file of an import cannot be written");
        return;
    }
    const char *const argv[] = {"import", kind->option ? kind->option : path,
                                kind->option ? path : NULL, NULL};
    int status = commands_run(&commands, argv, out, IMPORTER_KILL_MS);
    import->never = kind->refused || kind->dry;
    import->made = status == 0 && !import->never;
    counts[k] += status == 0 || (kind->refused && status == 1);
    if (status == 0 && kind->refused)
        wrong_say("the import i-%zu was not refused; it said: %s", n, out);
    atomic_store(&commands.told, n + 1);
}

bool importer_start(const struct pair *pair, uint64_t seed)
{
    for (size_t i = 0; i <= ORDER_SHARED; i++)
        seen[i] = -1;
    return commands_start(&commands, pair, seed ^ 0x1394057, importer_import);
}

void importer_finish(void)
{
    commands_finish(&commands);
}

size_t importer_told(void)
{
    return atomic_load(&commands.told);
}

void importer_see(const char *product, const char *description)
{
    int64_t id = strtoll(product, NULL, 10);
    bool imported = strncmp(description, "i-", 2) == 0;
    if (id < 1 || id > ORDER_PRODUCTS || (*description && (!imported || id > ORDER_SHARED)))
        wrong_say("product %s has the description \"%s\"", product, description);
    else if (id <= ORDER_SHARED)
        seen[id] = imported ? strtoll(description + 2, NULL, 10) : -1;
}

/* An import is there whole, as far as no later one has written over it. */
static void importer_check_one(size_t n)
{
    const struct import *import = &imports[n];
    size_t there = 0, over = 0;
    for (size_t i = 0; i < import->rows; i++) {
        there += seen[import->products[i]] == (int64_t)n;
        over += seen[import->products[i]] > (int64_t)n;
    }
    if (there && import->never)
        wrong_say("the import i-%zu was to change nothing, and is there", n);
    if (there && there + over != import->rows)
        wrong_say("of the import i-%zu there are %zu of %d products", n, there, import->rows);
    if (import->made && there + over != import->rows)
        wrong_say("the import i-%zu was made, and %zu of its %d products lack it", n,
                  import->rows - there - over, import->rows);
}

void importer_check(size_t count)
{
    for (size_t n = 0; n < count; n++)
        importer_check_one(n);
}

void importer_end(void)
{
    int made = 0;
    for (size_t k = 0; k < KINDS; k++)
        made += kinds[k].refused || kinds[k].dry ? 0 : counts[k];
    if (made == 0)
        wrong_say("no import was made");
}

void importer_report(void)
{
    int made = 0, refused = 0;
    for (size_t k = 0; k < KINDS; k++) {
        made += kinds[k].refused ? 0 : counts[k];
        refused += kinds[k].refused ? counts[k] : 0;
    }
    printf(" %d imports, %d refused, %d killed,", made, refused, commands.killed);
}
