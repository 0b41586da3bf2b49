#include "base/text.h"

#include <string.h>

#include "check.h"
#include "suite.h"

enum { UNTOUCHED = -77 };

static void test_number(void)
{
    static const struct {
        int line;
        const char *text;
        int64_t min, max, number; /* UNTOUCHED: refused */
    } rows[] = {
        {__LINE__, "0", 0, 9, 0},
        {__LINE__, "7", 0, 9, 7},
        {__LINE__, "9", 0, 9, 9},
        {__LINE__, "10", 0, 9, UNTOUCHED},
        {__LINE__, "3", 4, 9, UNTOUCHED},
        {__LINE__, "4", 4, 9, 4},
        {__LINE__, "9223372036854775807", 0, INT64_MAX, INT64_MAX},
        {__LINE__, "9223372036854775808", 0, INT64_MAX, UNTOUCHED},
        {__LINE__, "18446744073709551617", 0, INT64_MAX, UNTOUCHED},
        {__LINE__, "99999999999999999999999999", 0, INT64_MAX, UNTOUCHED},
        {__LINE__, "", 0, 9, UNTOUCHED},
        {__LINE__, "00", 0, 9, UNTOUCHED},
        {__LINE__, "07", 0, 9, UNTOUCHED},
        {__LINE__, "-1", 0, 9, UNTOUCHED},
        {__LINE__, "-0", 0, 9, UNTOUCHED},
        {__LINE__, "+1", 0, 9, UNTOUCHED},
        {__LINE__, " 1", 0, 9, UNTOUCHED},
        {__LINE__, "1 ", 0, 9, UNTOUCHED},
        {__LINE__, "1a", 0, 99, UNTOUCHED},
        {__LINE__, "1/", 0, 99, UNTOUCHED},
        {__LINE__, "1:", 0, 99, UNTOUCHED},
        {__LINE__, "0x1", 0, 9, UNTOUCHED},
        {__LINE__, "1.0", 0, 9, UNTOUCHED},
        {__LINE__, "\xb2", 0, 9, UNTOUCHED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        int64_t number = UNTOUCHED;
        bool ok =
            text_number(rows[i].text, strlen(rows[i].text), rows[i].min, rows[i].max, &number);
        CHECK_INT(ok, rows[i].number != UNTOUCHED);
        CHECK_INT(number, rows[i].number);
    }
    int64_t number = UNTOUCHED;
    CHECK_TRUE(text_number("12x", 2, 0, 99, &number));
    CHECK_INT(number, 12);
    CHECK_FALSE(text_number("1\0", 2, 0, 99, &number));
}

static void test_decimal(void)
{
    static const struct {
        int line;
        int64_t number;
        const char *text;
    } rows[] = {
        {__LINE__, 0, "0"},
        {__LINE__, 9, "9"},
        {__LINE__, 10, "10"},
        {__LINE__, -1, "-1"},
        {__LINE__, 1000000, "1000000"},
        {__LINE__, INT64_MAX, "9223372036854775807"},
        {__LINE__, INT64_MIN, "-9223372036854775808"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char text[TEXT_DECIMAL_SIZE];
        CHECK_INT(text_decimal(rows[i].number, text), strlen(rows[i].text));
        CHECK_TEXT(text, rows[i].text);
    }
}

static void test_hex(void)
{
    char text[TEXT_HEX_SIZE];
    text_hex(0, text);
    CHECK_TEXT(text, "0000000000000000");
    text_hex(UINT64_C(0x0123456789abcdef), text);
    CHECK_TEXT(text, "0123456789abcdef");
    text_hex(UINT64_MAX, text);
    CHECK_TEXT(text, "ffffffffffffffff");
}

static void test_digits(void)
{
    char text[] = "----";
    CHECK_TRUE(text_digits(7, 3, text) == text + 3);
    CHECK_TEXT(text, "007-");
    text_digits(12345, 2, text);
    CHECK_TEXT(text, "457-");
    CHECK_TRUE(text_digits(1, 0, text) == text);
    CHECK_TEXT(text, "457-");
}

static void test_utf8_length(void)
{
    static const struct {
        int line;
        const char *bytes;
        size_t length;
    } rows[] = {
        {__LINE__, "a", 1},
        {__LINE__, "\x7f", 1},
        {__LINE__, "\xc2\x80", 2},
        {__LINE__, "\xdf\xbf", 2},
        {__LINE__, "\xe0\xa0\x80", 3},
        {__LINE__, "\xed\x9f\xbf", 3},
        {__LINE__, "\xee\x80\x80", 3},
        {__LINE__, "\xef\xbf\xbf", 3},
        {__LINE__, "\xf0\x90\x80\x80", 4},
        {__LINE__, "\xf1\x80\x80\x80", 4},
        {__LINE__, "\xf4\x8f\xbf\xbf", 4},
        {__LINE__, "\x80", 0},
        {__LINE__, "\xbf\x80", 0},
        {__LINE__, "\xc0\x80", 0},
        {__LINE__, "\xc1\xbf", 0},
        {__LINE__, "\xe0\x9f\xbf", 0},
        {__LINE__, "\xed\xa0\x80", 0},
        {__LINE__, "\xed\xbf\xbf", 0},
        {__LINE__, "\xf0\x8f\xbf\xbf", 0},
        {__LINE__, "\xf4\x90\x80\x80", 0},
        {__LINE__, "\xf5\x80\x80\x80", 0},
        {__LINE__, "\xff", 0},
        {__LINE__, "\xc3", 0},
        {__LINE__, "\xc3(", 0},
        {__LINE__, "\xe6\x97", 0},
        {__LINE__, "\xe6\x97(", 0},
        {__LINE__, "\xf0\x9f\x98", 0},
        {__LINE__, "\xf0\x9f\x98(", 0},
        {__LINE__, "\xf0\x9f(\x80", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        const unsigned char *bytes = (const unsigned char *)rows[i].bytes;
        size_t len = strlen(rows[i].bytes);
        CHECK_INT(text_utf8_length(bytes, len), rows[i].length);
        CHECK_INT(text_is_utf8(rows[i].bytes, len), rows[i].length > 0);
        /* A sequence cut short is none. */
        for (size_t cut = 0; cut < rows[i].length; cut++)
            CHECK_INT(text_utf8_length(bytes, cut), 0);
    }
    CHECK_INT(text_utf8_length((const unsigned char *)"", 1), 1);
}

/* Encodes every number and compares: the lengths of exactly the scalar values are right. */
static void test_every_code_point(void)
{
    for (unsigned c = 0x800; c < 0x120000; c++) {
        unsigned char b[4];
        size_t n = c < 0x10000 ? 3 : 4, i = 0;
        if (n == 4)
            b[i++] = (unsigned char)(0xf0 | c >> 18);
        b[i++] = (unsigned char)(n == 3 ? 0xe0 | c >> 12 : 0x80 | (c >> 12 & 0x3f));
        b[i++] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
        b[i] = (unsigned char)(0x80 | (c & 0x3f));
        size_t want = (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff ? 0 : n;
        if (text_utf8_length(b, n) != want) {
            CHECK_FAIL("U+%04X", c);
            break;
        }
    }
}

static void test_is_utf8(void)
{
    CHECK_TRUE(text_is_utf8("", 0));
    CHECK_TRUE(text_is_utf8("a\0\xc3\xa9z", 5));
    CHECK_FALSE(text_is_utf8("abc\xc3", 4));
    CHECK_FALSE(text_is_utf8("\xff"
                             "abc",
                             4));
}

static void test_has_control(void)
{
    static const struct {
        int line;
        const char *bytes;
        size_t len;
        bool has;
    } rows[] = {
        {__LINE__, "", 0, false},
        {__LINE__, "plain ~", 7, false},
        {__LINE__, "\xc3\xa9\xff", 3, false},
        {__LINE__, "a\nb", 3, true},
        {__LINE__, "a\0", 2, true},
        {__LINE__, "\x1f", 1, true},
        {__LINE__, "a\x7f", 2, true},
        {__LINE__, "ab\n", 2, false},
        {__LINE__, "a\xc2\x80", 3, true},
        {__LINE__, "\xc2\x9b[2J", 5, true},
        {__LINE__, "\xc2\x9f", 2, true},
        {__LINE__, "\xc2\xa0\xc3\x9b", 4, false},
        /* No characters: parts of one, or its second byte alone. */
        {__LINE__, "\xc2", 1, false},
        {__LINE__, "\x9b", 1, false},
        {__LINE__, "\xe2\x9b\xbd", 3, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(text_has_control(rows[i].bytes, rows[i].len), rows[i].has);
    }
}

static void test_show(void)
{
    enum { SIZE = 8 };
    static const struct {
        int line;
        const char *text, *shown;
    } rows[] = {
        {__LINE__, "", ""},
        {__LINE__, "plain", "plain"},
        {__LINE__, "1234567", "1234567"},
        {__LINE__, "12345678", "1234567"},
        {__LINE__, "12345\xc3\xa9", "12345\xc3\xa9"},
        {__LINE__, "123456\xc3\xa9", "123456"},
        {__LINE__, "\x1b[2J\x7f", "?[2J?"},
        {__LINE__, "\xc2\x9b[2J", "?[2J"},
        {__LINE__,
         "a\xff"
         "b\xc3",
         "a?b?"},
        {__LINE__,
         "123456\xff"
         "8",
         "123456?"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char out[SIZE];
        text_show(rows[i].text, out, sizeof out);
        CHECK_TEXT(out, rows[i].shown);
    }
}

/* As the draft's own vectors have it. */
static void test_hash(void)
{
    CHECK_TRUE(text_hash("") == UINT64_C(0xcbf29ce484222325));
    CHECK_TRUE(text_hash("a") == UINT64_C(0xaf63dc4c8601ec8c));
    CHECK_TRUE(text_hash("foobar") == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"numbers are read strictly", test_number},
        {"a number in decimal", test_decimal},
        {"a number in hexadecimal digits", test_hex},
        {"a number in so many digits", test_digits},
        {"a UTF-8 sequence has its length or none", test_utf8_length},
        {"exactly the scalar values are UTF-8", test_every_code_point},
        {"UTF-8 is looked for to the end", test_is_utf8},
        {"control characters are found", test_has_control},
        {"the hash is FNV-1a", test_hash},
        {"a stranger's text is made fit to show", test_show},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/base/text", NULL, NULL, tests);
}
