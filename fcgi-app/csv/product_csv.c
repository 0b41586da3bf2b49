#include "csv/product_csv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "domain/money.h"

static const char *const product_csv_header =
    "the header must name the column id, and any of name,description,price,quantity";

enum { PRODUCT_CSV_SHOWN_SIZE = 41 };

static bool product_csv_bad_header(const struct csv_field *field, const char *what, char *error)
{
    char name[PRODUCT_CSV_SHOWN_SIZE];
    text_show(field->text, name, sizeof name);
    snprintf(error, PRODUCT_CSV_ERROR_SIZE, "line %zu, column %zu: %s \"%s\"; %s", field->line,
             field->column, what, name, product_csv_header);
    return false;
}

static enum product_field product_csv_field_of(const char *name)
{
    enum product_field i = 0;
    while (i < PRODUCT_FIELD_MAX && strcmp(name, product_field_names[i]) != 0)
        i++;
    return i;
}

static bool product_csv_read_header(struct product_csv *reader, char *error)
{
    const struct csv *csv = &reader->csv;
    for (size_t i = 0; i < csv->count; i++) {
        enum product_field field = product_csv_field_of(csv->fields[i].text);
        if (field == PRODUCT_FIELD_MAX)
            return product_csv_bad_header(&csv->fields[i], "unknown column", error);
        if (reader->columns[field] != CSV_FIELDS_MAX)
            return product_csv_bad_header(&csv->fields[i], "repeated column", error);
        reader->columns[field] = i;
    }
    if (reader->columns[PRODUCT_ID] == CSV_FIELDS_MAX) {
        snprintf(error, PRODUCT_CSV_ERROR_SIZE, "line %zu, column 1: there is no column \"%s\"; %s",
                 csv->fields[0].line, product_field_names[PRODUCT_ID], product_csv_header);
        return false;
    }
    reader->count = csv->count;
    return true;
}

static void product_csv_fault(struct product_csv *reader, enum csv_result result, char *error)
{
    reader->ended = true;
    snprintf(error, PRODUCT_CSV_ERROR_SIZE, "line %zu, column %zu: %s", reader->csv.fault_line,
             reader->csv.fault_column, csv_result_texts[result]);
}

bool product_csv_start(struct product_csv *reader, char *text, size_t len,
                       char error[PRODUCT_CSV_ERROR_SIZE])
{
    *reader = (struct product_csv){.count = 0};
    for (enum product_field i = 0; i < PRODUCT_FIELD_MAX; i++)
        reader->columns[i] = CSV_FIELDS_MAX;
    csv_start(&reader->csv, text, len);
    enum csv_result result = csv_next(&reader->csv);
    if (result == CSV_RECORD)
        return product_csv_read_header(reader, error);
    if (result == CSV_END)
        snprintf(error, PRODUCT_CSV_ERROR_SIZE, "line 1, column 1: the file is empty; %s",
                 product_csv_header);
    else
        product_csv_fault(reader, result, error);
    return false;
}

const struct csv_field *product_csv_field(const struct product_csv *reader,
                                          enum product_field field)
{
    size_t column = reader->columns[field];
    return column == CSV_FIELDS_MAX ? NULL : &reader->csv.fields[column];
}

static int product_csv_bad_value(const struct product_csv *reader, enum product_field field,
                                 char *error)
{
    const struct csv_field *at = product_csv_field(reader, field);
    snprintf(error, PRODUCT_CSV_ERROR_SIZE, "line %zu, column %zu: %s must be %s", at->line,
             at->column, product_field_names[field], product_field_rules[field]);
    return -1;
}

/* Reads the fields and has product_check look at their bounds. Returns the first wrong field,
 * or PRODUCT_FIELD_MAX. */
static enum product_field product_csv_read(const struct product_csv *reader,
                                           struct product *product)
{
    const struct csv_field *id = product_csv_field(reader, PRODUCT_ID);
    const struct csv_field *price = product_csv_field(reader, PRODUCT_PRICE);
    const struct csv_field *quantity = product_csv_field(reader, PRODUCT_QUANTITY);
    const struct csv_field *name = product_csv_field(reader, PRODUCT_NAME);
    const struct csv_field *description = product_csv_field(reader, PRODUCT_DESCRIPTION);

    *product = (struct product){.price_cents = PRODUCT_NOT_GIVEN,
                                .quantity = PRODUCT_NOT_GIVEN,
                                .name = name ? name->text : NULL,
                                .description = description ? description->text : NULL};
    if (!text_number(id->text, id->len, 0, INT64_MAX, &product->id))
        return PRODUCT_ID;
    if (price && !money_parse(price->text, price->len, &product->price_cents))
        return PRODUCT_PRICE;
    if (quantity && !text_number(quantity->text, quantity->len, 0, INT64_MAX, &product->quantity))
        return PRODUCT_QUANTITY;
    return product_check(product);
}

int product_csv_next(struct product_csv *reader, struct product *product,
                     char error[PRODUCT_CSV_ERROR_SIZE])
{
    if (reader->ended)
        return 0;
    enum csv_result result = csv_next(&reader->csv);
    if (result == CSV_END)
        return 0;
    if (result != CSV_RECORD) {
        product_csv_fault(reader, result, error);
        return -1;
    }
    if (reader->csv.count != reader->count) {
        const struct csv_field *last = &reader->csv.fields[reader->csv.count - 1];
        snprintf(error, PRODUCT_CSV_ERROR_SIZE,
                 "line %zu, column %zu: %zu fields, but the header names %zu columns", last->line,
                 last->column, reader->csv.count, reader->count);
        return -1;
    }
    enum product_field wrong = product_csv_read(reader, product);
    return wrong == PRODUCT_FIELD_MAX ? 1 : product_csv_bad_value(reader, wrong, error);
}

void product_csv_write_header(struct buffer *out)
{
    for (enum product_field i = 0; i < PRODUCT_FIELD_MAX; i++) {
        csv_write_field(out, product_field_names[i]);
        buffer_char(out, i + 1 < PRODUCT_FIELD_MAX ? ',' : '\n');
    }
}

void product_csv_write(struct buffer *out, const struct product *product)
{
    char price[MONEY_TEXT_SIZE];
    money_format(product->price_cents, price);
    buffer_printf(out, "%" PRId64 ",", product->id);
    csv_write_field(out, product->name);
    buffer_char(out, ',');
    csv_write_field(out, product->description);
    buffer_printf(out, ",%s,%" PRId64 "\n", price, product->quantity);
}
