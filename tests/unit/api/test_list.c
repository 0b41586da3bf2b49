#include "api/list.h"

#include <stdio.h>

#include "check.h"
#include "suite.h"

enum { ANSWER_MAX = 6000, ALL = ANSWER_MAX / LIST_ROW_LEAST + 1 };

static struct api_response response;

static int setup(void)
{
    api_response_init(&response, ANSWER_MAX);
    return 0;
}

static int teardown(void)
{
    api_response_free(&response);
    return 0;
}

/* Shows the rows 1 to rows, as a visitor does, until it is told to stop. */
static enum store_result visit_rows(struct list *list, int64_t rows)
{
    for (int64_t i = 1; i <= rows; i++) {
        char id[ID_TEXT_SIZE];
        if (!list_takes(list))
            continue;
        json_write_number(&list->writer, i);
        snprintf(id, sizeof id, "%d", (int)i);
        if (!list_keeps(list, id))
            return STORE_STOPPED;
    }
    return STORE_OK;
}

static void test_pages(void)
{
    static const struct {
        int line;
        int64_t limit, store_limit, rows;
        const char *body, *next;
    } rows[] = {
        {__LINE__, 0, ALL, 0, "[]", ""},        {__LINE__, 0, ALL, 3, "[1,2,3]", ""},
        {__LINE__, 1, 2, 0, "[]", ""},          {__LINE__, 1, 2, 1, "[1]", ""},
        {__LINE__, 1, 2, 2, "[1]", "1"},        {__LINE__, 2, 3, 1, "[1]", ""},
        {__LINE__, 2, 3, 2, "[1,2]", ""},       {__LINE__, 2, 3, 3, "[1,2]", "2"},
        {__LINE__, 1000, 1001, 2, "[1,2]", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        const struct api_request request = {.limit = rows[i].limit};
        struct list list;
        api_response_reset(&response);
        list_start(&list, &request, &response);
        CHECK_INT(list_store_limit(&list), rows[i].store_limit);
        enum store_result result = visit_rows(&list, rows[i].rows);
        CHECK_INT(list_end(&list, result), API_OK);
        CHECK_TEXT(response.body.data, rows[i].body);
        CHECK_TEXT(response.next, rows[i].next);
    }
}

/* A list that does not fit is refused, whether a row is too long or the bracket after the last. */
static void test_no_room(void)
{
    static const struct {
        int line;
        size_t max;
        enum api_status status;
    } rows[] = {
        {__LINE__, 7, API_OK}, /* [1,2,3] */
        {__LINE__, 6, API_LIST_TOO_LONG},
        {__LINE__, 5, API_LIST_TOO_LONG},
        {__LINE__, 1, API_LIST_TOO_LONG},
        {__LINE__, 0, API_LIST_TOO_LONG},
    };
    size_t max = response.body.max;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        const struct api_request request = {.limit = 0};
        struct list list;
        api_response_reset(&response);
        buffer_free(&response.body);
        response.body.max = rows[i].max;
        list_start(&list, &request, &response);
        enum store_result result = visit_rows(&list, 3);
        CHECK_INT(list_end(&list, result), rows[i].status);
    }
    response.body.max = max;
}

/* A page that does not fit ends earlier, and says where the next one starts. */
static void test_short_page(void)
{
    static const struct {
        int line;
        size_t max;
        bool pretty;
        enum api_status status;
        const char *body, *next;
    } rows[] = {
        {__LINE__, 7, false, API_OK, "[1,2,3]", ""},
        {__LINE__, 6, false, API_OK, "[1,2]", "2"},
        {__LINE__, 5, false, API_OK, "[1,2]", "2"},
        {__LINE__, 4, false, API_OK, "[1]", "1"},
        {__LINE__, 3, false, API_OK, "[1]", "1"},
        {__LINE__, 2, false, API_LIST_TOO_LONG, NULL, NULL},
        {__LINE__, 18, true, API_OK, "[\n  1,\n  2,\n  3\n]\n", ""},
        {__LINE__, 17, true, API_OK, "[\n  1,\n  2\n]\n", "2"},
        {__LINE__, 8, true, API_OK, "[\n  1\n]\n", "1"},
        {__LINE__, 7, true, API_LIST_TOO_LONG, NULL, NULL},
    };
    size_t max = response.body.max;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        const struct api_request request = {.limit = 3, .pretty = rows[i].pretty};
        struct list list;
        api_response_reset(&response);
        buffer_free(&response.body);
        response.body.max = rows[i].max;
        list_start(&list, &request, &response);
        enum store_result result = visit_rows(&list, 3);
        CHECK_INT(list_end(&list, result), rows[i].status);
        if (rows[i].status != API_OK)
            continue;
        CHECK_FALSE(response.body.overflown);
        CHECK_TEXT(response.body.data, rows[i].body);
        CHECK_TEXT(response.next, rows[i].next);
    }
    response.body.max = max;
}

static void test_results(void)
{
    static const struct {
        int line;
        enum store_result result;
        enum api_status status;
    } rows[] = {
        {__LINE__, STORE_OK, API_OK},
        {__LINE__, STORE_STOPPED, API_LIST_TOO_LONG},
        {__LINE__, STORE_BUSY, API_STORE_BUSY},
        {__LINE__, STORE_UNREACHABLE, API_STORE_DOWN},
        {__LINE__, STORE_OLD_SCHEMA, API_STORE_DOWN},
        {__LINE__, STORE_NEW_SCHEMA, API_STORE_DOWN},
        {__LINE__, STORE_FAULT, API_FAULT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        const struct api_request request = {.limit = 1};
        struct list list;
        api_response_reset(&response);
        list_start(&list, &request, &response);
        CHECK_INT(list_end(&list, rows[i].result), rows[i].status);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"pages", test_pages},
                           {"no room", test_no_room},
                           {"short page", test_short_page},
                           {"results", test_results},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/api/list", setup, teardown, tests);
}
