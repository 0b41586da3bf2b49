#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "command/command.h"
#include "command/import_ids.h"
#include "command/open_store.h"
#include "csv/product_csv.h"
#include "json/product_json.h"

enum {
    IMPORT_FILE_MAX = 256 * 1024 * 1024,
    IMPORT_READ_SIZE = 64 * 1024,
    IMPORT_PLACE_SIZE = 48,
    IMPORT_ERRORS_MAX = 20,     /* after so many bad rows it gives up */
    IMPORT_PROGRESS_EACH = 5000 /* rows; a smaller import is too quick to watch */
};

_Static_assert((int)PRODUCT_CSV_ERROR_SIZE == (int)PRODUCT_JSON_ERROR_SIZE,
               "one error buffer serves both");

#define IMPORT_BOM   "\xEF\xBB\xBF"
#define IMPORT_UTF16 "is UTF-16; save it as UTF-8"

struct import {
    const char *file;
    struct product_json_reader *json; /* NULL: the file is CSV */
    struct product_csv csv;
    char error[PRODUCT_CSV_ERROR_SIZE];
    struct import_ids ids;
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

/* What a file is by its first bytes, and what to do, if it can be no import. UTF-16 may lack its
 * mark: then the one or the other byte of its first character, which is of ASCII, is a NUL. */
static const char *import_foreign(const struct buffer *text)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *what;
    } rows[] = {
        {"\xff\xfe", 2, IMPORT_UTF16},
        {"\xfe\xff", 2, IMPORT_UTF16},
        {"PK\3\4", 4, "is a spreadsheet or ZIP archive; save it as CSV in UTF-8"},
        {"\x1f\x8b", 2, "is compressed by gzip; unpack it first"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (text->len >= rows[i].len && memcmp(text->data, rows[i].bytes, rows[i].len) == 0)
            return rows[i].what;
    }
    return text->len >= 2 && !text->data[0] != !text->data[1] ? IMPORT_UTF16 : NULL;
}

/* No column's name starts as a JSON array or object does. */
static bool import_is_json(const char *text)
{
    char first = text[strspn(text, " \t\r\n")];
    return first == '[' || first == '{';
}

static bool import_open(struct import *import, struct buffer *text)
{
    const char *foreign = import_foreign(text);
    size_t bom = sizeof IMPORT_BOM - 1;
    if (text->len < bom || memcmp(text->data, IMPORT_BOM, bom) != 0)
        bom = 0;
    char *start = text->data + bom;
    bool json = import_is_json(start), ok = false;
    if (foreign)
        snprintf(import->error, sizeof import->error, "%s", foreign);
    else if (json)
        ok = (import->json = product_json_open(start, text->len - bom, import->error)) != NULL;
    else
        ok = product_csv_start(&import->csv, start, text->len - bom, import->error);
    if (!ok)
        fprintf(stderr, "postern: %s: %s\n", import->file, import->error);
    return ok;
}

static void import_show_progress(const struct import *import, const char *end)
{
    if (import->progress)
        fprintf(stderr, "\rimporting: %zu products%s", import->rows, end);
}

static void import_place(const struct import *import, struct import_place *place)
{
    size_t line = import->csv.csv.fields[0].line, item = 0;
    if (import->json)
        product_json_place(import->json, &line, &item);
    /* The file's bound keeps both within 32 bits. */
    *place = (struct import_place){(uint32_t)line, (uint32_t)item};
}

static void import_show_place(const struct import_place *place, char out[IMPORT_PLACE_SIZE])
{
    int n = snprintf(out, IMPORT_PLACE_SIZE, "line %u", (unsigned)place->line);
    if (place->item)
        snprintf(out + n, IMPORT_PLACE_SIZE - (size_t)n, ", item %u", (unsigned)place->item);
}

/* Whether no earlier row has this id: of two, the second would win, and nobody would know. */
static bool import_is_new(struct import *import, int64_t id)
{
    struct import_place here, first;
    char here_text[IMPORT_PLACE_SIZE], first_text[IMPORT_PLACE_SIZE];
    import_place(import, &here);
    first = here;
    if (!import_ids_note(&import->ids, id, &first)) {
        snprintf(import->error, sizeof import->error, "memory ran out");
        return false;
    }
    if (memcmp(&here, &first, sizeof here) == 0)
        return true;
    import_show_place(&here, here_text);
    import_show_place(&first, first_text);
    snprintf(import->error, sizeof import->error,
             "%s: the id %" PRId64 " is that of %s already; give each product once", here_text, id,
             first_text);
    return false;
}

/* Reads the next row: 1, 0 after the last, or -1 with its error. */
static int import_read_row(struct import *import, struct product *product)
{
    int got = import->json ? product_json_next(import->json, product, import->error)
                           : product_csv_next(&import->csv, product, import->error);
    return got > 0 && !import_is_new(import, product->id) ? -1 : got;
}

/* Gives the store the next good row. A bad row is reported; after it, rows are only checked, so
 * that one run reports several mistakes. */
static int import_next(void *context, struct product *product)
{
    struct import *import = context;
    for (;;) {
        int got = import_read_row(import, product);
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

static int import_run(struct import *import, const struct config *config, struct store *store)
{
    enum store_result result = store_product_import(store, import->if_empty, import_next, import);
    if (result == STORE_NOT_EMPTY) {
        puts("imported nothing: the store has products");
        return COMMAND_DONE;
    }
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
    import_ids_free(&import.ids);
    buffer_free(&text);
    store_close(store);
    return status;
}
