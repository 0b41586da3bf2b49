#include "csv/csv.h"

#include <stdbool.h>
#include <string.h>

#define CSV_BOM "\xEF\xBB\xBF"

const char *const csv_result_texts[CSV_RESULT_MAX] = {
    [CSV_RECORD] = "",
    [CSV_END] = "",
    [CSV_BAD_QUOTE] = "a quote must enclose a whole field; write it twice inside one",
    [CSV_UNCLOSED] = "this quote is never closed",
    [CSV_TOO_MANY_FIELDS] = "more than 32 fields in a record",
    [CSV_NUL] = "a NUL byte",
};

void csv_start(struct csv *csv, char *text, size_t len)
{
    size_t bom = sizeof CSV_BOM - 1;
    if (len < bom || memcmp(text, CSV_BOM, bom) != 0)
        bom = 0;
    *csv = (struct csv){.at = text + bom, .end = text + len, .line_start = text + bom, .line = 1};
}

static size_t csv_column(const struct csv *csv, const char *at)
{
    return (size_t)(at - csv->line_start) + 1;
}

static enum csv_result csv_fault(struct csv *csv, enum csv_result result, size_t line,
                                 size_t column)
{
    csv->fault_line = line;
    csv->fault_column = column;
    csv->at = csv->end;
    return result;
}

static enum csv_result csv_fault_here(struct csv *csv, enum csv_result result)
{
    return csv_fault(csv, result, csv->line, csv_column(csv, csv->at));
}

/* The length of the line end at the cursor, or 0. */
static size_t csv_line_end(const struct csv *csv)
{
    if (csv->at == csv->end)
        return 0;
    if (*csv->at == '\n')
        return 1;
    return *csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n' ? 2 : 0;
}

static void csv_new_line(struct csv *csv)
{
    csv->line++;
    csv->line_start = csv->at;
}

/* Reads an unquoted field. Afterwards the cursor stands behind its last byte, and *stop is where
 * its NUL belongs. */
static enum csv_result csv_read_plain(struct csv *csv, char **stop)
{
    while (csv->at < csv->end && *csv->at != ',' && csv_line_end(csv) == 0) {
        if (*csv->at == '"')
            return csv_fault_here(csv, CSV_BAD_QUOTE);
        if (!*csv->at)
            return csv_fault_here(csv, CSV_NUL);
        csv->at++;
    }
    *stop = csv->at;
    return CSV_RECORD;
}

/* Reads a quoted field, with the cursor at the opening quote; otherwise as csv_read_plain. */
static enum csv_result csv_read_quoted(struct csv *csv, struct csv_field *field, char **stop)
{
    char *to = ++csv->at;
    field->text = to;
    for (; csv->at < csv->end; *to++ = *csv->at++) {
        if (!*csv->at)
            return csv_fault_here(csv, CSV_NUL);
        if (*csv->at == '"' && (++csv->at == csv->end || *csv->at != '"')) {
            *stop = to;
            return csv->at == csv->end || *csv->at == ',' || csv_line_end(csv) > 0
                       ? CSV_RECORD
                       : csv_fault_here(csv, CSV_BAD_QUOTE);
        }
        if (*csv->at == '\n') {
            csv->line++;
            csv->line_start = csv->at + 1;
        }
    }
    return csv_fault(csv, CSV_UNCLOSED, field->line, field->column);
}

/* Reads one field and what ends it; *more tells whether that is a comma. */
static enum csv_result csv_read_field(struct csv *csv, bool *more)
{
    if (csv->count == CSV_FIELDS_MAX)
        return csv_fault_here(csv, CSV_TOO_MANY_FIELDS);
    struct csv_field *field = &csv->fields[csv->count++];
    char *stop = csv->at;
    *field =
        (struct csv_field){.text = csv->at, .line = csv->line, .column = csv_column(csv, csv->at)};
    enum csv_result result = csv->at < csv->end && *csv->at == '"'
                                 ? csv_read_quoted(csv, field, &stop)
                                 : csv_read_plain(csv, &stop);
    if (result != CSV_RECORD)
        return result;

    size_t line_end = csv_line_end(csv);
    *more = csv->at < csv->end && line_end == 0;
    csv->at += *more ? 1 : line_end;
    if (line_end > 0)
        csv_new_line(csv);
    field->len = (size_t)(stop - field->text);
    /* This comes last: it may overwrite the byte that ended the field. */
    *stop = '\0';
    return CSV_RECORD;
}

enum csv_result csv_next(struct csv *csv)
{
    size_t empty;
    bool more = true;
    csv->count = 0;
    while ((empty = csv_line_end(csv)) > 0) {
        csv->at += empty;
        csv_new_line(csv);
    }
    if (csv->at == csv->end)
        return CSV_END;
    while (more) {
        enum csv_result result = csv_read_field(csv, &more);
        if (result != CSV_RECORD)
            return result;
    }
    return CSV_RECORD;
}

void csv_write_field(struct buffer *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n") && strncmp(text, CSV_BOM, sizeof CSV_BOM - 1) != 0) {
        buffer_text(out, text);
        return;
    }
    buffer_char(out, '"');
    for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
        buffer_append(out, text, (size_t)(quote - text) + 1);
        buffer_char(out, '"');
    }
    buffer_text(out, text);
    buffer_char(out, '"');
}
