#include "json/product_json.h"

#include <string.h>

#include "check.h"
#include "suite.h"

enum { TEXT_SIZE = 8192 };

#define NO_ARRAY "must be a JSON array of products, as in [{...}, {...}]"
#define GOOD     "\"id\":1,\"name\":\"N\",\"price\":1.5,\"quantity\":2"

static void test_write(void)
{
    const struct product product = {.id = 1,
                                    .price_cents = 999,
                                    .quantity = 10,
                                    .name = "Product 1",
                                    .description = "Description for product 1"};
    struct json_writer w;
    struct buffer out;
    buffer_init(&out, TEXT_SIZE);
    json_write_start(&w, &out, false);
    product_json_write(&w, &product);
    json_write_end(&w);
    CHECK_TEXT(out.data, "{\"description\":\"Description for product 1\",\"id\":1,"
                         "\"name\":\"Product 1\",\"price\":9.99,\"quantity\":10}");
    buffer_free(&out);
}

static struct product_json_reader *open_text(char text[TEXT_SIZE], const char *source,
                                             char error[PRODUCT_JSON_ERROR_SIZE])
{
    snprintf(text, TEXT_SIZE, "%s", source);
    error[0] = '\0';
    return product_json_open(text, strlen(text), error);
}

static void test_open_errors(void)
{
    static const struct {
        int line;
        const char *text, *error;
    } rows[] = {
        {__LINE__, "", "line 1, column 1: nothing but white space"},
        {__LINE__, "[\n {\"id\" 1}]", "line 2, column 8: an unexpected character"},
        {__LINE__, "[\n\n{},]", "line 3, column 4: an unexpected character"},
        {__LINE__, "[{}", "line 1, column 4: an early end"},
        {__LINE__, "{}", "line 1, column 1: " NO_ARRAY},
        {__LINE__, "{\"products\":[]}", "line 1, column 1: " NO_ARRAY},
        {__LINE__, "\n{\"id\":1}\n{\"id\":2}\n", "line 2, column 1: " NO_ARRAY},
        {__LINE__, "\n  7", "line 2, column 3: " NO_ARRAY},
        {__LINE__, "[{\"id\":1,\"id\":1}]", "an object names the member \"id\" twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char text[TEXT_SIZE], error[PRODUCT_JSON_ERROR_SIZE];
        CHECK_NULL(open_text(text, rows[i].text, error));
        CHECK_TEXT(error, rows[i].error);
    }
}

static const struct {
    int line;
    const char *text, *error;
} item_rows[] = {
    {__LINE__, "[7]", "line 1, item 1: must be an object"},
    {__LINE__, "[{" GOOD "},[]]", "line 1, item 2: must be an object"},
    {__LINE__, "[{" GOOD ",\"x\":1}]", "line 1, item 1: unknown member \"x\""},
    {__LINE__, "[{" GOOD ",\"Id\":1}]", "line 1, item 1: unknown member \"Id\""},
    {__LINE__, "[{" GOOD ",\"a\\u001b\":1}]", "line 1, item 1: unknown member \"a?\""},
    {__LINE__, "[{}]",
     "line 1, item 1: id is missing; it must be a whole number from 1 to 9007199254740991"},
    {__LINE__, "[{\"id\":0,\"name\":\"N\",\"price\":1,\"quantity\":1}]",
     "line 1, item 1: id must be a whole number from 1 to 9007199254740991"},
    {__LINE__, "[{\"id\":\"1\",\"name\":\"N\",\"price\":1,\"quantity\":1}]",
     "line 1, item 1: id must be a whole number from 1 to 9007199254740991"},
    {__LINE__, "[{\"id\":1,\"name\":\"\",\"price\":1,\"quantity\":1}]",
     "line 1, item 1: name must be 1 to 200 bytes of UTF-8 text without control characters"},
    {__LINE__, "[{\"id\":1,\"name\":null,\"price\":1,\"quantity\":1}]",
     "line 1, item 1: name must be 1 to 200 bytes of UTF-8 text without control characters"},
    {__LINE__, "[{" GOOD ",\"description\":null}]",
     "line 1, item 1: description must be at most 2000 bytes of UTF-8 text without NUL"},
    {__LINE__, "[{\"id\":1,\"name\":\"N\",\"price\":1.999,\"quantity\":1}]",
     "line 1, item 1: price must be a number from 0 to 99999999.99 with at most two decimals"},
    {__LINE__, "[{\"id\":1,\"name\":\"N\",\"price\":\"1\",\"quantity\":1}]",
     "line 1, item 1: price must be a number from 0 to 99999999.99 with at most two decimals"},
    {__LINE__, "[{\"id\":1,\"name\":\"N\",\"price\":-0.01,\"quantity\":1}]",
     "line 1, item 1: price must be a number from 0 to 99999999.99 with at most two decimals"},
    {__LINE__, "[{\"name\":\"N\",\"price\":1}]",
     "line 1, item 1: id is missing; it must be a whole number from 1 to 9007199254740991"},
    {__LINE__, "[{\"id\":1,\"quantity\":null}]",
     "line 1, item 1: quantity must be a whole number from 0 to 9007199254740991"},
    {__LINE__, "[{\"id\":1,\"name\":\"N\",\"price\":1e-400,\"quantity\":1}]",
     "line 1, item 1: price must be a number from 0 to 99999999.99 with at most two decimals"},
    {__LINE__, "[{\"id\":1,\"name\":\"N\",\"price\":9.9900000000000000001,\"quantity\":1}]",
     "line 1, item 1: price must be a number from 0 to 99999999.99 with at most two decimals"},
    {__LINE__, "[{\"id\":1,\"name\":\"N\",\"price\":1,\"quantity\":0.99999999999999999999}]",
     "line 1, item 1: quantity must be a whole number from 0 to 9007199254740991"},
    {__LINE__, "[{\"id\":1,\"name\":\"a\xc2\x9b\",\"price\":1,\"quantity\":1}]",
     "line 1, item 1: name must be 1 to 200 bytes of UTF-8 text without control characters"},
    /* Lines are counted through strings and nested values, whatever brackets they hold. */
    {__LINE__,
     "\n[\n{" GOOD "},\n\n{\"id\":2,\"name\":\"]},\\\"[{\",\n\"price\":1,\"quantity\":1} ,\n\t7]",
     "line 7, item 3: must be an object"},
    {__LINE__, "[{\"id\":1,\"name\":\"N\",\"price\":1,\"quantity\":1e400}]",
     "line 1, item 1: quantity must be a whole number from 0 to 9007199254740991"},
};

static void test_item_errors(void)
{
    for (size_t i = 0; i < sizeof item_rows / sizeof item_rows[0]; i++) {
        CHECK_ROW(item_rows[i].line);
        char text[TEXT_SIZE], error[PRODUCT_JSON_ERROR_SIZE];
        struct product product;
        int got = 1;
        struct product_json_reader *reader = open_text(text, item_rows[i].text, error);
        CHECK_NOT_NULL(reader);
        while (reader && got == 1)
            got = product_json_next(reader, &product, error);
        CHECK_INT(got, -1);
        CHECK_TEXT(error, item_rows[i].error);
        product_json_close(reader);
    }
}

static void test_read(void)
{
    char text[TEXT_SIZE], error[PRODUCT_JSON_ERROR_SIZE];
    struct product p;
    struct product_json_reader *reader =
        open_text(text,
                  "[{" GOOD "},{},\n{\"quantity\":0,\"price\":99999999.99,\"name\":\"\\u00e9\","
                  "\"id\":9007199254740991,\"description\":\"d\"}]\n",
                  error);
    REQUIRE_NOT_NULL(reader);
    CHECK_INT(product_json_next(reader, &p, error), 1);
    CHECK_INT(p.id, 1);
    CHECK_INT(p.price_cents, 150);
    CHECK_INT(p.quantity, 2);
    CHECK_TEXT(p.name, "N");
    CHECK_NULL(p.description);
    CHECK_INT(product_json_next(reader, &p, error), -1);
    CHECK_CONTAINS(error, "line 1, item 2:");
    size_t line = 0, item = 0;
    /* The faulty item is passed over. */
    CHECK_INT(product_json_next(reader, &p, error), 1);
    CHECK_INT(p.id, PRODUCT_ID_MAX);
    product_json_place(reader, &line, &item);
    CHECK_INT(line, 2);
    CHECK_INT(item, 3);
    CHECK_INT(p.price_cents, INT64_C(9999999999));
    CHECK_INT(p.quantity, 0);
    CHECK_TEXT(p.name, "\xc3\xa9");
    CHECK_TEXT(p.description, "d");
    CHECK_INT(product_json_next(reader, &p, error), 0);
    CHECK_INT(product_json_next(reader, &p, error), 0);
    product_json_close(reader);
}

/* What has no member is not given. */
static void test_not_given(void)
{
    char text[TEXT_SIZE], error[PRODUCT_JSON_ERROR_SIZE];
    struct product p;
    struct product_json_reader *reader =
        open_text(text, "[{\"id\":1},{\"id\":2,\"price\":3},{\"quantity\":0,\"id\":4}]", error);
    REQUIRE_NOT_NULL(reader);
    CHECK_INT(product_json_next(reader, &p, error), 1);
    CHECK_INT(p.id, 1);
    CHECK_INT(p.price_cents, PRODUCT_NOT_GIVEN);
    CHECK_INT(p.quantity, PRODUCT_NOT_GIVEN);
    CHECK_NULL(p.name);
    CHECK_NULL(p.description);
    CHECK_INT(product_json_next(reader, &p, error), 1);
    CHECK_INT(p.price_cents, 300);
    CHECK_INT(p.quantity, PRODUCT_NOT_GIVEN);
    CHECK_INT(product_json_next(reader, &p, error), 1);
    CHECK_INT(p.quantity, 0);
    CHECK_INT(p.price_cents, PRODUCT_NOT_GIVEN);
    product_json_close(reader);
}

static void test_empty(void)
{
    char text[TEXT_SIZE], error[PRODUCT_JSON_ERROR_SIZE];
    struct product product;
    struct product_json_reader *reader = open_text(text, " [ ] ", error);
    REQUIRE_NOT_NULL(reader);
    CHECK_INT(product_json_next(reader, &product, error), 0);
    product_json_close(reader);
    product_json_close(NULL);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a product is written in alphabetical order", test_write},
        {"a file that is no array is refused with its place", test_open_errors},
        {"a faulty item is refused by number and member", test_item_errors},
        {"products are read, and read again", test_read},
        {"what has no member is not given", test_not_given},
        {"an empty array has no products", test_empty},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/json/product_json", NULL, NULL, tests);
}
