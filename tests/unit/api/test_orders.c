#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "check.h"
#include "suite.h"

enum { BODY_SIZE = 512, TEXT_SIZE = 256 };

#define ONE "{\"items\":[{\"product_id\":1,\"quantity\":2}]}"

static enum api_status place(const char *text, const char *key)
{
    static char body[BODY_SIZE];
    snprintf(body, sizeof body, "%s", text);
    return call(
        &orders_resource, API_CHANGE, "/orders",
        (struct api_request){.body = body, .body_len = strlen(body), .idempotency_key = key});
}

static enum api_status get(struct api_request request)
{
    return call(&orders_resource, API_READ, "/orders/{id}", request);
}

static enum api_status list(struct api_request request)
{
    return call(&orders_resource, API_READ, "/orders", request);
}

static void test_place_status(void)
{
    static const struct {
        int line;
        const char *body;
        enum store_result result;
        enum api_status status;
        int calls;
    } rows[] = {
        {__LINE__, ONE, STORE_OK, API_CREATED, 1},
        {__LINE__, ONE, STORE_REPLAYED, API_REPLAYED, 1},
        {__LINE__, ONE, STORE_UNKNOWN_PRODUCT, API_INVALID, 1},
        {__LINE__, ONE, STORE_SHORT, API_OUT_OF_STOCK, 1},
        {__LINE__, ONE, STORE_KEY_REUSED, API_KEY_REUSED, 1},
        {__LINE__, ONE, STORE_KEY_IN_FLIGHT, API_KEY_IN_FLIGHT, 1},
        {__LINE__, ONE, STORE_BUSY, API_STORE_BUSY, 1},
        {__LINE__, ONE, STORE_UNREACHABLE, API_STORE_DOWN, 1},
        {__LINE__, ONE, STORE_UNKNOWN, API_UNKNOWN, 1},
        {__LINE__, ONE, STORE_UNSUITABLE, API_STORE_DOWN, 1},
        {__LINE__, ONE, STORE_FAULT, API_FAULT, 1},
        {__LINE__, "", STORE_OK, API_MALFORMED, 0},
        {__LINE__, "{", STORE_OK, API_MALFORMED, 0},
        {__LINE__, ONE "x", STORE_OK, API_MALFORMED, 0},
        {__LINE__, "[]", STORE_OK, API_INVALID, 0},
        {__LINE__, "{\"items\":[]}", STORE_OK, API_INVALID, 0},
        {__LINE__, "{\"items\":[{\"product_id\":1,\"quantity\":0}]}", STORE_OK, API_INVALID, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        fake_store_init(&fake);
        fake.result = rows[i].result;
        CHECK_INT(place(rows[i].body, NULL), rows[i].status);
        CHECK_INT(fake.calls, rows[i].calls);
        if (rows[i].status == API_MALFORMED)
            CHECK_OTHER_TEXT(response.detail, "");
        if (!rows[i].calls && rows[i].status == API_INVALID)
            CHECK_COMPARE(response.violations.count, >, 0);
        bool placed = rows[i].status == API_CREATED || rows[i].status == API_REPLAYED;
        CHECK_INT(placed, response.location[0] != '\0');
        CHECK_INT(placed || rows[i].status == API_OUT_OF_STOCK, response.body.len > 0);
        CHECK_INT(rows[i].status == API_OUT_OF_STOCK, response.member != NULL);
    }
}

static void *no_memory(size_t size)
{
    (void)size;
    return NULL;
}

/* Lack of memory is not the caller's fault: it is not told that its body is no JSON. */
static void test_place_no_memory(void)
{
    cJSON_Hooks hooks = {.malloc_fn = no_memory, .free_fn = free};
    fake_store_init(&fake);
    cJSON_InitHooks(&hooks);
    enum api_status status = place(ONE, NULL);
    cJSON_InitHooks(NULL);
    CHECK_INT(status, API_FAULT);
    CHECK_INT(fake.calls, 0);
    CHECK_INT(place(ONE, NULL), API_CREATED);
}

static void test_place_asks(void)
{
    fake_store_init(&fake);
    CHECK_INT(place("{\"items\":[{\"product_id\":2,\"quantity\":1},"
                    "{\"product_id\":1,\"quantity\":3},{\"product_id\":2,\"quantity\":4}],"
                    "\"email\":\"a@b.c\",\"reference\":\"r 1\"}",
                    "the key"),
              API_CREATED);
    CHECK_TEXT(fake.consumer, "vpce-2");
    CHECK_TEXT(fake.text, "the key");
    CHECK_TRUE(id_is_valid(fake.placed_id));
    CHECK_INT(fake.key_lifetime_us, INT64_C(86400000000));
    CHECK_INT(fake.request.count, 2);
    CHECK_INT(fake.request.items[0].product_id, 2);
    CHECK_INT(fake.request.items[0].quantity, 5);
    CHECK_INT(fake.request.items[1].product_id, 1);
    CHECK_INT(fake.request.items[1].quantity, 3);
    CHECK_TEXT(fake.request.email, "a@b.c");
    CHECK_TEXT(fake.request.reference, "r 1");

    char first[ID_TEXT_SIZE];
    memcpy(first, fake.placed_id, sizeof first);
    place(ONE, NULL);
    CHECK_OTHER_TEXT(fake.placed_id, first);
    CHECK_TEXT(fake.text, "");
}

static void test_place_body(void)
{
    char expected[TEXT_SIZE];
    fake_store_init(&fake);
    fake.result = STORE_REPLAYED;
    CHECK_INT(place(ONE, "k"), API_REPLAYED);
    CHECK_TEXT(response.location, "/orders/" FAKE_STORE_ORDER);
    CHECK_TEXT(response.body.data,
               "{\"created_at\":\"2023-11-14T22:13:20.123Z\",\"id\":\"" FAKE_STORE_ORDER "\","
               "\"items\":[{\"amount\":19.98,\"name\":\"Thing\",\"product_id\":1,\"quantity\":2,"
               "\"unit_price\":9.99}],\"message\":\"Order created\",\"status\":\"confirmed\","
               "\"total\":19.98}");
    fake.result = STORE_OK;
    CHECK_INT(place(ONE, "k"), API_CREATED);
    snprintf(expected, sizeof expected, "/orders/%s", fake.placed_id);
    CHECK_TEXT(response.location, expected);
}

/* The pointer names the item as it was sent, not the line that its quantity was added to. */
static void test_place_unknown(void)
{
    fake_store_init(&fake);
    fake.result = STORE_UNKNOWN_PRODUCT;
    fake.unknown[0] = 8;
    fake.unknown[1] = 9;
    fake.unknown_count = 2;
    CHECK_INT(place("{\"items\":[{\"product_id\":8,\"quantity\":1},"
                    "{\"product_id\":8,\"quantity\":1},{\"product_id\":1,\"quantity\":1},"
                    "{\"product_id\":9,\"quantity\":1}]}",
                    NULL),
              API_INVALID);
    REQUIRE_INT(response.violations.count, 2);
    CHECK_TEXT(response.violations.items[0].where, "/items/0/product_id");
    CHECK_TEXT(response.violations.items[0].detail, "there is no product 8");
    CHECK_TEXT(response.violations.items[1].where, "/items/3/product_id");
    CHECK_INT(response.violations.items[1].place, VIOLATION_BODY);
}

/* The lines that lack stock are a member of the problem, indented for their place there. */
static void test_place_short(void)
{
    static char body[] = ONE;
    fake_store_init(&fake);
    fake.result = STORE_SHORT;
    fake.shorts[0] = (struct order_shortage){7, 5, 0};
    fake.shorts[1] = (struct order_shortage){PRODUCT_ID_MAX, 2, 1};
    fake.short_count = 2;
    CHECK_INT(place(ONE, NULL), API_OUT_OF_STOCK);
    CHECK_TEXT(response.member, "short");
    CHECK_TEXT(response.body.data,
               "[{\"available\":0,\"product_id\":7,\"requested\":5},"
               "{\"available\":1,\"product_id\":9007199254740991,\"requested\":2}]");
    fake.short_count = 1;
    call(&orders_resource, API_CHANGE, "/orders",
         (struct api_request){.body = body, .body_len = strlen(body), .pretty = true});
    CHECK_TEXT(response.body.data, "[\n    {\n      \"available\": 0,\n      \"product_id\": 7,\n"
                                   "      \"requested\": 5\n    }\n  ]");
}

static enum api_status cancel(const char *id, const char *text)
{
    static char body[BODY_SIZE];
    snprintf(body, sizeof body, "%s", text);
    return call(&orders_resource, API_CHANGE, "/orders/{id}/cancel",
                (struct api_request){.id = id, .body = body, .body_len = strlen(body)});
}

static void test_cancel(void)
{
    static const struct {
        int line;
        const char *id, *body;
        enum store_result result;
        enum api_status status;
        int calls;
    } rows[] = {
        {__LINE__, FAKE_STORE_ORDER, "", STORE_OK, API_OK, 1},
        {__LINE__, FAKE_STORE_ORDER, "{}", STORE_OK, API_OK, 1},
        {__LINE__, FAKE_STORE_ORDER, "", STORE_NOT_FOUND, API_NO_ORDER, 1},
        {__LINE__, FAKE_STORE_ORDER, "", STORE_BUSY, API_STORE_BUSY, 1},
        {__LINE__, FAKE_STORE_ORDER, "", STORE_UNREACHABLE, API_STORE_DOWN, 1},
        {__LINE__, FAKE_STORE_ORDER, "", STORE_UNKNOWN, API_UNKNOWN, 1},
        {__LINE__, FAKE_STORE_ORDER, "", STORE_FAULT, API_FAULT, 1},
        {__LINE__, FAKE_STORE_ORDER, "{", STORE_OK, API_MALFORMED, 0},
        {__LINE__, FAKE_STORE_ORDER, "1", STORE_OK, API_INVALID, 0},
        {__LINE__, FAKE_STORE_ORDER, "{\"items\":[]}", STORE_OK, API_INVALID, 0},
        {__LINE__, "1", "", STORE_OK, API_NO_ORDER, 0},
        {__LINE__, "", "", STORE_OK, API_NO_ORDER, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        fake_store_init(&fake);
        fake.result = rows[i].result;
        CHECK_INT(cancel(rows[i].id, rows[i].body), rows[i].status);
        CHECK_INT(fake.calls, rows[i].calls);
        if (rows[i].calls) {
            CHECK_TEXT(fake.consumer, CALL_CONSUMER);
            CHECK_TEXT(fake.text, FAKE_STORE_ORDER);
        }
        CHECK_INT(response.body.len > 0, rows[i].status == API_OK);
        if (rows[i].status == API_OK)
            CHECK_CONTAINS(response.body.data, "\"status\":\"cancelled\"");
        CHECK_TEXT(response.location, "");
    }
}

static void test_get(void)
{
    static const struct {
        int line;
        const char *id;
        enum store_result result;
        enum api_status status;
        int calls;
    } rows[] = {
        {__LINE__, FAKE_STORE_ORDER, STORE_OK, API_OK, 1},
        {__LINE__, "018f0000-0000-7000-8000-000000000002", STORE_OK, API_NO_ORDER, 1},
        {__LINE__, FAKE_STORE_ORDER, STORE_NOT_FOUND, API_NO_ORDER, 1},
        {__LINE__, FAKE_STORE_ORDER, STORE_BUSY, API_STORE_BUSY, 1},
        {__LINE__, FAKE_STORE_ORDER, STORE_UNREACHABLE, API_STORE_DOWN, 1},
        {__LINE__, FAKE_STORE_ORDER, STORE_FAULT, API_FAULT, 1},
        {__LINE__, "", STORE_OK, API_NO_ORDER, 0},
        {__LINE__, "1", STORE_OK, API_NO_ORDER, 0},
        {__LINE__, "018F0000-0000-7000-8000-000000000001", STORE_OK, API_NO_ORDER, 0},
        {__LINE__, FAKE_STORE_ORDER "0", STORE_OK, API_NO_ORDER, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        fake_store_init(&fake);
        fake.result = rows[i].result;
        CHECK_INT(get((struct api_request){.id = rows[i].id}), rows[i].status);
        CHECK_INT(fake.calls, rows[i].calls);
        if (fake.calls)
            CHECK_TEXT(fake.consumer, "vpce-2");
        CHECK_INT(rows[i].status == API_OK, response.body.len > 0);
        if (response.body.data)
            CHECK_LACKS(response.body.data, "message");
    }
}

static void test_list(void)
{
    static const struct {
        int line;
        bool after; /* the first order shown is the second */
        int64_t limit;
        size_t orders, shown;
        bool more;
    } rows[] = {
        {__LINE__, false, 0, 0, 0, false}, {__LINE__, false, 0, 3, 3, false},
        {__LINE__, false, 2, 3, 2, true},  {__LINE__, false, 3, 3, 3, false},
        {__LINE__, true, 2, 3, 2, false},  {__LINE__, true, 1, 3, 1, true},
        {__LINE__, true, 0, 3, 2, false},  {__LINE__, true, 0, 1, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char after[ID_TEXT_SIZE], last[ID_TEXT_SIZE];
        size_t shown = 0;
        fake_store_init(&fake);
        fake.order_count = rows[i].orders;
        fake_store_order_id(0, after);
        fake_store_order_id(rows[i].after + rows[i].shown - 1, last);
        CHECK_INT(list((struct api_request){.after = rows[i].after ? after : NULL,
                                            .limit = rows[i].limit}),
                  API_OK);
        for (const char *at = response.body.data; (at = strstr(at, "\"created_at\"")); at++)
            shown++;
        CHECK_INT(shown, rows[i].shown);
        CHECK_TEXT(response.next, rows[i].more ? last : "");
        if (rows[i].shown)
            CHECK_CONTAINS(response.body.data, last);
        CHECK_TEXT(fake.text, rows[i].after ? after : "");
        CHECK_TEXT(fake.consumer, "vpce-2");
    }
}

static void test_list_refused(void)
{
    static const char *const afters[] = {"", "1", "x", "018F0000-0000-7000-8000-000000000001"};
    for (size_t i = 0; i < sizeof afters / sizeof afters[0]; i++) {
        fake_store_init(&fake);
        enum api_status status = list((struct api_request){.after = afters[i]});
        CHECK_INT(status, API_INVALID, "after=%s", afters[i]);
        CHECK_INT(fake.calls, 0, "after=%s", afters[i]);
        CHECK_INT(response.violations.count, 1, "after=%s", afters[i]);
        CHECK_TEXT(response.violations.items[0].where, "after", "after=%s", afters[i]);
    }
}

/* Of a reference the store is asked, if it can be one. */
static void test_list_reference(void)
{
    static char longest[ORDER_REFERENCE_MAX + 2];
    static const struct {
        int line;
        const char *reference;
        enum api_status status;
    } rows[] = {
        {__LINE__, "PO 17", API_OK},      {__LINE__, longest + 1, API_OK},
        {__LINE__, longest, API_INVALID}, {__LINE__, "", API_INVALID},
        {__LINE__, "a\nb", API_INVALID},  {__LINE__, "\xff", API_INVALID},
    };
    memset(longest, 'r', sizeof longest - 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        fake_store_init(&fake);
        CHECK_INT(list((struct api_request){.reference = rows[i].reference}), rows[i].status);
        CHECK_TEXT(fake.reference, rows[i].status == API_OK ? rows[i].reference : "");
        CHECK_INT(response.violations.count, rows[i].status != API_OK);
        if (rows[i].status != API_OK)
            CHECK_TEXT(response.violations.items[0].where, "reference");
    }
    CHECK_INT(list((struct api_request){.limit = 1}), API_OK);
    CHECK_TEXT(fake.reference, "");
}

int main(void)
{
    CU_TestInfo tests[] = {{"place's status", test_place_status},
                           {"place, no memory", test_place_no_memory},
                           {"place asks", test_place_asks},
                           {"place's body", test_place_body},
                           {"place, unknown products", test_place_unknown},
                           {"place, short", test_place_short},
                           {"cancel", test_cancel},
                           {"get", test_get},
                           {"list", test_list},
                           {"list refused", test_list_refused},
                           {"list of a reference", test_list_reference},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/api/orders", call_setup, call_teardown, tests);
}
