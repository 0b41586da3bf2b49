#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/import_file.h"
#include "command/import_report.h"
#include "command/open_store.h"

struct import {
    struct store_import request; /* its context is this struct */
    struct import_file file;
};

/* What can become of a quantity, by the options' names. */
static const char *const import_quantities[] = {
    [STORE_QUANTITY_SET] = "--set-stock",
    [STORE_QUANTITY_KEEP] = "--keep-stock",
};

/* Heeds an option. False if it is none, or speaks against another. */
static bool import_option(const char *option, struct store_import *request)
{
    for (enum store_quantity i = STORE_QUANTITY_SET; i <= STORE_QUANTITY_KEEP; i++) {
        if (strcmp(option, import_quantities[i]) != 0)
            continue;
        bool first = request->quantity == STORE_QUANTITY_REFUSE;
        request->quantity = i;
        return first;
    }
    bool *flag = strcmp(option, "--if-empty") == 0  ? &request->if_empty
                 : strcmp(option, "--dry-run") == 0 ? &request->dry_run
                                                    : NULL;
    if (flag)
        *flag = true;
    return flag;
}

/* Reads the arguments: the file's name, or NULL if they are not as they must be. */
static const char *import_arguments(int argc, char **argv, struct store_import *request)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (!import_option(argv[i], request))
            return NULL;
    }
    const char *name = argc > 1 ? argv[argc - 1] : "";
    return *name && (*name != '-' || !name[1]) ? name : NULL;
}

static int import_next(void *context, struct product *product)
{
    return import_file_next(&((struct import *)context)->file, product);
}

static void import_tell(void *context, enum store_verdict verdict, const struct product *was,
                        const struct product *would_be)
{
    import_report_product(&((struct import *)context)->file, verdict, was, would_be);
}

static int import_run(struct import *import, const struct config *config, struct store *store)
{
    struct store_imported imported;
    enum store_result result = store_product_import(store, &import->request, &imported);
    if (result == STORE_NOT_EMPTY) {
        puts("imported nothing: the store has products");
        return COMMAND_DONE;
    }
    import_file_end_progress(&import->file);
    if (result == STORE_OK) {
        import_report_done(&imported, import->request.dry_run);
        return COMMAND_DONE;
    }
    if (result == STORE_REFUSED)
        import_report_refused(&import->file, &imported);
    else if (result == STORE_STOPPED)
        fprintf(stderr, "postern: %s: nothing was imported; correct the rows named above\n",
                import->file.name);
    else
        open_store_explain(config, result);
    return COMMAND_FAILED;
}

static const char import_usage[] =
    "usage: postern import [--if-empty] [--dry-run] [--set-stock | --keep-stock] FILE\n"
    "\n"
    "FILE is CSV with a header that names the column id and any of name,description,price,\n"
    "quantity, or a JSON array of such objects; - is standard input. A product that is new is\n"
    "added, and needs a name and a price. One that exists is changed in what the file gives,\n"
    "and in nothing else. All, or none.\n"
    "The quantity of a product that exists is refused. --set-stock sets the stock to it;\n"
    "--keep-stock passes over it. --dry-run changes nothing, and tells what would be. With\n"
    "--if-empty nothing is imported into a store that has products.\n";

int command_import(int argc, char **argv)
{
    struct config config;
    struct import import = {.request = {.next = import_next, .tell = import_tell}};
    int status = COMMAND_FAILED;
    const char *name = import_arguments(argc, argv, &import.request);
    import.request.context = &import;
    if (!name) {
        fputs(import_usage, stderr);
        return COMMAND_USAGE;
    }
    struct store *store = open_store(&config, OPEN_STORE_PATIENT_MS);
    if (!store)
        return status;
    if (import_file_open(&import.file, name))
        status = import_run(&import, &config, store);
    open_store_show(&config);
    import_file_close(&import.file);
    store_close(store);
    return status;
}
