#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "command/command.h"
#include "command/open_store.h"
#include "csv/product_csv.h"
#include "json/product_json.h"

enum {
    IMPORT_FILE_MAX = 256 * 1024 * 1024,
    IMPORT_READ_SIZE = 64 * 1024,
    IMPORT_ERRORS_MAX = 20,     /* after so many bad rows it gives up */
    IMPORT_PROGRESS_EACH = 5000 /* rows; a smaller import is too quick to watch */
};

_Static_assert((int)PRODUCT_CSV_ERROR_SIZE == (int)PRODUCT_JSON_ERROR_SIZE,
               "one error buffer serves both");

struct import {
    const char *file;
    struct product_json_reader *json; /* NULL: the file is CSV */
    struct product_csv csv;
    char error[PRODUCT_CSV_ERROR_SIZE];
    size_t rows;
    size_t errors;
    bool progress; /* standard error is a terminal */
    bool if_empty; /* only into a store without products */
};

static bool import_read(const char *file, struct buffer *text)
{
    int fd = strcmp(file, "-") == 0 ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;
    if (fd >= 0) {
        char *to;
        while ((to = buffer_reserve(text, IMPORT_READ_SIZE)) &&
               (n = read(fd, to, IMPORT_READ_SIZE)) > 0)
            text->len += (size_t)n;
        if (!to)
            errno = EFBIG;
        n = to ? n : -1;
        int saved = errno;
        close(fd);
        errno = saved;
    }
    if (n == 0) {
        text->data[text->len] = '\0';
        return true;
    }
    fprintf(stderr, "postern: cannot read %s: %s\n", file, strerror(errno));
    return false;
}

static bool import_open(struct import *import, struct buffer *text)
{
    bool json = text->data[strspn(text->data, " \t\r\n")] == '[';
    if (json)
        import->json = product_json_open(text->data, text->len, import->error);
    if (json ? import->json != NULL
             : product_csv_start(&import->csv, text->data, text->len, import->error))
        return true;
    fprintf(stderr, "postern: %s: %s\n", import->file, import->error);
    return false;
}

static void import_show_progress(const struct import *import, const char *end)
{
    if (import->progress)
        fprintf(stderr, "\rimporting: %zu products%s", import->rows, end);
}

/* Gives the store the next good row. A bad row is reported; after it, rows are only checked, so
 * that one run reports several mistakes. */
static int import_next(void *context, struct product *product)
{
    struct import *import = context;
    for (;;) {
        int got = import->json ? product_json_next(import->json, product, import->error)
                               : product_csv_next(&import->csv, product, import->error);
        if (got == 0)
            return import->errors ? -1 : 0;
        if (got > 0)
            import->rows++;
        if (got > 0 && import->rows % IMPORT_PROGRESS_EACH == 0)
            import_show_progress(import, "");
        if (got > 0 && !import->errors)
            return 1;
        if (got < 0) {
            fprintf(stderr, "postern: %s: %s\n", import->file, import->error);
            import->errors++;
        }
        if (import->errors == IMPORT_ERRORS_MAX)
            return -1;
    }
}

static bool import_stop_at_first(void *context, const struct product *product)
{
    (void)context;
    (void)product;
    return false;
}

static int import_run(struct import *import, const struct config *config, struct store *store)
{
    enum store_result result = STORE_OK;
    if (import->if_empty &&
        (result = store_product_list(store, 0, 1, import_stop_at_first, NULL)) == STORE_STOPPED) {
        puts("imported nothing: the store has products");
        return COMMAND_DONE;
    }
    if (result == STORE_OK)
        result = store_product_import(store, import_next, import);
    if (import->rows >= IMPORT_PROGRESS_EACH)
        import_show_progress(import, "\n");
    if (result == STORE_OK) {
        printf("imported %zu products\n", import->rows);
        return COMMAND_DONE;
    }
    if (result == STORE_STOPPED)
        fprintf(stderr, "postern: %s: nothing was imported; correct the rows named above\n",
                import->file);
    else
        open_store_explain(config, result);
    return COMMAND_FAILED;
}

int command_import(int argc, char **argv)
{
    struct config config;
    struct buffer text;
    struct import import = {.progress = isatty(STDERR_FILENO),
                            .if_empty = argc == 3 && strcmp(argv[1], "--if-empty") == 0};
    int status = COMMAND_FAILED;
    bool option = !import.if_empty && argc > 1 && argv[1][0] == '-' && argv[1][1];
    if (argc != 2 + import.if_empty || option) {
        fputs("usage: postern import [--if-empty] FILE\n\nFILE is CSV with the header "
              "id,name,description,price,quantity, or a JSON array of such\nobjects; - is standard "
              "input. Products are inserted or replaced by id: all, or none.\nWith --if-empty "
              "nothing is imported into a store that has products.\n",
              stderr);
        return COMMAND_USAGE;
    }
    struct store *store = open_store(&config, OPEN_STORE_PATIENT_MS);
    if (!store)
        return status;
    import.file = argv[argc - 1];
    buffer_init(&text, IMPORT_FILE_MAX);
    if (import_read(import.file, &text) && import_open(&import, &text))
        status = import_run(&import, &config, store);
    product_json_close(import.json);
    buffer_free(&text);
    store_close(store);
    return status;
}
