/* fuzz_product_json: an import gives valid products or reasons, and what is written reads back. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/money.h"
#include "fuzz.h"
#include "json/json_check.h"
#include "json/product_json.h"

static void fuzz_check_error(const char *error)
{
    FUZZ_REQUIRE(error[0]);
    FUZZ_COMPARE(strlen(error), <, PRODUCT_JSON_ERROR_SIZE - 1);
    FUZZ_REQUIRE(text_is_utf8(error, strlen(error)));
    FUZZ_REQUIRE(!text_has_control(error, strlen(error)));
}

static void fuzz_check_same(const struct product *a, const struct product *b)
{
    FUZZ_INT(a->id, b->id);
    FUZZ_INT(a->price_cents, b->price_cents);
    FUZZ_INT(a->quantity, b->quantity);
    FUZZ_TEXT(a->name, b->name);
    FUZZ_TEXT(a->description, b->description);
}

/* Writes the product in an array of its own and reads it again. */
static void fuzz_check_written(const struct product *product, bool pretty)
{
    char error[PRODUCT_JSON_ERROR_SIZE];
    struct product again;
    struct json_writer w;
    struct buffer out;

    buffer_init(&out, (size_t)1 << 20);
    json_write_start(&w, &out, pretty);
    json_write_open(&w, '[');
    product_json_write(&w, product);
    json_write_close(&w, ']');
    json_write_end(&w);
    FUZZ_REQUIRE(!out.overflown);
    struct product_json_reader *reader = product_json_open(out.data, out.len, error);
    FUZZ_REQUIRE(reader);
    FUZZ_INT(product_json_next(reader, &again, error), 1);
    fuzz_check_same(product, &again);
    FUZZ_INT(product_json_next(reader, &again, error), 0);
    product_json_close(reader);
    buffer_free(&out);
}

/* The items come one by one, at lines that never go back and are there. */
static void fuzz_check_place(const struct product_json_reader *reader, size_t *line, size_t *item,
                             size_t lines)
{
    size_t line_before = *line, item_before = *item;
    product_json_place(reader, line, item);
    FUZZ_INT(*item, item_before + 1);
    FUZZ_COMPARE(*line, >=, line_before);
    FUZZ_COMPARE(*line, <=, lines);
}

static bool fuzz_is_whole(const struct product *product)
{
    return product->name && product->description && product->price_cents != PRODUCT_NOT_GIVEN &&
           product->quantity != PRODUCT_NOT_GIVEN;
}

/* Reads to the end. */
static void fuzz_read(struct product_json_reader *reader, size_t lines)
{
    char error[PRODUCT_JSON_ERROR_SIZE] = "";
    struct product product;
    size_t good = 0, line = 1, item = 0;
    int got;
    while ((got = product_json_next(reader, &product, error)) != 0) {
        fuzz_check_place(reader, &line, &item, lines);
        if (got < 0) {
            fuzz_check_error(error);
            continue;
        }
        FUZZ_INT(got, 1);
        FUZZ_INT(product_check(&product), PRODUCT_FIELD_MAX);
        if (good < 8 && fuzz_is_whole(&product))
            fuzz_check_written(&product, good % 2 == 0);
        good++;
    }
    FUZZ_INT(product_json_next(reader, &product, error), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[PRODUCT_JSON_ERROR_SIZE] = "", *text = malloc(size + 1);
    FUZZ_REQUIRE(text);
    memcpy(text, data, size);
    text[size] = '\0';
    size_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    struct product_json_reader *reader = product_json_open(text, size, error);
    if (reader) {
        fuzz_read(reader, lines);
        product_json_close(reader);
    } else {
        fuzz_check_error(error);
    }
    free(text);
    return 0;
}
