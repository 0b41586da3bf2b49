#include "json/order_json.h"

#include <string.h>

#include "base/text.h"
#include "check.h"
#include "suite.h"

enum { TEXT_SIZE = 65536 };

#define ITEM         "{\"product_id\":1,\"quantity\":2}"
#define BAD_PRODUCT  "must be a whole number from 1 to 9007199254740991"
#define BAD_QUANTITY "must be a whole number from 1 to 1000000"
#define BAD_ITEM     "must be an object with product_id and quantity"
#define BAD_STRING   "must be a string; leave it out if there is none"
#define UNKNOWN      "is not a known member"

static struct order_request request;
static struct violations violations;
static char detail[ORDER_JSON_DETAIL_SIZE];

static bool read_text(const char *source)
{
    static char text[TEXT_SIZE];
    snprintf(text, sizeof text, "%s", source);
    return order_json_read(text, strlen(text), &request, &violations, detail) == JSON_OK;
}

static void test_not_json(void)
{
    static const struct {
        int line;
        const char *text, *detail;
    } rows[] = {
        {__LINE__, "", "the body is not valid JSON: nothing but white space at byte 0"},
        {__LINE__, "{\"items\":[}",
         "the body is not valid JSON: an unexpected character at byte 10"},
        {__LINE__, "{\"reference\":\"\\u0000\"}",
         "the body is not valid JSON: \\u0000 in a string at byte 14"},
        {__LINE__, "{\"reference\":\"\xff\"}",
         "the body is not valid JSON: bytes that are not UTF-8 at byte 14"},
        {__LINE__, "{\"items\":[{\"quantity\":1,\"quantity\":1}]}",
         "the body is not valid JSON: an object names the member \"quantity\" twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_FALSE(read_text(rows[i].text));
        CHECK_TEXT(detail, rows[i].detail);
    }
}

/* A body that says nothing: an empty object alone. */
static void test_none(void)
{
    static const struct {
        int line;
        const char *text, *where;
        size_t count;
    } rows[] = {
        {__LINE__, "{}", NULL, 0},
        {__LINE__, " { } ", NULL, 0},
        {__LINE__, "[]", "", 1},
        {__LINE__, "null", "", 1},
        {__LINE__, "{\"items\":[]}", "/items", 1},
        {__LINE__, "{\"a\":1,\"b/c\":2}", "/a", 2},
    };
    char text[TEXT_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        snprintf(text, sizeof text, "%s", rows[i].text);
        CHECK_INT(order_json_read_none(text, strlen(text), &violations, detail), JSON_OK);
        CHECK_INT(violations.count, rows[i].count);
        if (violations.count > 0)
            CHECK_TEXT(violations.items[0].where, rows[i].where);
    }
    snprintf(text, sizeof text, "{");
    CHECK_COMPARE(order_json_read_none(text, 1, &violations, detail), !=, JSON_OK);
    CHECK_CONTAINS(detail, "the body is not valid JSON");
}

static void test_valid(void)
{
    REQUIRE_TRUE(read_text(
        "{\"reference\":\"PO \\u00e9\",\"email\":\"a@b.example\",\"items\":["
        "{\"quantity\":1,\"product_id\":3},{\"product_id\":7.0,\"quantity\":1e6},"
        "{\"product_id\":3,\"quantity\":4},{\"product_id\":9007199254740991,\"quantity\":1}]}"));
    CHECK_INT(violations.count, 0);
    REQUIRE_INT(request.count, 3);
    CHECK_INT(request.items[0].product_id, 3);
    CHECK_INT(request.items[0].quantity, 5);
    CHECK_INT(request.items[1].product_id, 7);
    CHECK_INT(request.items[1].quantity, 1000000);
    CHECK_INT(request.items[2].product_id, PRODUCT_ID_MAX);
    CHECK_INT(request.items[0].position, 0);
    CHECK_INT(request.items[1].position, 1);
    CHECK_INT(request.items[2].position, 3);
    CHECK_TEXT(request.email, "a@b.example");
    CHECK_TEXT(request.reference, "PO \xc3\xa9");

    /* Nothing of it is left in the next. */
    CHECK_TRUE(read_text("{\"items\":[" ITEM "]}"));
    CHECK_INT(violations.count, 0);
    CHECK_INT(request.count, 1);
    CHECK_INT(request.items[0].quantity, 2);
    CHECK_TEXT(request.email, "");
    CHECK_TEXT(request.reference, "");
}

static const struct {
    int line;
    const char *text, *where, *detail;
} one_violation_rows[] = {
    {__LINE__, "[]", "", "must be an object with items"},
    {__LINE__, "null", "", "must be an object with items"},
    {__LINE__, "{}", "/items", "is required and must be an array of 1 to 100 items"},
    {__LINE__, "{\"items\":{}}", "/items", "must be an array of 1 to 100 items"},
    {__LINE__, "{\"items\":null}", "/items", "must be an array of 1 to 100 items"},
    {__LINE__, "{\"items\":[]}", "/items", "must have at least 1 item"},
    {__LINE__, "{\"items\":[[]]}", "/items/0", BAD_ITEM},
    {__LINE__, "{\"items\":[" ITEM ",null]}", "/items/1", BAD_ITEM},
    {__LINE__, "{\"items\":[{\"product_id\":1}]}", "/items/0/quantity",
     "is required and " BAD_QUANTITY},
    {__LINE__, "{\"items\":[{\"quantity\":1}]}", "/items/0/product_id",
     "is required and " BAD_PRODUCT},
    {__LINE__, "{\"items\":[{\"product_id\":\"1\",\"quantity\":1}]}", "/items/0/product_id",
     BAD_PRODUCT},
    {__LINE__, "{\"items\":[{\"product_id\":9007199254740992,\"quantity\":1}]}",
     "/items/0/product_id", BAD_PRODUCT},
    {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":0}]}", "/items/0/quantity",
     BAD_QUANTITY},
    {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":-1}]}", "/items/0/quantity",
     BAD_QUANTITY},
    {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":1000001}]}", "/items/0/quantity",
     BAD_QUANTITY},
    {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":1.5}]}", "/items/0/quantity",
     BAD_QUANTITY},
    {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":0.99999999999999999999}]}",
     "/items/0/quantity", BAD_QUANTITY},
    {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":1.00000000000000001}]}",
     "/items/0/quantity", BAD_QUANTITY},
    {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":1e400}]}", "/items/0/quantity",
     BAD_QUANTITY},
    {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":9223372036854775808}]}",
     "/items/0/quantity", BAD_QUANTITY},
    {__LINE__,
     "{\"items\":[{\"product_id\":1,\"quantity\":999999}," ITEM
     ",{\"product_id\":2,\"quantity\":1}]}",
     "/items/1/quantity", "brings the sum for this product above 1000000"},
    {__LINE__, "{\"items\":[" ITEM "],\"email\":null}", "/email", BAD_STRING},
    {__LINE__, "{\"items\":[" ITEM "],\"reference\":7}", "/reference", BAD_STRING},
    {__LINE__, "{\"items\":[" ITEM "],\"email\":\"nobody\"}", "/email",
     "must be an e-mail address of at most 254 bytes"},
    {__LINE__, "{\"items\":[" ITEM "],\"reference\":\"\"}", "/reference",
     "must be 1 to 255 bytes of text without control characters"},
    {__LINE__, "{\"items\":[" ITEM "],\"total\":1}", "/total", UNKNOWN},
    {__LINE__, "{\"items\":[" ITEM "],\"Email\":1}", "/Email", UNKNOWN},
    {__LINE__, "{\"items\":[" ITEM "],\"\":1}", "/", UNKNOWN},
    {__LINE__, "{\"items\":[" ITEM "],\"a/b~c\":1}", "/a~1b~0c", UNKNOWN},
    {__LINE__, "{\"items\":[" ITEM "],\"\\u00e9\":1}", "/\xc3\xa9", UNKNOWN},
    {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":2,\"price\":0}]}", "/items/0/price",
     UNKNOWN},
    {__LINE__, "{\"items\":[" ITEM "],\"a\\nb\":1}", "",
     "has an unknown member, with a name of 3 bytes and control characters in it"},
    {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":2,\"\\u007f\":0}]}", "/items/0",
     "has an unknown member, with a name of 1 bytes and control characters in it"},
};

static void test_one_violation(void)
{
    for (size_t i = 0; i < sizeof one_violation_rows / sizeof one_violation_rows[0]; i++) {
        CHECK_ROW(one_violation_rows[i].line);
        CHECK_TRUE(read_text(one_violation_rows[i].text));
        CHECK_INT(violations.count, 1);
        CHECK_INT(violations.items[0].place, VIOLATION_BODY);
        CHECK_TEXT(violations.items[0].where, one_violation_rows[i].where);
        CHECK_TEXT(violations.items[0].detail, one_violation_rows[i].detail);
    }
}

static void test_all_at_once(void)
{
    static const struct {
        int line;
        const char *where, *detail;
    } rows[] = {
        {__LINE__, "/email", BAD_STRING},
        {__LINE__, "/items/0/product_id", BAD_PRODUCT},
        {__LINE__, "/items/0/quantity", "is required and " BAD_QUANTITY},
        {__LINE__, "/items/0/x", UNKNOWN},
        {__LINE__, "/items/1", BAD_ITEM},
        {__LINE__, "/items/2/quantity", BAD_QUANTITY},
        {__LINE__, "/y", UNKNOWN},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    CHECK_TRUE(read_text("{\"email\":1,\"items\":[{\"product_id\":0,\"x\":1},7,"
                         "{\"product_id\":1,\"quantity\":null}," ITEM "],\"y\":1}"));
    REQUIRE_INT(violations.count, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_TEXT(violations.items[i].where, rows[i].where);
        CHECK_TEXT(violations.items[i].detail, rows[i].detail);
    }
}

/* A body of so many times the same item. */
static bool read_items(int count, const char *item)
{
    static char text[TEXT_SIZE];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"items\":[");
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? "," : "", item);
    snprintf(text + used, sizeof text - used, "]}");
    return read_text(text);
}

static void test_item_limit(void)
{
    CHECK_TRUE(read_items(100, ITEM));
    CHECK_INT(violations.count, 0);
    CHECK_INT(request.count, 1);
    CHECK_INT(request.items[0].quantity, 200);
    CHECK_TRUE(read_items(101, "{}"));
    REQUIRE_INT(violations.count, 1);
    CHECK_TEXT(violations.items[0].where, "/items");
    CHECK_TEXT(violations.items[0].detail, "must have at most 100 items");
    /* More than are kept, all counted. */
    CHECK_TRUE(read_items(100, "{}"));
    CHECK_INT(violations.count, 200);
    CHECK_INT(violation_kept(&violations), VIOLATIONS_MAX);
}

static void test_name_limit(void)
{
    char name[80], text[256];
    for (size_t len = 63; len <= 66; len++) {
        CHECK_OF("name of %zu bytes", len);
        memset(name, '~', len);
        name[len] = '\0';
        snprintf(text, sizeof text, "{\"items\":[{\"product_id\":1,\"quantity\":1,\"%s\":1}]}",
                 name);
        CHECK_TRUE(read_text(text));
        REQUIRE_INT(violations.count, 1);
        size_t want = len <= 64 ? strlen("/items/0/") + 2 * len : strlen("/items/0");
        CHECK_INT(strlen(violations.items[0].where), want, "name of %zu bytes", len);
    }
    CHECK_TEXT(violations.items[0].detail, "has an unknown member, with a name of 66 bytes");
}

static void test_long_duplicate(void)
{
    char name[200], text[512];
    memset(name, 'x', sizeof name);
    snprintf(name + 63, sizeof name - 63, "\xc3\xa9 and so on");
    snprintf(text, sizeof text, "{\"%s\":1,\"%s\":1}", name, name);
    CHECK_FALSE(read_text(text));
    CHECK_TRUE(text_is_utf8(detail, strlen(detail)));
    CHECK_CONTAINS(detail, "xxx\" twice");
}

static void write_order(struct buffer *out, const struct order *order, const char *message)
{
    struct json_writer w;
    buffer_reset(out, TEXT_SIZE);
    json_write_start(&w, out, false);
    order_json_write(&w, order, message);
    json_write_end(&w);
}

static void test_write(void)
{
    static struct order order;
    const struct product one = {.id = 1, .price_cents = 999, .name = "Product \"1\""};
    const struct product two = {.id = 2, .price_cents = 1999, .name = "Product 2"};
    struct buffer out;
    order = (struct order){.id = "018f0000-0000-7000-8000-000000000000",
                           .created_us = INT64_C(1769860800123456)};
    order_add_line(&order, &(struct order_item){.product_id = 1, .quantity = 2}, &one);
    buffer_init(&out, TEXT_SIZE);
    write_order(&out, &order, NULL);
    CHECK_TEXT(out.data,
               "{\"created_at\":\"2026-01-31T12:00:00.123Z\","
               "\"id\":\"018f0000-0000-7000-8000-000000000000\","
               "\"items\":[{\"amount\":19.98,\"name\":\"Product \\\"1\\\"\",\"product_id\":1,"
               "\"quantity\":2,\"unit_price\":9.99}],\"status\":\"confirmed\",\"total\":19.98}");

    order_add_line(&order, &(struct order_item){.product_id = 2, .quantity = 1}, &two);
    snprintf(order.email, sizeof order.email, "a@b.example");
    snprintf(order.reference, sizeof order.reference, "PO 7");
    write_order(&out, &order, "Order created");
    CHECK_TEXT(out.data,
               "{\"created_at\":\"2026-01-31T12:00:00.123Z\",\"email\":\"a@b.example\","
               "\"id\":\"018f0000-0000-7000-8000-000000000000\","
               "\"items\":[{\"amount\":19.98,\"name\":\"Product \\\"1\\\"\",\"product_id\":1,"
               "\"quantity\":2,\"unit_price\":9.99},{\"amount\":19.99,\"name\":\"Product 2\","
               "\"product_id\":2,\"quantity\":1,\"unit_price\":19.99}],"
               "\"message\":\"Order created\",\"reference\":\"PO 7\","
               "\"status\":\"confirmed\",\"total\":39.97}");
    order.cancelled_us = INT64_C(1769860801000000);
    write_order(&out, &order, NULL);
    CHECK_START(out.data, "{\"cancelled_at\":\"2026-01-31T12:00:01.000Z\",\"created_at\":");
    CHECK_CONTAINS(out.data, "\"status\":\"cancelled\",");
    buffer_free(&out);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a body that is not JSON is refused with its place", test_not_json},
        {"a body that says nothing is an empty object", test_none},
        {"a valid body gives the request", test_valid},
        {"each thing wrong is pointed at", test_one_violation},
        {"everything wrong is told at once", test_all_at_once},
        {"a hundred items are the most", test_item_limit},
        {"an unwieldy name is not repeated", test_name_limit},
        {"a long duplicate is named in whole characters", test_long_duplicate},
        {"an order is written in alphabetical order", test_write},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/json/order_json", NULL, NULL, tests);
}
