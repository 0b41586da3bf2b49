#include "json/json_write.h"

#include <string.h>

#include "check.h"
#include "suite.h"

enum { TEXT_SIZE = 512 };

static struct buffer out;
static struct json_writer writer;

static void start(bool pretty)
{
    buffer_free(&out);
    buffer_init(&out, 1 << 16);
    json_write_start(&writer, &out, pretty);
}

static const char *ended(void)
{
    json_write_end(&writer);
    return out.overflown ? "(overflown)" : out.data;
}

static void write_sample(struct json_writer *w)
{
    json_write_open(w, '{');
    json_write_member_number(w, "a", 1);
    json_write_key(w, "b");
    json_write_open(w, '[');
    json_write_number(w, 2);
    json_write_open(w, '{');
    json_write_member_text(w, "c", "d");
    json_write_member_money(w, "e", 999);
    json_write_close(w, '}');
    json_write_text(w, "f");
    json_write_close(w, ']');
    json_write_key(w, "g");
    json_write_open(w, '[');
    json_write_close(w, ']');
    json_write_key(w, "h");
    json_write_open(w, '{');
    json_write_close(w, '}');
    json_write_member_number(w, "i", 3);
    json_write_close(w, '}');
}

static void test_compact(void)
{
    start(false);
    write_sample(&writer);
    CHECK_TEXT(ended(),
               "{\"a\":1,\"b\":[2,{\"c\":\"d\",\"e\":9.99},\"f\"],\"g\":[],\"h\":{},\"i\":3}");
}

static void test_pretty(void)
{
    start(true);
    write_sample(&writer);
    CHECK_TEXT(ended(), "{\n"
                        "  \"a\": 1,\n"
                        "  \"b\": [\n"
                        "    2,\n"
                        "    {\n"
                        "      \"c\": \"d\",\n"
                        "      \"e\": 9.99\n"
                        "    },\n"
                        "    \"f\"\n"
                        "  ],\n"
                        "  \"g\": [],\n"
                        "  \"h\": {},\n"
                        "  \"i\": 3\n"
                        "}\n");
}

static void test_top_level(void)
{
    start(false);
    json_write_open(&writer, '[');
    json_write_close(&writer, ']');
    CHECK_TEXT(ended(), "[]");
    start(true);
    json_write_open(&writer, '[');
    json_write_close(&writer, ']');
    CHECK_TEXT(ended(), "[]\n");
    start(true);
    json_write_text(&writer, "x");
    CHECK_TEXT(ended(), "\"x\"\n");
}

static void test_appends(void)
{
    start(false);
    buffer_text(&out, "before:");
    json_write_start(&writer, &out, false);
    json_write_open(&writer, '[');
    json_write_number(&writer, 1);
    json_write_close(&writer, ']');
    CHECK_TEXT(ended(), "before:[1]");
}

/* A member's value that is rendered by itself reads as if it were written in its place. */
static void test_rendered(void)
{
    for (int pretty = 0; pretty <= 1; pretty++) {
        CHECK_OF("pretty %d", pretty);
        struct buffer value;
        struct json_writer inner;
        char expected[TEXT_SIZE];
        buffer_init(&value, TEXT_SIZE);
        json_write_start_member(&inner, &value, pretty);
        write_sample(&inner);

        start(pretty);
        json_write_open(&writer, '{');
        json_write_key(&writer, "first");
        write_sample(&writer);
        json_write_member_number(&writer, "last", 2);
        json_write_close(&writer, '}');
        snprintf(expected, sizeof expected, "%s", ended());

        start(pretty);
        json_write_open(&writer, '{');
        json_write_key(&writer, "first");
        json_write_rendered(&writer, &value);
        json_write_member_number(&writer, "last", 2);
        json_write_close(&writer, '}');
        CHECK_TEXT(ended(), expected);
        buffer_free(&value);
    }
}

/* A text that is JSON reads as if it were written value by value. */
static void test_copy(void)
{
    static const char sample[] = "{\"a\":1,\n \"b\": [ 2 ,{\"c\":\"d\",\"e\":9.99},\"f\"],\"g\":[ "
                                 "],\"h\":{},\r\n\t\"i\":3}\n";
    static const char *const alone[] = {"1",
                                        "-1.5e3",
                                        "true",
                                        "null",
                                        "\"\"",
                                        "\"a \\\\ b\"",
                                        "\"a\\\"b: {[,\"",
                                        "[\"\\\\\",false]"};
    for (int pretty = 0; pretty <= 1; pretty++) {
        char expected[TEXT_SIZE];
        start(pretty);
        write_sample(&writer);
        snprintf(expected, sizeof expected, "%s", ended());
        start(pretty);
        json_write_copy(&writer, sample);
        CHECK_TEXT(ended(), expected, "pretty %d", pretty);
    }
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        start(false);
        json_write_copy(&writer, alone[i]);
        CHECK_TEXT(ended(), alone[i]);
    }
}

static void test_text(void)
{
    static const struct {
        int line;
        const char *text, *json;
    } rows[] = {
        {__LINE__, "", "\"\""},
        {__LINE__, "plain text/\x7f", "\"plain text/\x7f\""},
        {__LINE__, "\"", "\"\\\"\""},
        {__LINE__, "a\\b\"c", "\"a\\\\b\\\"c\""},
        {__LINE__, "\n\t\r\b\f", "\"\\n\\t\\r\\b\\f\""},
        {__LINE__, "\x01\x1f", "\"\\u0001\\u001f\""},
        {__LINE__, "\x0b", "\"\\u000b\""},
        {__LINE__, "\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80",
         "\"\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80\""},
        {__LINE__, "a\xffz", "\"a\xef\xbf\xbdz\""},
        {__LINE__, "\xc3", "\"\xef\xbf\xbd\""},
        {__LINE__, "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {__LINE__, "tail\n", "\"tail\\n\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        start(false);
        json_write_text(&writer, rows[i].text);
        CHECK_TEXT(ended(), rows[i].json);
        /* A name is written as any string is. */
        start(false);
        json_write_open(&writer, '{');
        json_write_member_number(&writer, rows[i].text, 0);
        json_write_close(&writer, '}');
        size_t n = strlen(rows[i].json);
        if (CHECK_START(ended() + 1, rows[i].json))
            CHECK_TEXT(out.data + 1 + n, ":0}");
    }
}

static void test_numbers(void)
{
    static const struct {
        int line;
        int64_t number;
        const char *json;
    } rows[] = {
        {__LINE__, 0, "0"},
        {__LINE__, 7, "7"},
        {__LINE__, -7, "-7"},
        {__LINE__, 10, "10"},
        {__LINE__, INT64_C(9007199254740993), "9007199254740993"},
        {__LINE__, INT64_MAX, "9223372036854775807"},
        {__LINE__, INT64_MIN, "-9223372036854775808"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        start(false);
        json_write_number(&writer, rows[i].number);
        CHECK_TEXT(ended(), rows[i].json);
    }
}

static void test_money(void)
{
    static const struct {
        int line;
        int64_t cents;
        const char *json;
    } rows[] = {
        {__LINE__, 0, "0.00"},
        {__LINE__, 5, "0.05"},
        {__LINE__, 1990, "19.90"},
        {__LINE__, INT64_C(999999999900000000), "9999999999000000.00"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        start(false);
        json_write_money(&writer, rows[i].cents);
        CHECK_TEXT(ended(), rows[i].json);
    }
}

/* Whatever the maximum, the writer stays within it, marks the overflow, and leaves a text that
 * ends with NUL. */
static void test_overflow(void)
{
    start(true);
    write_sample(&writer);
    json_write_end(&writer);
    size_t whole = out.len;
    for (size_t max = 0; max <= whole; max++) {
        buffer_free(&out);
        buffer_init(&out, max);
        json_write_start(&writer, &out, true);
        write_sample(&writer);
        json_write_end(&writer);
        CHECK_INT(out.overflown, max < whole, "at %zu", max);
        CHECK_COMPARE(out.len, <=, max, "at %zu", max);
        if (out.len != 0)
            CHECK_INT(strlen(out.data), out.len, "at %zu", max);
    }
}

static int tear_down(void)
{
    buffer_free(&out);
    return 0;
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"compact form holds no white space", test_compact},
        {"pretty form is indented by two spaces", test_pretty},
        {"any value may stand alone", test_top_level},
        {"the text goes to the end of the buffer", test_appends},
        {"a member rendered by itself reads as in its place", test_rendered},
        {"a text that is JSON reads as if written by value", test_copy},
        {"strings are escaped and always UTF-8", test_text},
        {"whole numbers are exact", test_numbers},
        {"money has two decimals", test_money},
        {"a full buffer shows as overflow", test_overflow},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/json/json_write", NULL, tear_down, tests);
}
