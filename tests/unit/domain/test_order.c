#include "domain/order.h"

#include <string.h>

#include "check.h"
#include "domain/money.h"
#include "suite.h"

static struct order_request request;
static struct order order;

static void test_add_one(void)
{
    static const struct {
        int line;
        int64_t product_id, quantity;
        enum order_fault fault;
    } rows[] = {
        {__LINE__, 1, 1, ORDER_OK},
        {__LINE__, PRODUCT_ID_MAX, ORDER_QUANTITY_MAX, ORDER_OK},
        {__LINE__, 0, 1, ORDER_BAD_PRODUCT},
        {__LINE__, -1, 1, ORDER_BAD_PRODUCT},
        {__LINE__, PRODUCT_ID_MAX + 1, 1, ORDER_BAD_PRODUCT},
        {__LINE__, 1, 0, ORDER_BAD_QUANTITY},
        {__LINE__, 1, -5, ORDER_BAD_QUANTITY},
        {__LINE__, 1, ORDER_QUANTITY_MAX + 1, ORDER_BAD_QUANTITY},
        {__LINE__, 1, INT64_MAX, ORDER_BAD_QUANTITY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        request = (struct order_request){0};
        enum order_fault fault =
            order_request_add(&request, rows[i].product_id, rows[i].quantity, 5);
        CHECK_INT(fault, rows[i].fault);
        CHECK_INT(request.count, fault == ORDER_OK);
        if (!fault) {
            CHECK_INT(request.items[0].product_id, rows[i].product_id);
            CHECK_INT(request.items[0].quantity, rows[i].quantity);
            CHECK_INT(request.items[0].position, 5);
        }
    }
}

static void test_add_sums(void)
{
    request = (struct order_request){0};
    CHECK_INT(order_request_add(&request, 7, 1, 0), ORDER_OK);
    CHECK_INT(order_request_add(&request, 3, 2, 1), ORDER_OK);
    CHECK_INT(order_request_add(&request, 7, ORDER_QUANTITY_MAX - 1, 2), ORDER_OK);
    CHECK_INT(order_request_add(&request, 7, 1, 3), ORDER_SUM_TOO_LARGE);
    REQUIRE_INT(request.count, 2);
    CHECK_INT(request.items[0].product_id, 7);
    CHECK_INT(request.items[1].product_id, 3);
    CHECK_INT(request.items[0].quantity, ORDER_QUANTITY_MAX);
    CHECK_INT(request.items[1].quantity, 2);
    CHECK_INT(request.items[0].position, 0);
    CHECK_INT(request.items[1].position, 1);
}

static void test_add_limit(void)
{
    request = (struct order_request){0};
    for (int id = 1; id <= ORDER_LINES_MAX; id++)
        CHECK_INT(order_request_add(&request, id, 1, (size_t)id - 1), ORDER_OK, "product %d", id);
    CHECK_INT(order_request_add(&request, ORDER_LINES_MAX + 1, 1, ORDER_LINES_MAX),
              ORDER_TOO_MANY_ITEMS);
    CHECK_INT(request.count, ORDER_LINES_MAX);
    /* One of the hundred may still grow. */
    CHECK_INT(order_request_add(&request, ORDER_LINES_MAX, 1, ORDER_LINES_MAX), ORDER_OK);
    CHECK_INT(request.items[ORDER_LINES_MAX - 1].quantity, 2);
}

static void test_email(void)
{
    static const struct {
        int line;
        const char *email;
        bool good;
    } rows[] = {
        {__LINE__, "a@b", true},
        {__LINE__, "first.last+tag@mail.example", true},
        {__LINE__, "\xc3\xa9@b\xc3\xbc.example", true},
        {__LINE__, "", false},
        {__LINE__, "a", false},
        {__LINE__, "@b", false},
        {__LINE__, "a@", false},
        {__LINE__, "@", false},
        {__LINE__, "a@b@c", false},
        {__LINE__, "a b@c", false},
        {__LINE__, "a@b c", false},
        {__LINE__, "<a@b>", false},
        {__LINE__, "a@b,c@d", false},
        {__LINE__, "\"a\"@b", false},
        {__LINE__, "a\\@b", false},
        {__LINE__, "a@b\n", false},
        {__LINE__, "a@b\r\nBcc: c", false},
        {__LINE__, "a\x7f@b", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        request = (struct order_request){.email = "before"};
        enum order_fault fault = order_request_set_email(&request, rows[i].email);
        CHECK_INT(fault, rows[i].good ? ORDER_OK : ORDER_BAD_EMAIL);
        CHECK_TEXT(request.email, rows[i].good ? rows[i].email : "before");
    }
}

static void test_reference(void)
{
    static const struct {
        int line;
        const char *reference;
        bool good;
    } rows[] = {
        {__LINE__, "x", true},    {__LINE__, "PO 7/\"8\", \xc3\xa9", true},
        {__LINE__, "", false},    {__LINE__, "a\tb", false},
        {__LINE__, "a\n", false}, {__LINE__, "\x7f", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        request = (struct order_request){.reference = "before"};
        enum order_fault fault = order_request_set_reference(&request, rows[i].reference);
        CHECK_INT(fault, rows[i].good ? ORDER_OK : ORDER_BAD_REFERENCE);
        CHECK_TEXT(request.reference, rows[i].good ? rows[i].reference : "before");
    }
}

static void test_text_lengths(void)
{
    char text[ORDER_REFERENCE_MAX + 2] = "";
    request = (struct order_request){0};
    memset(text, 'x', ORDER_REFERENCE_MAX);
    CHECK_INT(order_request_set_reference(&request, text), ORDER_OK);
    CHECK_TEXT(request.reference, text);
    text[1] = '@';
    CHECK_INT(order_request_set_email(&request, text), ORDER_BAD_EMAIL);
    text[ORDER_EMAIL_MAX] = '\0';
    CHECK_INT(order_request_set_email(&request, text), ORDER_OK);
    CHECK_TEXT(request.email, text);
    memset(text, 'x', ORDER_REFERENCE_MAX + 1);
    CHECK_INT(order_request_set_reference(&request, text), ORDER_BAD_REFERENCE);
}

static void test_lines_add_up(void)
{
    const struct product one = {.id = 1, .price_cents = 999, .name = "Product 1"};
    const struct product two = {.id = 2, .price_cents = 1999, .name = "Product 2"};
    order = (struct order){0};
    order_add_line(&order, &(struct order_item){1, 3, 0}, &one);
    order_add_line(&order, &(struct order_item){2, 2, 1}, &two);
    REQUIRE_INT(order.count, 2);
    CHECK_INT(order.total_cents, 3 * 999 + 2 * 1999);
    CHECK_INT(order.lines[1].product_id, 2);
    CHECK_INT(order.lines[1].quantity, 2);
    CHECK_INT(order.lines[1].unit_price_cents, 1999);
    CHECK_INT(order.lines[1].amount_cents, 3998);
    CHECK_TEXT(order.lines[1].name, "Product 2");
}

static void test_largest_order(void)
{
    char name[PRODUCT_NAME_MAX + 1] = "";
    const struct product dear = {.price_cents = MONEY_PRICE_MAX, .name = name};
    memset(name, 'n', PRODUCT_NAME_MAX);
    order = (struct order){0};
    for (int id = 1; id <= ORDER_LINES_MAX; id++)
        order_add_line(&order, &(struct order_item){id, ORDER_QUANTITY_MAX, 0}, &dear);
    CHECK_INT(order.total_cents, INT64_C(999999999900000000));
    CHECK_TEXT(order.lines[ORDER_LINES_MAX - 1].name, name);
}

static void change_nothing(void)
{
}

static void change_quantity(void)
{
    request.items[1].quantity++;
}

static void change_product(void)
{
    request.items[0].product_id++;
}

static void change_count(void)
{
    request.count--;
}

static void change_email(void)
{
    request.email[0] = '\0';
}

static void change_reference(void)
{
    request.reference[0] = 'p';
}

static void change_position(void)
{
    request.items[1].position = 9;
}

static void test_matches(void)
{
    static const struct {
        int line;
        void (*change)(void);
        bool matches;
    } rows[] = {
        {__LINE__, change_nothing, true},    {__LINE__, change_position, true},
        {__LINE__, change_quantity, false},  {__LINE__, change_product, false},
        {__LINE__, change_count, false},     {__LINE__, change_email, false},
        {__LINE__, change_reference, false},
    };
    const struct product product = {.price_cents = 1, .name = "N"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        request = (struct order_request){.email = "a@b", .reference = "PO"};
        order = (struct order){.email = "a@b", .reference = "PO"};
        for (int id = 1; id <= 2; id++) {
            order_request_add(&request, id, 5, (size_t)id);
            order_add_line(&order, &request.items[id - 1], &product);
        }
        rows[i].change();
        CHECK_INT(order_matches(&order, &request), rows[i].matches);
    }
}

static struct order_request asks(const int64_t products[3])
{
    struct order_request made = {.count = 0};
    for (size_t i = 0; i < 3 && products[i]; i++)
        order_request_add(&made, products[i], 1 + (int64_t)i, i);
    return made;
}

static void test_covers(void)
{
    static const struct {
        int line;
        int64_t mine[3], others[3]; /* 0: no more */
        bool covers;
    } rows[] = {
        {__LINE__, {1}, {1}, true},           {__LINE__, {1}, {2}, false},
        {__LINE__, {1, 2, 3}, {3, 1}, true},  {__LINE__, {1, 2}, {2, 1}, true},
        {__LINE__, {1, 2}, {1, 2, 3}, false}, {__LINE__, {2, 3}, {1, 2}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        const struct order_request mine = asks(rows[i].mine), others = asks(rows[i].others);
        CHECK_INT(order_covers(&mine, &others), rows[i].covers);
    }
}

/* Nothing is left of an order that was there before. */
static void test_begin(void)
{
    const struct order_item item = {1, 2, 0};
    const struct product product = {.price_cents = 999, .name = "N"};
    request = (struct order_request){.email = "a@b", .reference = "PO"};
    order = (struct order){.id = "old", .created_us = 1, .email = "old@old", .reference = "old"};
    order_add_line(&order, &item, &product);
    order_begin(&order, "018f0000-0000-7000-8000-000000000001", INT64_C(1700000000123456),
                &request);
    CHECK_TEXT(order.id, "018f0000-0000-7000-8000-000000000001");
    CHECK_INT(order.created_us, INT64_C(1700000000123456));
    CHECK_INT(order.count, 0);
    CHECK_INT(order.total_cents, 0);
    CHECK_TEXT(order.email, "a@b");
    CHECK_TEXT(order.reference, "PO");
    order_add_line(&order, &item, &product);
    CHECK_INT(order.count, 1);
    CHECK_INT(order.total_cents, 1998);
}

static void test_fault_texts(void)
{
    for (enum order_fault i = ORDER_OK + 1; i < ORDER_FAULT_MAX; i++) {
        if (CHECK_NOT_NULL(order_fault_texts[i], "fault %d", (int)i))
            CHECK_OTHER_TEXT(order_fault_texts[i], "", "fault %d", (int)i);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"an item stays within its bounds", test_add_one},
        {"the same product is summed in its first place", test_add_sums},
        {"an order holds a hundred products", test_add_limit},
        {"an e-mail address is one and safe", test_email},
        {"a reference is text without controls", test_reference},
        {"texts may be as long as they may be", test_text_lengths},
        {"lines add up to the total", test_lines_add_up},
        {"the largest order does not overflow", test_largest_order},
        {"an order is told from another request", test_matches},
        {"a request covers another one's products", test_covers},
        {"an order begins without lines", test_begin},
        {"every fault has a text", test_fault_texts},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/domain/order", NULL, NULL, tests);
}
