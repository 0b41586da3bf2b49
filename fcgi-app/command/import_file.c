#include "command/import_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    IMPORT_FILE_MAX = 256 * 1024 * 1024,
    IMPORT_FILE_READ_SIZE = 64 * 1024,
    IMPORT_FILE_ERRORS_MAX = 20,     /* after so many bad rows it gives up */
    IMPORT_FILE_PROGRESS_EACH = 5000 /* rows; a smaller import is too quick to watch */
};

_Static_assert((int)PRODUCT_CSV_ERROR_SIZE == (int)PRODUCT_JSON_ERROR_SIZE,
               "one error buffer serves both");

#define IMPORT_BOM   "\xEF\xBB\xBF"
#define IMPORT_UTF16 "is UTF-16; save it as UTF-8"

static bool import_file_read(const char *file, struct buffer *text)
{
    int fd = strcmp(file, "-") == 0 ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;
    if (fd >= 0) {
        char *to;
        while ((to = buffer_reserve(text, IMPORT_FILE_READ_SIZE)) &&
               (n = read(fd, to, IMPORT_FILE_READ_SIZE)) > 0)
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
static const char *import_file_foreign(const struct buffer *text)
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
static bool import_file_is_json(const char *text)
{
    char first = text[strspn(text, " \t\r\n")];
    return first == '[' || first == '{';
}

static bool import_file_begin(struct import_file *file)
{
    const struct buffer *text = &file->text;
    const char *foreign = import_file_foreign(text);
    size_t bom = sizeof IMPORT_BOM - 1;
    if (text->len < bom || memcmp(text->data, IMPORT_BOM, bom) != 0)
        bom = 0;
    char *start = text->data + bom;
    bool json = import_file_is_json(start), ok = false;
    if (foreign)
        snprintf(file->error, sizeof file->error, "%s", foreign);
    else if (json)
        ok = (file->json = product_json_open(start, text->len - bom, file->error)) != NULL;
    else
        ok = product_csv_start(&file->csv, start, text->len - bom, file->error);
    if (!ok)
        fprintf(stderr, "postern: %s: %s\n", file->name, file->error);
    return ok;
}

bool import_file_open(struct import_file *file, const char *name)
{
    *file = (struct import_file){.name = name, .progress = isatty(STDERR_FILENO)};
    buffer_init(&file->text, IMPORT_FILE_MAX);
    return import_file_read(name, &file->text) && import_file_begin(file);
}

void import_file_close(struct import_file *file)
{
    product_json_close(file->json);
    import_ids_free(&file->ids);
    buffer_free(&file->text);
}

static void import_file_show_progress(const struct import_file *file, const char *end)
{
    if (file->progress)
        fprintf(stderr, "\rimporting: %zu products%s", file->rows, end);
}

void import_file_end_progress(const struct import_file *file)
{
    if (file->rows >= IMPORT_FILE_PROGRESS_EACH)
        import_file_show_progress(file, "\n");
}

/* The place of the row that was read last. The file's bound keeps all numbers within 32 bits. */
static struct import_place import_file_here(const struct import_file *file)
{
    size_t line, item;
    if (file->json) {
        product_json_place(file->json, &line, &item);
        return (struct import_place){.line = (uint32_t)line, .at = (uint32_t)item};
    }
    const struct csv_field *id = product_csv_field(&file->csv, PRODUCT_ID);
    const struct csv_field *quantity = product_csv_field(&file->csv, PRODUCT_QUANTITY);
    return (struct import_place){.line = (uint32_t)id->line,
                                 .at = (uint32_t)id->column,
                                 .quantity_line = quantity ? (uint32_t)quantity->line : 0,
                                 .quantity_column = quantity ? (uint32_t)quantity->column : 0};
}

static void import_file_show_place(const struct import_file *file, uint32_t line, uint32_t at,
                                   char out[IMPORT_FILE_PLACE_SIZE])
{
    snprintf(out, IMPORT_FILE_PLACE_SIZE, "line %u, %s %u", (unsigned)line,
             file->json ? "item" : "column", (unsigned)at);
}

void import_file_place(const struct import_file *file, int64_t id, bool quantity,
                       char out[IMPORT_FILE_PLACE_SIZE])
{
    struct import_place place = import_ids_place(&file->ids, id);
    if (quantity && place.quantity_line)
        import_file_show_place(file, place.quantity_line, place.quantity_column, out);
    else
        import_file_show_place(file, place.line, place.at, out);
}

/* Whether no earlier row has this id: of two, the second would win, and nobody would know. */
static bool import_file_is_new(struct import_file *file, int64_t id)
{
    struct import_place here = import_file_here(file), first = here;
    char here_text[IMPORT_FILE_PLACE_SIZE], first_text[IMPORT_FILE_PLACE_SIZE];
    if (!import_ids_note(&file->ids, id, &first)) {
        snprintf(file->error, sizeof file->error, "memory ran out");
        return false;
    }
    if (memcmp(&here, &first, sizeof here) == 0)
        return true;
    import_file_show_place(file, here.line, here.at, here_text);
    import_file_show_place(file, first.line, first.at, first_text);
    snprintf(file->error, sizeof file->error,
             "%s: the id %" PRId64 " is that of %s already; give each product once", here_text, id,
             first_text);
    return false;
}

/* Reads the next row: 1, 0 after the last, or -1 with its error. */
static int import_file_read_row(struct import_file *file, struct product *product)
{
    int got = file->json ? product_json_next(file->json, product, file->error)
                         : product_csv_next(&file->csv, product, file->error);
    return got > 0 && !import_file_is_new(file, product->id) ? -1 : got;
}

int import_file_next(void *context, struct product *product)
{
    struct import_file *file = context;
    for (;;) {
        int got = import_file_read_row(file, product);
        if (got == 0)
            return file->errors ? -1 : 0;
        if (got > 0)
            file->rows++;
        if (got > 0 && file->rows % IMPORT_FILE_PROGRESS_EACH == 0)
            import_file_show_progress(file, "");
        if (got > 0 && !file->errors)
            return 1;
        if (got < 0) {
            fprintf(stderr, "postern: %s: %s\n", file->name, file->error);
            file->errors++;
        }
        if (file->errors == IMPORT_FILE_ERRORS_MAX)
            return -1;
    }
}
