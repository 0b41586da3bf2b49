#include "domain/product.h"

#include <string.h>

#include "check.h"
#include "domain/money.h"
#include "suite.h"

static const struct product good = {
    .id = 1, .price_cents = 999, .quantity = 10, .name = "Product 1", .description = ""};

static void test_numbers(void)
{
    static const struct {
        int line;
        int64_t id, price, quantity;
        enum product_field fault;
    } rows[] = {
        {__LINE__, 1, 0, 0, PRODUCT_FIELD_MAX},
        {__LINE__, PRODUCT_ID_MAX, MONEY_PRICE_MAX, PRODUCT_STOCK_MAX, PRODUCT_FIELD_MAX},
        {__LINE__, 0, 1, 1, PRODUCT_ID},
        {__LINE__, -1, 1, 1, PRODUCT_ID},
        {__LINE__, PRODUCT_ID_MAX + 1, 1, 1, PRODUCT_ID},
        {__LINE__, 1, -1, 1, PRODUCT_PRICE},
        {__LINE__, 1, MONEY_PRICE_MAX + 1, 1, PRODUCT_PRICE},
        {__LINE__, 1, 1, -1, PRODUCT_QUANTITY},
        {__LINE__, 1, 1, PRODUCT_STOCK_MAX + 1, PRODUCT_QUANTITY},
        {__LINE__, 0, -1, -1, PRODUCT_ID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct product product = good;
        product.id = rows[i].id;
        product.price_cents = rows[i].price;
        product.quantity = rows[i].quantity;
        CHECK_INT(product_check(&product), rows[i].fault);
    }
}

static void test_texts(void)
{
    static const struct {
        int line;
        const char *name, *description;
        enum product_field fault;
    } rows[] = {
        {__LINE__, "N", "", PRODUCT_FIELD_MAX},
        {__LINE__, "\xc3\xa9\xf0\x9f\x98\x80", "a\tb\nc", PRODUCT_FIELD_MAX},
        {__LINE__, "", "", PRODUCT_NAME},
        {__LINE__, "a\nb", "", PRODUCT_NAME},
        {__LINE__, "a\x7f", "", PRODUCT_NAME},
        {__LINE__, "\xff", "", PRODUCT_NAME},
        {__LINE__, "\xc3", "", PRODUCT_NAME},
        {__LINE__, "N", "\xed\xa0\x80", PRODUCT_DESCRIPTION},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct product product = good;
        product.name = rows[i].name;
        product.description = rows[i].description;
        CHECK_INT(product_check(&product), rows[i].fault);
    }
}

static void test_lengths(void)
{
    char name[PRODUCT_NAME_MAX + 2] = "", description[PRODUCT_DESCRIPTION_MAX + 2] = "";
    struct product product = good;
    product.name = name;
    product.description = description;
    memset(name, 'n', PRODUCT_NAME_MAX);
    memset(description, 'd', PRODUCT_DESCRIPTION_MAX);
    CHECK_INT(product_check(&product), PRODUCT_FIELD_MAX);
    description[PRODUCT_DESCRIPTION_MAX] = 'd';
    CHECK_INT(product_check(&product), PRODUCT_DESCRIPTION);
    name[PRODUCT_NAME_MAX] = 'n';
    CHECK_INT(product_check(&product), PRODUCT_NAME);
}

/* What is not given breaks no rule, and is completed by another product. */
static void test_not_given(void)
{
    struct product product = {.id = 1, .price_cents = PRODUCT_NOT_GIVEN, .quantity = 0};
    CHECK_INT(product_check(&product), PRODUCT_FIELD_MAX);
    product.quantity = PRODUCT_NOT_GIVEN;
    CHECK_INT(product_check(&product), PRODUCT_FIELD_MAX);
    product.id = PRODUCT_NOT_GIVEN;
    CHECK_INT(product_check(&product), PRODUCT_ID);
    product.id = 1;
    product.quantity = 0;
    product_complete(&product, &good);
    CHECK_INT(product.price_cents, good.price_cents);
    CHECK_INT(product.quantity, 0);
    CHECK_TEXT(product.name, good.name);
    CHECK_TEXT(product.description, good.description);
    CHECK_FALSE(product_equals(&product, &good));
}

static void test_equals(void)
{
    static const struct product others[] = {{2, 999, 10, "Product 1", ""},
                                            {1, 998, 10, "Product 1", ""},
                                            {1, 999, 9, "Product 1", ""},
                                            {1, 999, 10, "Product 2", ""},
                                            {1, 999, 10, "Product 1", "x"}};
    struct product same = good;
    CHECK_TRUE(product_equals(&good, &same));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        CHECK_OF("product %zu", i);
        CHECK_FALSE(product_equals(&good, &others[i]));
    }
}

static void test_names_and_rules(void)
{
    static const struct {
        int line;
        enum product_field field;
        const char *name, *in_rule;
    } rows[] = {
        {__LINE__, PRODUCT_ID, "id", "9007199254740991"},
        {__LINE__, PRODUCT_NAME, "name", "200"},
        {__LINE__, PRODUCT_DESCRIPTION, "description", "2000"},
        {__LINE__, PRODUCT_PRICE, "price", "99999999.99"},
        {__LINE__, PRODUCT_QUANTITY, "quantity", "9007199254740991"},
    };
    CHECK_INT(sizeof rows / sizeof rows[0], PRODUCT_FIELD_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_TEXT(product_field_names[rows[i].field], rows[i].name);
        CHECK_CONTAINS(product_field_rules[rows[i].field], rows[i].in_rule);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"numbers stay within their bounds", test_numbers},
        {"texts are clean UTF-8", test_texts},
        {"texts may be as long as they may be", test_lengths},
        {"what is not given is completed", test_not_given},
        {"products that differ are told apart", test_equals},
        {"every field has its name and its rule", test_names_and_rules},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/domain/product", NULL, NULL, tests);
}
