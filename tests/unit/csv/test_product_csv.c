#include "csv/product_csv.h"

#include <string.h>

#include "base/text.h"
#include "check.h"
#include "domain/money.h"
#include "suite.h"

enum { TEXT_SIZE = 4096, SHOWN_SIZE = 512 };

#define HEADER "id,name,description,price,quantity\n"

static struct product_csv reader;

/* Starts reading a copy of the text, whose end is not a NUL. */
static bool start(const char *text, char error[PRODUCT_CSV_ERROR_SIZE])
{
    static char copy[TEXT_SIZE];
    size_t len = strlen(text);
    REQUIRE_COMPARE(len, <, sizeof copy - 1);
    snprintf(copy, sizeof copy, "%s#", text);
    return product_csv_start(&reader, copy, len, error);
}

/* Appends a number, or "-" if it is not given. */
static size_t show_number(char *out, size_t size, int64_t number, char end)
{
    int n = number == PRODUCT_NOT_GIVEN ? snprintf(out, size, "-%c", end)
                                        : snprintf(out, size, "%lld%c", (long long)number, end);
    return (size_t)n;
}

static size_t show(char *out, size_t size, const struct product *p)
{
    size_t used = (size_t)snprintf(out, size, "%lld|%s|%s|", (long long)p->id,
                                   p->name ? p->name : "-", p->description ? p->description : "-");
    used += show_number(out + used, size - used, p->price_cents, '|');
    return used + show_number(out + used, size - used, p->quantity, ';');
}

static void test_products(void)
{
    static const struct {
        int line;
        const char *text;
        const char *shown; /* id|name|description|cents|quantity; of each */
    } rows[] = {
        {__LINE__, HEADER, ""},
        {__LINE__, HEADER "1,Product 1,Description for product 1,9.99,10\n",
         "1|Product 1|Description for product 1|999|10;"},
        {__LINE__, HEADER "1,a,,0,0\r\n\r\n2,b,x,0.5,3", "1|a||0|0;2|b|x|50|3;"},
        {__LINE__, "quantity,price,description,name,id\n3,1.00,d,n,9\n", "9|n|d|100|3;"},
        /* What has no column is not given. */
        {__LINE__, "id,name,price,quantity\n7,n,1,2\n", "7|n|-|100|2;"},
        {__LINE__, "description,name,id\n,n,7\n", "7|n||-|-;"},
        {__LINE__, "price,id\n0.1,7\n2,8\n", "7|-|-|10|-;8|-|-|200|-;"},
        {__LINE__, "quantity,id\n0,7\n", "7|-|-|-|0;"},
        {__LINE__, "id\n7\n", "7|-|-|-|-;"},
        {__LINE__, "\xef\xbb\xbf" HEADER "1,\"a, \"\"b\"\"\",\"c\nd\",1,2\n",
         "1|a, \"b\"|c\nd|100|2;"},
        {__LINE__, HEADER "9007199254740991,n,d,99999999.99,9007199254740991\n",
         "9007199254740991|n|d|9999999999|9007199254740991;"},
        {__LINE__, HEADER "2,b,,1,1\n1,a,,1,1\n2,c,,1,1\n", "2|b||100|1;1|a||100|1;2|c||100|1;"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char error[PRODUCT_CSV_ERROR_SIZE] = "", shown[SHOWN_SIZE] = "";
        struct product p;
        size_t used = 0;
        int got;
        CHECK_TRUE(start(rows[i].text, error));
        while ((got = product_csv_next(&reader, &p, error)) > 0)
            used += show(shown + used, sizeof shown - used, &p);
        CHECK_INT(got, 0);
        CHECK_TEXT(error, "");
        CHECK_TEXT(shown, rows[i].shown);
        CHECK_INT(product_csv_next(&reader, &p, error), 0);
    }
}

static void test_bad_headers(void)
{
    static const struct {
        int line;
        const char *text, *start;
    } rows[] = {
        {__LINE__, "", "line 1, column 1: the file is empty; "},
        {__LINE__, "\n\n", "line 1, column 1: the file is empty; "},
        {__LINE__, "id,name,price,quantity,colour\n",
         "line 1, column 24: unknown column \"colour\""},
        {__LINE__, "\nid,Name,price,quantity\n", "line 2, column 4: unknown column \"Name\""},
        {__LINE__, "id, name,price,quantity\n", "line 1, column 4: unknown column \" name\""},
        {__LINE__, "1,a,b,2,3\n", "line 1, column 1: unknown column \"1\""},
        {__LINE__, "id,name,id,price,quantity\n", "line 1, column 9: repeated column \"id\""},
        {__LINE__, "name,price,quantity\n", "line 1, column 1: there is no column \"id\""},
        {__LINE__, "id,name,price,quantity,\n", "line 1, column 24: unknown column \"\""},
        {__LINE__, "id,\"name\n", "line 1, column 4: "},
        {__LINE__, "i\"d\n", "line 1, column 2: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char error[PRODUCT_CSV_ERROR_SIZE] = "";
        CHECK_FALSE(start(rows[i].text, error));
        CHECK_START(error, rows[i].start);
        CHECK_COMPARE(strlen(error), >, strlen(rows[i].start) - 1);
    }
}

/* A column's name cannot change the terminal or the log that shows it. */
static void test_strange_header(void)
{
    static const struct {
        int line;
        const char *text, *start;
    } rows[] = {
        {__LINE__, "\"a\x1b[2J\nb\",id\n", "line 1, column 1: unknown column \"a?[2J?b\""},
        {__LINE__,
         "a\xff"
         "b\n",
         "line 1, column 1: unknown column \"a?b\""},
        {__LINE__, "\xc3\xa9t\xc3\xa9\n", "line 1, column 1: unknown column \"\xc3\xa9t\xc3\xa9\""},
        {__LINE__, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9\n",
         "line 1, column 1: unknown column \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char error[PRODUCT_CSV_ERROR_SIZE] = "";
        CHECK_FALSE(start(rows[i].text, error));
        CHECK_START(error, rows[i].start);
        CHECK_TRUE(text_is_utf8(error, strlen(error)));
        CHECK_FALSE(text_has_control(error, strlen(error)));
    }
}

static void test_bad_rows(void)
{
    static const struct {
        int line;
        const char *row, *error;
    } rows[] = {
        {__LINE__, "0,n,d,1,1", "line 2, column 1: id must be a whole number from 1"},
        {__LINE__, "x,n,d,1,1", "line 2, column 1: id must be "},
        {__LINE__, "01,n,d,1,1", "line 2, column 1: id must be "},
        {__LINE__, " 1,n,d,1,1", "line 2, column 1: id must be "},
        {__LINE__, ",n,d,1,1", "line 2, column 1: id must be "},
        {__LINE__, "9007199254740992,n,d,1,1", "line 2, column 1: id must be "},
        {__LINE__, "9223372036854775808,n,d,1,1", "line 2, column 1: id must be "},
        {__LINE__, "1,,d,1,1", "line 2, column 3: name must be 1 to 200 bytes"},
        {__LINE__, "1,a\tb,d,1,1", "line 2, column 3: name must be "},
        {__LINE__, "1,\xff,d,1,1", "line 2, column 3: name must be "},
        {__LINE__, "1,n,\xff,1,1", "line 2, column 5: description must be "},
        {__LINE__, "1,n,d,1.999,1", "line 2, column 7: price must be "},
        {__LINE__, "1,n,d,-1,1", "line 2, column 7: price must be "},
        {__LINE__, "1,n,d,\"9,99\",1", "line 2, column 7: price must be "},
        {__LINE__, "1,n,d,100000000,1", "line 2, column 7: price must be "},
        {__LINE__, "1,n,d,1,-1", "line 2, column 9: quantity must be "},
        {__LINE__, "1,n,d,1,9007199254740992", "line 2, column 9: quantity must be "},
        {__LINE__, "1,n,d,1,", "line 2, column 9: quantity must be "},
        {__LINE__, "1,n,d,,1", "line 2, column 7: price must be "},
        {__LINE__, "1,n,\"d\ne\",1,x", "line 3, column 6: quantity must be "},
        {__LINE__, "1,n,d,1", "line 2, column 7: 4 fields, but the header names 5 columns"},
        {__LINE__, "1,n,d,1,1,1", "line 2, column 11: 6 fields, but the header names 5 columns"},
        {__LINE__, "x", "line 2, column 1: 1 fields, but the header names 5 columns"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char text[TEXT_SIZE], error[PRODUCT_CSV_ERROR_SIZE] = "";
        struct product product;
        snprintf(text, sizeof text, HEADER "%s\n3,good,,1,1\n", rows[i].row);
        CHECK_TRUE(start(text, error));
        CHECK_INT(product_csv_next(&reader, &product, error), -1);
        CHECK_START(error, rows[i].error);
        /* Reading goes on behind it. */
        CHECK_INT(product_csv_next(&reader, &product, error), 1);
        CHECK_INT(product.id, 3);
        CHECK_INT(product_csv_next(&reader, &product, error), 0);
    }
}

/* What is no CSV has no next record. */
static void test_broken_text(void)
{
    static const struct {
        int line;
        const char *row, *error;
    } rows[] = {
        {__LINE__, "1,n\"x,d,1,1", "line 2, column 4: a quote"},
        {__LINE__, "1,\"n,d,1,1", "line 2, column 3: this quote is never closed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char text[TEXT_SIZE], error[PRODUCT_CSV_ERROR_SIZE] = "";
        struct product product;
        snprintf(text, sizeof text, HEADER "%s\n3,good,,1,1\n", rows[i].row);
        CHECK_TRUE(start(text, error));
        CHECK_INT(product_csv_next(&reader, &product, error), -1);
        CHECK_START(error, rows[i].error);
        CHECK_INT(product_csv_next(&reader, &product, error), 0);
        CHECK_INT(product_csv_next(&reader, &product, error), 0);
    }
}

static void test_lengths(void)
{
    static const struct {
        int line;
        size_t name, description;
        int got;
    } rows[] = {
        {__LINE__, PRODUCT_NAME_MAX, 0, 1},
        {__LINE__, PRODUCT_NAME_MAX + 1, 0, -1},
        {__LINE__, 1, PRODUCT_DESCRIPTION_MAX, 1},
        {__LINE__, 1, PRODUCT_DESCRIPTION_MAX + 1, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char text[TEXT_SIZE], filler[PRODUCT_DESCRIPTION_MAX + 1];
        char error[PRODUCT_CSV_ERROR_SIZE] = "";
        struct product product;
        memset(filler, 'x', sizeof filler);
        snprintf(text, sizeof text, HEADER "1,%.*s,%.*s,1,1\n", (int)rows[i].name, filler,
                 (int)rows[i].description, filler);
        CHECK_TRUE(start(text, error));
        CHECK_INT(product_csv_next(&reader, &product, error), rows[i].got);
    }
}

/* What is written is read back as it was. */
static void test_write(void)
{
    static const struct {
        int line;
        struct product product;
        const char *record;
    } rows[] = {
        {__LINE__,
         {1, 999, 10, "Product 1", "Description for product 1"},
         "1,Product 1,Description for product 1,9.99,10\n"},
        {__LINE__, {2, 0, 0, "n", ""}, "2,n,,0.00,0\n"},
        {__LINE__, {3, 5, 1, "a, \"b\"", "c\r\nd"}, "3,\"a, \"\"b\"\"\",\"c\r\nd\",0.05,1\n"},
        {__LINE__,
         {PRODUCT_ID_MAX, MONEY_PRICE_MAX, PRODUCT_STOCK_MAX, "\xc3\xa9", "d"},
         "9007199254740991,\xc3\xa9,d,99999999.99,9007199254740991\n"},
    };
    struct buffer out;
    buffer_init(&out, PRODUCT_CSV_RECORD_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        const struct product *wrote = &rows[i].product;
        char error[PRODUCT_CSV_ERROR_SIZE] = "";
        struct product read = {0};
        buffer_reset(&out, PRODUCT_CSV_RECORD_MAX + 1);
        product_csv_write_header(&out);
        product_csv_write(&out, wrote);
        CHECK_START(out.data, HEADER);
        CHECK_TEXT(out.data + strlen(HEADER), rows[i].record);
        CHECK_TRUE(start(out.data, error));
        CHECK_INT(product_csv_next(&reader, &read, error), 1);
        CHECK_INT(read.id, wrote->id);
        CHECK_INT(read.price_cents, wrote->price_cents);
        CHECK_INT(read.quantity, wrote->quantity);
        if (!error[0]) {
            CHECK_TEXT(read.name, wrote->name);
            CHECK_TEXT(read.description, wrote->description);
        }
    }
    buffer_free(&out);
}

static void test_longest_record(void)
{
    char name[PRODUCT_NAME_MAX + 1], description[PRODUCT_DESCRIPTION_MAX + 1];
    const struct product product = {PRODUCT_ID_MAX, MONEY_PRICE_MAX, PRODUCT_STOCK_MAX, name,
                                    description};
    struct buffer out;
    memset(name, '"', PRODUCT_NAME_MAX);
    memset(description, '"', PRODUCT_DESCRIPTION_MAX);
    name[PRODUCT_NAME_MAX] = description[PRODUCT_DESCRIPTION_MAX] = '\0';
    buffer_init(&out, PRODUCT_CSV_RECORD_MAX);
    product_csv_write(&out, &product);
    CHECK_FALSE(out.overflown);
    CHECK_COMPARE(out.len, >, 2 * strlen(name) + 2 * strlen(description));
    buffer_free(&out);
}

int main(void)
{
    CU_TestInfo tests[] = {{"products", test_products},
                           {"bad headers", test_bad_headers},
                           {"strange header", test_strange_header},
                           {"bad rows", test_bad_rows},
                           {"broken text", test_broken_text},
                           {"lengths", test_lengths},
                           {"write", test_write},
                           {"longest record", test_longest_record},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/csv/product_csv", NULL, NULL, tests);
}
