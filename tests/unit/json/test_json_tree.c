#include "json/json_tree.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "suite.h"

enum { TEXT_SIZE = 512 };

static enum json_fault parse(const char *source, cJSON **tree, char name[JSON_TREE_NAME_SIZE])
{
    char text[TEXT_SIZE];
    size_t where = SIZE_MAX;
    snprintf(text, sizeof text, "%s", source);
    return json_tree_parse(text, strlen(text), tree, &where, name);
}

static void test_faults_come_through(void)
{
    char text[] = "[1,\"\\u0000\"]", name[JSON_TREE_NAME_SIZE];
    cJSON *tree = (cJSON *)text;
    size_t where = 0;
    CHECK_INT(json_tree_parse(text, strlen(text), &tree, &where, name), JSON_NUL);
    CHECK_NULL(tree);
    CHECK_INT(where, 4);
}

static void test_duplicates(void)
{
    static const struct {
        int line;
        const char *text;
        const char *name; /* NULL: no duplicate */
    } rows[] = {
        {__LINE__, "{\"a\":1,\"b\":2}", NULL},
        {__LINE__, "{\"a\":1,\"A\":2}", NULL},
        {__LINE__, "{\"a\":{\"a\":{\"a\":1}}}", NULL},
        {__LINE__, "[{\"a\":1},{\"a\":1}]", NULL},
        {__LINE__, "[\"a\",\"a\"]", NULL},
        {__LINE__, "{\"a\":1,\"ab\":2,\"\":3}", NULL},
        {__LINE__, "{\"a\":1,\"a\":2}", "a"},
        {__LINE__, "{\"a\":1,\"b\":2,\"c\":3,\"a\":4}", "a"},
        {__LINE__, "{\"\":1,\"\":2}", ""},
        {__LINE__, "{\"a\":1,\"\\u0061\":2}", "a"},
        {__LINE__, "[1,[{\"x\":[{\"y\":1,\"y\":1}]}]]", "y"},
        {__LINE__, "{\"\\u00e9\":1,\"\xc3\xa9\":1}", "\xc3\xa9"},
        {__LINE__, "{\"a\\nb\":1,\"a\\nb\":1}", "a?b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char name[JSON_TREE_NAME_SIZE] = "untouched";
        cJSON *tree = NULL;
        enum json_fault fault = parse(rows[i].text, &tree, name);
        CHECK_INT(fault, rows[i].name ? JSON_DUPLICATE : JSON_OK);
        CHECK_INT(!tree, fault != JSON_OK);
        if (rows[i].name)
            CHECK_TEXT(name, rows[i].name);
        cJSON_Delete(tree);
    }
}

static void test_many_members(void)
{
    /* If each were compared with each, so many would take minutes. */
    enum { MEMBERS = 200000, MEMBER_SIZE = 16 };
    char *text = malloc((size_t)MEMBERS * MEMBER_SIZE + 3), *to = text, name[JSON_TREE_NAME_SIZE];
    cJSON *tree;
    size_t where;
    CHECK_NOT_NULL(text);
    if (!text)
        return;
    *to++ = '{';
    for (int i = 0; i < MEMBERS; i++)
        to += snprintf(to, MEMBER_SIZE, "\"%d\":0,", i);
    to[-1] = '}';
    *to = '\0';
    CHECK_INT(json_tree_parse(text, (size_t)(to - text), &tree, &where, name), JSON_OK);
    cJSON_Delete(tree);
    free(text);
}

static void test_tree_keeps_values(void)
{
    char name[JSON_TREE_NAME_SIZE];
    cJSON *tree = NULL;
    REQUIRE_INT(parse("{\"a\":[1,\"\\ud83d\\ude00\"],\"b\":1000000000000000000000000000000000000000"
                      "00000000000000000000000000000000000000e-78}",
                      &tree, name),
                JSON_OK);
    const cJSON *a = cJSON_GetObjectItemCaseSensitive(tree, "a");
    const cJSON *b = cJSON_GetObjectItemCaseSensitive(tree, "b");
    CHECK_TEXT(cJSON_GetStringValue(cJSON_GetArrayItem(a, 1)), "\xf0\x9f\x98\x80");
    CHECK_TRUE(cJSON_GetNumberValue(b) == 0.1, "got %.17g", cJSON_GetNumberValue(b));
    cJSON_Delete(tree);
}

static void test_whole(void)
{
    static const struct {
        int line;
        const char *text;
        int64_t min, max;
        bool ok;
        int64_t value;
    } rows[] = {
        {__LINE__, "2", 1, 10, true, 2},
        {__LINE__, "2.0", 1, 10, true, 2},
        {__LINE__, "2e0", 1, 10, true, 2},
        {__LINE__, "0.2e1", 1, 10, true, 2},
        {__LINE__, "1", 1, 10, true, 1},
        {__LINE__, "10", 1, 10, true, 10},
        {__LINE__, "-3", -3, 10, true, -3},
        {__LINE__, "-0", 0, 10, true, 0},
        {__LINE__, "9007199254740991", 1, INT64_C(9007199254740991), true,
         INT64_C(9007199254740991)},
        {__LINE__, "9007199254740992", 1, INT64_C(9007199254740991), false, 0},
        {__LINE__, "0", 1, 10, false, 0},
        {__LINE__, "11", 1, 10, false, 0},
        {__LINE__, "2.5", 1, 10, false, 0},
        {__LINE__, "9223372036854775808", 1, 10, false, 0},
        {__LINE__, "-9223372036854775809", 1, 10, false, 0},
        {__LINE__, "1e400", 1, 10, false, 0},
        {__LINE__, "-1e400", 1, 10, false, 0},
        {__LINE__, "\"2\"", 1, 10, false, 0},
        {__LINE__, "true", 1, 10, false, 0},
        {__LINE__, "null", 0, 10, false, 0},
        {__LINE__, "[2]", 1, 10, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char name[JSON_TREE_NAME_SIZE];
        int64_t value = 77;
        cJSON *tree = NULL;
        CHECK_INT(parse(rows[i].text, &tree, name), JSON_OK);
        CHECK_INT(json_tree_whole(tree, rows[i].min, rows[i].max, &value), rows[i].ok);
        CHECK_INT(value, rows[i].ok ? rows[i].value : 77);
        cJSON_Delete(tree);
    }
    int64_t value;
    CHECK_FALSE(json_tree_whole(NULL, 0, 10, &value));
    cJSON nan = {.type = cJSON_Number, .valuedouble = NAN};
    CHECK_FALSE(json_tree_whole(&nan, 0, 10, &value));
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"what json_check refuses gives no tree", test_faults_come_through},
        {"a member named twice is refused at any depth", test_duplicates},
        {"many members do not cost the square of their number", test_many_members},
        {"values come through exactly", test_tree_keeps_values},
        {"whole numbers are taken however they are spelt", test_whole},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/json/json_tree", NULL, NULL, tests);
}
