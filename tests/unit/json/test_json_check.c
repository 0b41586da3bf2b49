#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "suite.h"
#include "json/json_check.h"

enum { TEXT_SIZE = 512 };

/* The text's size comes from the literal, so that a row may hold NUL bytes. */
#define ROW(text, fault, where)                                                                    \
    {                                                                                              \
        __LINE__, text, sizeof(text) - 1, fault, where                                             \
    }

struct row {
    int line;
    const char *text;
    size_t len;
    enum json_fault fault;
    size_t where;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (const struct row *row = rows; row < rows + count; row++) {
        CHECK_ROW(row->line);
        char text[TEXT_SIZE];
        size_t where = SIZE_MAX;
        memcpy(text, row->text, row->len + 1);
        enum json_fault fault = json_check(text, row->len, &where);
        CHECK_INT(fault, row->fault);
        if (fault != JSON_OK)
            CHECK_INT(where, row->where);
        CHECK_BYTES(text, row->len + 1, row->text, row->len + 1);
    }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_accepted(void)
{
    static const struct row rows[] = {
        ROW("{}", JSON_OK, 0),
        ROW(" \t\r\n[ ] \t\r\n", JSON_OK, 0),
        ROW("true", JSON_OK, 0),
        ROW("false", JSON_OK, 0),
        ROW("null", JSON_OK, 0),
        ROW("0", JSON_OK, 0),
        ROW("-0", JSON_OK, 0),
        ROW("-0.5e+10", JSON_OK, 0),
        ROW("10E-2", JSON_OK, 0),
        ROW("1e400", JSON_OK, 0),
        ROW("\"\"", JSON_OK, 0),
        ROW("{\"a\":1,\"b\":[1,{\"c\":null}]}", JSON_OK, 0),
        ROW("{ \"a\" : 1 , \"b\" : [ 1 , 2 ] }", JSON_OK, 0),
        ROW("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uABcd\"", JSON_OK, 0),
        ROW("\"\\ud83d\\uDE00\"", JSON_OK, 0),
        /* The first and the last of each half of a pair, and the neighbours of both. */
        ROW("\"\\ud800\\udc00\"", JSON_OK, 0),
        ROW("\"\\ud800\\udfff\"", JSON_OK, 0),
        ROW("\"\\udbff\\udc00\"", JSON_OK, 0),
        ROW("\"\\udbff\\udfff\"", JSON_OK, 0),
        ROW("\"\\ud7ff\\ue000\\u0001\"", JSON_OK, 0),
        ROW("\"\x7f\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80\"", JSON_OK, 0),
        /* A member twice is for json_tree to see. */
        ROW("{\"a\":1,\"a\":2}", JSON_OK, 0),
        ROW("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", JSON_OK, 0),
    };
    CHECK_ROWS(rows);
}

static void test_structure(void)
{
    static const struct row rows[] = {
        ROW("", JSON_EMPTY, 0),
        ROW(" \n\t ", JSON_EMPTY, 4),
        ROW("{", JSON_TRUNCATED, 1),
        ROW("[1", JSON_TRUNCATED, 2),
        ROW("[1, ", JSON_TRUNCATED, 4),
        ROW("{\"a\"", JSON_TRUNCATED, 4),
        ROW("{\"a\":", JSON_TRUNCATED, 5),
        ROW("{\"a\":1", JSON_TRUNCATED, 6),
        ROW("tru", JSON_TRUNCATED, 3),
        ROW("trux", JSON_SYNTAX, 3),
        ROW("True", JSON_SYNTAX, 0),
        ROW("nul]", JSON_SYNTAX, 3),
        ROW("[1,]", JSON_SYNTAX, 3),
        ROW("[,1]", JSON_SYNTAX, 1),
        ROW("[1 2]", JSON_SYNTAX, 3),
        ROW("[1}", JSON_SYNTAX, 2),
        ROW("{\"a\":1,}", JSON_SYNTAX, 7),
        ROW("{\"a\" 1}", JSON_SYNTAX, 5),
        ROW("{a:1}", JSON_SYNTAX, 1),
        ROW("{1:1}", JSON_SYNTAX, 1),
        ROW("{'a':1}", JSON_SYNTAX, 1),
        ROW("]", JSON_SYNTAX, 0),
        ROW("[1]/**/", JSON_TRAILING, 3),
        ROW("{} {}", JSON_TRAILING, 3),
        ROW("truefalse", JSON_TRAILING, 4),
        ROW("\xef\xbb\xbf{}", JSON_SYNTAX, 0),
        ROW("\v1", JSON_SYNTAX, 0),
        ROW("1\f", JSON_TRAILING, 1),
        ROW("[\xff]", JSON_SYNTAX, 1),
        ROW("{}\0", JSON_SYNTAX, 2),
        ROW("\0", JSON_SYNTAX, 0),
        ROW("[\0]", JSON_SYNTAX, 1),
        ROW("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", JSON_TOO_DEEP, 16),
        ROW("[[[[[[[[[[[[[[[[{}]]]]]]]]]]]]]]]]", JSON_TOO_DEEP, 16),
        /* Seventeen in all, but never more than two at a time. */
        ROW("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],{}]", JSON_OK, 0),
    };
    CHECK_ROWS(rows);
}

static void test_numbers(void)
{
    static const struct row rows[] = {
        ROW("01", JSON_SYNTAX, 1),
        ROW("-01", JSON_SYNTAX, 2),
        ROW("00", JSON_SYNTAX, 1),
        ROW("+1", JSON_SYNTAX, 0),
        ROW("-", JSON_TRUNCATED, 1),
        ROW("--1", JSON_SYNTAX, 1),
        ROW(".5", JSON_SYNTAX, 0),
        ROW("1.", JSON_TRUNCATED, 2),
        ROW("[1.]", JSON_SYNTAX, 3),
        ROW("1.e1", JSON_SYNTAX, 2),
        ROW("1e", JSON_TRUNCATED, 2),
        ROW("1e+", JSON_TRUNCATED, 3),
        ROW("[1e+-1]", JSON_SYNTAX, 4),
        ROW("1.2.3", JSON_TRAILING, 3),
        ROW("0x10", JSON_TRAILING, 1),
        ROW("NaN", JSON_SYNTAX, 0),
        ROW("-Infinity", JSON_SYNTAX, 1),
        ROW("1e1.5", JSON_TRAILING, 3),
        /* The longest that cJSON reads whole is left as it is. */
        ROW("123456789012345678901234567890123456789012345678901234567890123", JSON_OK, 0),
    };
    CHECK_ROWS(rows);
}

static void test_strings(void)
{
    static const struct row rows[] = {
        ROW("\"a", JSON_TRUNCATED, 2),
        ROW("\"a\\", JSON_TRUNCATED, 3),
        ROW("\"\\\"", JSON_TRUNCATED, 3),
        ROW("\"\\u12", JSON_TRUNCATED, 5),
        ROW("\"a\\x41\"", JSON_BAD_ESCAPE, 2),
        ROW("\"\\U0041\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\u12G4\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\u12\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\\0\"", JSON_BAD_ESCAPE, 1),
        ROW("\"a\\u0000\"", JSON_NUL, 2),
        ROW("{\"\\u0000\":1}", JSON_NUL, 2),
        ROW("\"\\ud800\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\udc00\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\ud800\\n\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\ud800\\ud800\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\ud800\\u0041\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\ud800\\udbff\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\ud800\\ue000\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\udbff\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\udfff\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\ud800x\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\udfff\\udc00\"", JSON_BAD_ESCAPE, 1),
        ROW("\"\\ud800", JSON_TRUNCATED, 7),
        ROW("\"\\ud800\\", JSON_TRUNCATED, 8),
        ROW("\"\\ud800\\udc", JSON_TRUNCATED, 11),
        ROW("\"a\nb\"", JSON_CONTROL, 2),
        ROW("\"\x1f\"", JSON_CONTROL, 1),
        ROW("\"a\0b\"", JSON_CONTROL, 2),
        ROW("\"\x80\"", JSON_BAD_UTF8, 1),
        ROW("\"\xc0\xaf\"", JSON_BAD_UTF8, 1),
        ROW("\"\xed\xa0\x80\"", JSON_BAD_UTF8, 1),
        ROW("\"\xf4\x90\x80\x80\"", JSON_BAD_UTF8, 1),
        ROW("\"ab\xe6\x97\"", JSON_BAD_UTF8, 3),
        ROW("\"\xc3", JSON_BAD_UTF8, 1),
    };
    CHECK_ROWS(rows);
}

static void test_end_is_len(void)
{
    /* The text goes on after len; that part must not be read. */
    char text[] = "[1,2]\0";
    size_t where;
    CHECK_INT(json_check(text, 2, &where), JSON_TRUNCATED);
    CHECK_INT(where, 2);
}

static void test_replaced_numbers(void)
{
    static const struct {
        int line;
        const char *head, *body, *tail; /* the body is repeated */
        int times;
        double value;
    } rows[] = {
        {__LINE__, "1", "0", "", 99, 1e99},
        {__LINE__, "-1", "0", "", 99, -1e99},
        {__LINE__, "1", "0", "", 63, 1e63},
        {__LINE__, "1.", "0", "", 80, 1},
        {__LINE__, "0.", "0", "1", 80, HUGE_VAL},
        {__LINE__, "0.", "0", "2e82", 80, 20},
        {__LINE__, "9007199254740991.", "0", "", 63, 9007199254740991.0},
        {__LINE__, "1", "0", "", 310, HUGE_VAL},
        {__LINE__, "-1", "0", "", 310, HUGE_VAL},
        {__LINE__, "1e-", "9", "", 70, HUGE_VAL},
        {__LINE__, "2", "0", "e-62", 62, 2},
        {__LINE__, "9.99", "0", "", 80, 9.99},
        {__LINE__, "0.1", "0", "", 80, 0.1},
        {__LINE__, "0.", "9", "", 20, HUGE_VAL},
        {__LINE__, "1.", "0", "1", 20, HUGE_VAL},
        {__LINE__, "1e-400", "0", "", 0, HUGE_VAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char text[TEXT_SIZE] = "[", *end;
        size_t where;
        strncat(text, rows[i].head, 30);
        for (int k = 0; k < rows[i].times; k++)
            strncat(text, rows[i].body, 1);
        strncat(text, rows[i].tail, 30);
        strncat(text, ",7]", 4);
        size_t len = strlen(text);
        CHECK_INT(json_check(text, len, &where), JSON_OK);
        double value = strtod(text + 1, &end);
        CHECK_TRUE(value == rows[i].value, "%.17g, not %.17g", value, rows[i].value);
        CHECK_COMPARE(end - text, <=, 64);
        end += strspn(end, " ");
        CHECK_TEXT(end, ",7]");
        CHECK_INT(strlen(text), len);
        CHECK_INT(json_check(text, len, &where), JSON_OK);
        CHECK_TRUE(strtod(text + 1, NULL) == value, "the second check changes it");
    }
}

static void test_every_fault_has_a_text(void)
{
    for (enum json_fault i = JSON_OK + 1; i < JSON_FAULT_MAX; i++) {
        if (CHECK_NOT_NULL(json_fault_texts[i], "fault %d", (int)i))
            CHECK_OTHER_TEXT(json_fault_texts[i], "", "fault %d", (int)i);
    }
    /* The text spells the number out. */
    CHECK_INT(JSON_DEPTH_MAX, 16);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"what the grammar allows is accepted", test_accepted},
        {"a fault of structure is told with its place", test_structure},
        {"numbers follow the grammar to the letter", test_numbers},
        {"strings are UTF-8 with whole escapes", test_strings},
        {"nothing behind the length is read", test_end_is_len},
        {"a number that a double cannot tell is replaced in place", test_replaced_numbers},
        {"every fault has a text", test_every_fault_has_a_text},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/json/json_check", NULL, NULL, tests);
}
