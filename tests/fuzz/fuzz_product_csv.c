/* fuzz_product_csv: an import gives valid products or reasons, and comes to an end. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "csv/product_csv.h"
#include "fuzz.h"

static void fuzz_check_error(const char *error)
{
    FUZZ_REQUIRE(strncmp(error, "line ", 5) == 0);
    FUZZ_COMPARE(strlen(error), <, PRODUCT_CSV_ERROR_SIZE - 1);
    FUZZ_REQUIRE(text_is_utf8(error, strlen(error)));
    FUZZ_REQUIRE(!text_has_control(error, strlen(error)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct product_csv reader;
    char error[PRODUCT_CSV_ERROR_SIZE] = "", *text = malloc(size + 1);
    struct product product;
    int got;
    FUZZ_REQUIRE(text);
    memcpy(text, data, size);
    text[size] = '#';
    if (!product_csv_start(&reader, text, size, error)) {
        fuzz_check_error(error);
        free(text);
        return 0;
    }
    /* A record takes a byte at least. */
    for (size_t records = 0; (got = product_csv_next(&reader, &product, error)) != 0; records++) {
        FUZZ_COMPARE(records, <=, size);
        if (got < 0) {
            fuzz_check_error(error);
            error[0] = '\0';
            continue;
        }
        FUZZ_INT(got, 1);
        FUZZ_INT(product_check(&product), PRODUCT_FIELD_MAX);
    }
    FUZZ_INT(product_csv_next(&reader, &product, error), 0);
    free(text);
    return 0;
}
