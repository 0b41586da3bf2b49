#include <string.h>

#include "call.h"
#include "suite.h"

static enum api_status get(struct api_request request)
{
    return call(&products_resource, API_READ, "/products/{id}", request);
}

static enum api_status list(struct api_request request)
{
    return call(&products_resource, API_READ, "/products", request);
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
        {__LINE__, "1", STORE_OK, API_OK, 1},
        {__LINE__, "3", STORE_OK, API_OK, 1},
        {__LINE__, "4", STORE_OK, API_NO_PRODUCT, 1},
        {__LINE__, "9007199254740991", STORE_OK, API_NO_PRODUCT, 1},
        {__LINE__, "9007199254740992", STORE_OK, API_NO_PRODUCT, 0},
        {__LINE__, "0", STORE_OK, API_NO_PRODUCT, 0},
        {__LINE__, "01", STORE_OK, API_NO_PRODUCT, 0},
        {__LINE__, "-1", STORE_OK, API_NO_PRODUCT, 0},
        {__LINE__, "+1", STORE_OK, API_NO_PRODUCT, 0},
        {__LINE__, "1.0", STORE_OK, API_NO_PRODUCT, 0},
        {__LINE__, "1 ", STORE_OK, API_NO_PRODUCT, 0},
        {__LINE__, "one", STORE_OK, API_NO_PRODUCT, 0},
        {__LINE__, "", STORE_OK, API_NO_PRODUCT, 0},
        {__LINE__, "1", STORE_BUSY, API_STORE_BUSY, 1},
        {__LINE__, "1", STORE_UNREACHABLE, API_STORE_DOWN, 1},
        {__LINE__, "1", STORE_OLD_SCHEMA, API_STORE_DOWN, 1},
        {__LINE__, "1", STORE_NEW_SCHEMA, API_STORE_DOWN, 1},
        {__LINE__, "1", STORE_FAULT, API_FAULT, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_store_init(&fake);
        fake.result = rows[i].result;
        SUITE_ROW(&rows[i], get((struct api_request){.id = rows[i].id}) == rows[i].status);
        SUITE_ROW(&rows[i], fake.calls == rows[i].calls);
    }
}

static void test_get_body(void)
{
    fake_store_init(&fake);
    CU_ASSERT_EQUAL(get((struct api_request){.id = "2"}), API_OK);
    CU_ASSERT_EQUAL(fake.id, 2);
    CU_ASSERT_STRING_EQUAL(response.body.data,
                           "{\"description\":\"Description for product 2\",\"id\":2,"
                           "\"name\":\"Product 2\",\"price\":19.99,\"quantity\":5}");
    CU_ASSERT_EQUAL(get((struct api_request){.id = "2", .pretty = true}), API_OK);
    CU_ASSERT_STRING_EQUAL(
        response.body.data,
        "{\n  \"description\": \"Description for product 2\",\n  \"id\": 2,\n"
        "  \"name\": \"Product 2\",\n  \"price\": 19.99,\n  \"quantity\": 5\n}\n");
}

/* Tells whether the answer lists these ids, and no others, in this order. */
static bool lists(const char *const ids[])
{
    const char *at = response.body.data;
    for (; *ids; ids++) {
        at = strstr(at, "\"id\":");
        if (!at || strncmp(at + 5, *ids, strlen(*ids)) != 0)
            return false;
        at++;
    }
    return !strstr(at, "\"id\":");
}

static void test_list(void)
{
    static const struct {
        int line;
        const char *after;
        int64_t limit;
        int64_t asked_after, asked_limit;
        const char *ids[4];
        const char *next;
    } rows[] = {
        {__LINE__, NULL, 0, 0, 0, {"1,", "2,", "3,"}, ""},
        {__LINE__, NULL, 1, 0, 2, {"1,"}, "1"},
        {__LINE__, NULL, 2, 0, 3, {"1,", "2,"}, "2"},
        {__LINE__, NULL, 3, 0, 4, {"1,", "2,", "3,"}, ""},
        {__LINE__, NULL, 1000, 0, 1001, {"1,", "2,", "3,"}, ""},
        {__LINE__, "0", 1, 0, 2, {"1,"}, "1"},
        {__LINE__, "1", 1, 1, 2, {"2,"}, "2"},
        {__LINE__, "2", 1, 2, 2, {"3,"}, ""},
        {__LINE__, "2", 0, 2, 0, {"3,"}, ""},
        {__LINE__, "3", 5, 3, 6, {NULL}, ""},
        {__LINE__, "9007199254740991", 0, PRODUCT_ID_MAX, 0, {NULL}, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_store_init(&fake);
        SUITE_ROW(&rows[i], list((struct api_request){.after = rows[i].after,
                                                      .limit = rows[i].limit}) == API_OK);
        SUITE_ROW(&rows[i], fake.after == rows[i].asked_after && fake.limit == rows[i].asked_limit);
        SUITE_ROW(&rows[i], lists(rows[i].ids));
        SUITE_ROW(&rows[i], strcmp(response.next, rows[i].next) == 0);
    }
}

static void test_list_refused(void)
{
    static const struct {
        int line;
        const char *after;
    } rows[] = {
        {__LINE__, ""},   {__LINE__, "x"},  {__LINE__, "-1"},
        {__LINE__, "01"}, {__LINE__, "1a"}, {__LINE__, "9007199254740992"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_store_init(&fake);
        SUITE_ROW(&rows[i], list((struct api_request){.after = rows[i].after}) == API_INVALID);
        SUITE_ROW(&rows[i], response.violations.count == 1);
        SUITE_ROW(&rows[i], strcmp(response.violations.items[0].where, "after") == 0);
        SUITE_ROW(&rows[i], response.violations.items[0].place == VIOLATION_QUERY);
        SUITE_ROW(&rows[i], fake.calls == 0);
    }
}

static void test_list_failed(void)
{
    static const struct {
        int line;
        enum store_result result;
        enum api_status status;
    } rows[] = {
        {__LINE__, STORE_BUSY, API_STORE_BUSY},
        {__LINE__, STORE_UNREACHABLE, API_STORE_DOWN},
        {__LINE__, STORE_STOPPED, API_LIST_TOO_LONG},
        {__LINE__, STORE_FAULT, API_FAULT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_store_init(&fake);
        fake.result = rows[i].result;
        SUITE_ROW(&rows[i], list((struct api_request){.limit = 0}) == rows[i].status);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"get", test_get},
                           {"get's body", test_get_body},
                           {"list", test_list},
                           {"list refused", test_list_refused},
                           {"list failed", test_list_failed},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/api/products", call_setup, call_teardown, tests);
}
