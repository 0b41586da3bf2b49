/* fuzz_csv: every field lies where it says, and what is written reads back the same. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv/csv.h"
#include "fuzz.h"

/* The offset in the untouched text of a line and column; both must exist. The line is looked for
 * from the one found last, so that many lines do not cost the square of their number. */
struct fuzz_lines {
    const uint8_t *data;
    size_t size, start, line;
};

static size_t fuzz_offset(struct fuzz_lines *lines, size_t line, size_t column)
{
    FUZZ_COMPARE(line, >=, lines->line);
    FUZZ_COMPARE(column, >=, 1);
    while (lines->line < line) {
        const uint8_t *from = lines->data + lines->start;
        const uint8_t *end = memchr(from, '\n', lines->size - lines->start);
        FUZZ_REQUIRE(end);
        lines->start = (size_t)(end - lines->data) + 1;
        lines->line++;
    }
    size_t offset = lines->start + column - 1;
    FUZZ_COMPARE(offset, <=, lines->size);
    FUZZ_REQUIRE(!memchr(lines->data + lines->start, '\n', column - 1));
    return offset;
}

static void fuzz_check_field(struct fuzz_lines *lines, const char *text,
                             const struct csv_field *field)
{
    size_t offset = fuzz_offset(lines, field->line, field->column);
    FUZZ_REQUIRE(field->text >= text);
    FUZZ_COMPARE(field->text - text + (intmax_t)field->len, <=, lines->size);
    FUZZ_INT(strlen(field->text), field->len);
    if (offset < lines->size && lines->data[offset] == '"')
        FUZZ_INT(field->text - text, offset + 1);
    else {
        FUZZ_INT(field->text - text, offset);
        FUZZ_REQUIRE(memcmp(field->text, lines->data + offset, field->len) == 0);
    }
}

/* Writes the record, unless it would read as an empty line; false then. */
static bool fuzz_write(struct buffer *out, const struct csv *csv)
{
    if (csv->count == 1 && csv->fields[0].len == 0)
        return false;
    for (size_t i = 0; i < csv->count; i++) {
        if (i > 0)
            buffer_char(out, ',');
        csv_write_field(out, csv->fields[i].text);
    }
    /* Not CRLF: an unquoted field that ends with CR would go unnoticed. */
    buffer_text(out, "\n");
    return true;
}

static void fuzz_check_same(struct csv *again, const struct csv *csv)
{
    FUZZ_INT(csv_next(again), CSV_RECORD);
    FUZZ_INT(again->count, csv->count);
    for (size_t i = 0; i < csv->count; i++)
        FUZZ_TEXT(again->fields[i].text, csv->fields[i].text);
}

static void fuzz_check_end(struct csv *csv, enum csv_result result, struct fuzz_lines *lines)
{
    FUZZ_COMPARE(result, <, CSV_RESULT_MAX);
    if (result != CSV_END) {
        size_t offset = fuzz_offset(lines, csv->fault_line, csv->fault_column);
        FUZZ_REQUIRE(csv_result_texts[result][0]);
        FUZZ_REQUIRE(result != CSV_NUL || lines->data[offset] == '\0');
        FUZZ_REQUIRE(result != CSV_UNCLOSED || lines->data[offset] == '"');
        FUZZ_REQUIRE(result != CSV_TOO_MANY_FIELDS || csv->count == CSV_FIELDS_MAX);
    }
    FUZZ_INT(csv_next(csv), CSV_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t bom[] = {0xef, 0xbb, 0xbf};
    size_t skip = size >= sizeof bom && memcmp(data, bom, sizeof bom) == 0 ? sizeof bom : 0;
    struct fuzz_lines lines = {data, size, skip, 1};
    static struct csv csv, again;
    enum csv_result result;
    struct buffer out;
    char *text = malloc(size + 1);

    FUZZ_REQUIRE(text);
    memcpy(text, data, size);
    text[size] = 'x'; /* only the reader may make it a NUL */
    csv_start(&csv, text, size);
    buffer_init(&out, 4 * size + 4096);
    while ((result = csv_next(&csv)) == CSV_RECORD) {
        FUZZ_COMPARE(csv.count, >=, 1);
        FUZZ_COMPARE(csv.count, <=, CSV_FIELDS_MAX);
        for (size_t i = 0; i < csv.count; i++)
            fuzz_check_field(&lines, text, &csv.fields[i]);
        buffer_reset(&out, SIZE_MAX);
        if (!fuzz_write(&out, &csv))
            continue;
        FUZZ_REQUIRE(!out.overflown);
        csv_start(&again, out.data, out.len);
        fuzz_check_same(&again, &csv);
        FUZZ_INT(csv_next(&again), CSV_END);
    }
    fuzz_check_end(&csv, result, &lines);
    buffer_free(&out);
    free(text);
    return 0;
}
