#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "call.h"
#include "check.h"
#include "suite.h"

/* What the store is asked for: one row more than could fit. */
enum { ALL = CALL_ANSWER_MAX / 60 + 1 };

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
        CHECK_ROW(rows[i].line);
        fake_store_init(&fake);
        fake.result = rows[i].result;
        CHECK_INT(get((struct api_request){.id = rows[i].id}), rows[i].status);
        CHECK_INT(fake.calls, rows[i].calls);
    }
}

static void test_get_body(void)
{
    fake_store_init(&fake);
    CHECK_INT(get((struct api_request){.id = "2"}), API_OK);
    CHECK_INT(fake.id, 2);
    CHECK_TEXT(response.body.data, "{\"description\":\"Description for product 2\",\"id\":2,"
                                   "\"name\":\"Product 2\",\"price\":19.99,\"quantity\":5}");
    CHECK_INT(get((struct api_request){.id = "2", .pretty = true}), API_OK);
    CHECK_TEXT(response.body.data,
               "{\n  \"description\": \"Description for product 2\",\n  \"id\": 2,\n"
               "  \"name\": \"Product 2\",\n  \"price\": 19.99,\n  \"quantity\": 5\n}\n");
}

/* The ids that the answer lists, as they stand in it, each with a space. Borrowed until the next
 * call. */
static const char *ids(void)
{
    static char text[256];
    size_t len = 0;
    text[0] = '\0';
    for (const char *at = response.body.data; (at = strstr(at, "\"id\":")); at++) {
        at += strlen("\"id\":");
        len += (size_t)snprintf(text + len, sizeof text - len, "%.*s ", (int)strcspn(at, ",}"), at);
    }
    return text;
}

static void test_list(void)
{
    static const struct {
        int line;
        const char *after;
        int64_t limit;
        int64_t asked_after, asked_limit;
        const char *ids;
        const char *next;
    } rows[] = {
        {__LINE__, NULL, 0, 0, ALL, "1 2 3 ", ""},
        {__LINE__, NULL, 1, 0, 2, "1 ", "1"},
        {__LINE__, NULL, 2, 0, 3, "1 2 ", "2"},
        {__LINE__, NULL, 3, 0, 4, "1 2 3 ", ""},
        {__LINE__, NULL, 1000, 0, 1001, "1 2 3 ", ""},
        {__LINE__, "0", 1, 0, 2, "1 ", "1"},
        {__LINE__, "1", 1, 1, 2, "2 ", "2"},
        {__LINE__, "2", 1, 2, 2, "3 ", ""},
        {__LINE__, "2", 0, 2, ALL, "3 ", ""},
        {__LINE__, "3", 5, 3, 6, "", ""},
        {__LINE__, "9007199254740991", 0, PRODUCT_ID_MAX, ALL, "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        fake_store_init(&fake);
        CHECK_INT(list((struct api_request){.after = rows[i].after, .limit = rows[i].limit}),
                  API_OK);
        CHECK_INT(fake.after, rows[i].asked_after);
        CHECK_INT(fake.limit, rows[i].asked_limit);
        CHECK_TEXT(ids(), rows[i].ids);
        CHECK_TEXT(response.next, rows[i].next);
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
        CHECK_ROW(rows[i].line);
        fake_store_init(&fake);
        CHECK_INT(list((struct api_request){.after = rows[i].after}), API_INVALID);
        CHECK_INT(response.violations.count, 1);
        CHECK_TEXT(response.violations.items[0].where, "after");
        CHECK_INT(response.violations.items[0].place, VIOLATION_QUERY);
        CHECK_INT(fake.calls, 0);
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
        CHECK_ROW(rows[i].line);
        fake_store_init(&fake);
        fake.result = rows[i].result;
        CHECK_INT(list((struct api_request){.limit = 0}), rows[i].status);
    }
}

/* As many of the shortest products as the store is asked for, and one beyond what fits. */
static void test_list_too_long(void)
{
    static struct product shortest[ALL + 1];
    for (int i = 0; i <= ALL; i++)
        shortest[i] = (struct product){.id = 1, .name = "n", .description = ""};
    fake_store_init(&fake);
    fake.products = shortest;
    fake.product_count = ALL + 1;
    for (int i = 0; i <= ALL; i++)
        shortest[i].id = i + 1;
    CHECK_INT(list((struct api_request){.limit = 0}), API_LIST_TOO_LONG);
    CHECK_INT(fake.limit, ALL);
    /* A page of as many ends where the next row would not fit, and the next page begins there. */
    int64_t after = 0;
    for (int pages = 0; pages < 4 && after < ALL + 1; pages++) {
        char text[32];
        snprintf(text, sizeof text, "%d", (int)after);
        CHECK_INT(list((struct api_request){.after = text, .limit = ALL}), API_OK);
        CHECK_COMPARE(response.body.len, <=, CALL_ANSWER_MAX);
        CHECK_INT(response.body.data[response.body.len - 1], ']');
        char first[48];
        snprintf(first, sizeof first, "[{\"description\":\"\",\"id\":%d,", (int)after + 1);
        CHECK_START(response.body.data, first);
        int64_t next = ALL + 1;
        if (response.next[0])
            CHECK_TRUE(text_number(response.next, strlen(response.next), after + 1, ALL, &next));
        after = next;
    }
    CHECK_INT(after, ALL + 1, "some page was the last");
}

int main(void)
{
    CU_TestInfo tests[] = {{"get", test_get},
                           {"get's body", test_get_body},
                           {"list", test_list},
                           {"list refused", test_list_refused},
                           {"list too long", test_list_too_long},
                           {"list failed", test_list_failed},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/api/products", call_setup, call_teardown, tests);
}
