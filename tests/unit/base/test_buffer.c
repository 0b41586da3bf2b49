#include "base/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "suite.h"

static struct buffer b;

static void start(size_t max)
{
    buffer_free(&b);
    buffer_init(&b, max);
}

static void test_append(void)
{
    start(100);
    CHECK_NULL(b.data);
    CHECK_INT(b.len, 0);
    CHECK_FALSE(b.overflown);
    CHECK_TRUE(buffer_append(&b, "abc", 2));
    CHECK_TRUE(buffer_text(&b, "cd"));
    CHECK_TRUE(buffer_char(&b, 'e'));
    CHECK_TRUE(buffer_printf(&b, "%d-%s", 42, "x"));
    CHECK_TEXT(b.data, "abcde42-x");
    CHECK_INT(b.len, 9);
    CHECK_TRUE(buffer_number(&b, -7));
    CHECK_TEXT(b.data, "abcde42-x-7");
    b.len = strlen("abcde42-x");
    CHECK_TRUE(buffer_append(&b, "\0y", 2));
    CHECK_INT(b.len, 11);
    CHECK_BYTES(b.data, 12, "abcde42-x\0y", 12);
}

static void test_empty_appends(void)
{
    start(10);
    CHECK_TRUE(buffer_append(&b, NULL, 0));
    CHECK_TRUE(buffer_text(&b, ""));
    CHECK_TRUE(buffer_printf(&b, "%s", ""));
    CHECK_TEXT(b.data, "");
    CHECK_FALSE(b.overflown);
}

static void test_maximum(void)
{
    static const size_t maxima[] = {0, 1, 2, 511, 512, 513, 1000, 5000};
    for (size_t i = 0; i < sizeof maxima / sizeof maxima[0]; i++) {
        start(maxima[i]);
        for (size_t k = 0; k < maxima[i]; k++) {
            if (!buffer_char(&b, 'x')) {
                CHECK_FAIL("byte %zu of %zu", k, maxima[i]);
                break;
            }
        }
        CHECK_INT(b.len, maxima[i], "at %zu", maxima[i]);
        CHECK_FALSE(b.overflown, "at %zu", maxima[i]);
        CHECK_COMPARE(b.cap, <=, maxima[i] + 1, "%zu bytes for %zu", b.cap, maxima[i]);
        CHECK_FALSE(buffer_char(&b, 'y'), "at %zu", maxima[i]);
        CHECK_TRUE(b.overflown, "at %zu", maxima[i]);
        CHECK_INT(b.len, maxima[i], "at %zu", maxima[i]);
        if (maxima[i] != 0)
            CHECK_INT(strlen(b.data), maxima[i], "at %zu", maxima[i]);
    }
}

static void test_overflow_stays(void)
{
    start(4);
    CHECK_TRUE(buffer_text(&b, "abc"));
    CHECK_FALSE(buffer_text(&b, "de"));
    /* This one would fit. */
    CHECK_FALSE(buffer_char(&b, 'd'));
    CHECK_FALSE(buffer_printf(&b, "%d", 1));
    CHECK_NULL(buffer_reserve(&b, 0));
    CHECK_TRUE(b.overflown);
    CHECK_TEXT(b.data, "abc");
    buffer_reset(&b, 1000);
    CHECK_FALSE(b.overflown);
    CHECK_INT(b.len, 0);
    CHECK_TRUE(buffer_text(&b, "wxyz"));
    CHECK_TEXT(b.data, "wxyz");
}

static void test_huge_requests(void)
{
    start(100);
    CHECK_TRUE(buffer_text(&b, "abc"));
    CHECK_NULL(buffer_reserve(&b, SIZE_MAX));
    CHECK_TRUE(b.overflown);
    CHECK_INT(b.len, 3);
    buffer_reset(&b, 1000);
    CHECK_FALSE(buffer_append(&b, "x", SIZE_MAX - 1));
    CHECK_INT(b.len, 0);
}

/* Up to, at and over the end of the room that there is. */
static void test_printf_at_the_end(void)
{
    enum { LONGEST = 1100 };
    char wanted[LONGEST + 3];
    for (int n = 1; n <= LONGEST; n++) {
        start(LONGEST);
        buffer_text(&b, "ab");
        snprintf(wanted, sizeof wanted, "ab%*d", n, 7);
        bool fits = n + 2 <= LONGEST;
        CHECK_INT(buffer_printf(&b, "%*d", n, 7), fits);
        CHECK_TEXT(b.data, fits ? wanted : "ab");
        CHECK_INT(b.len, fits ? n + 2 : 2);
    }
}

static void test_printf_over_the_maximum(void)
{
    start(5);
    CHECK_FALSE(buffer_printf(&b, "%s", "abcdef"));
    CHECK_TRUE(b.overflown);
    CHECK_INT(b.len, 0);
    start(6);
    CHECK_TRUE(buffer_printf(&b, "%s", "abcdef"));
    CHECK_TEXT(b.data, "abcdef");
}

static void test_reserve(void)
{
    start(2000);
    CHECK_TRUE(buffer_text(&b, "abc"));
    char *to = buffer_reserve(&b, 1000);
    REQUIRE_NOT_NULL(to);
    CHECK_TRUE(to == b.data + 3);
    CHECK_INT(b.len, 3);
    CHECK_COMPARE(b.cap, >=, 1004);
    memset(to, 'x', 1001);
    b.len += 2;
    b.data[b.len] = '\0';
    CHECK_TRUE(buffer_char(&b, 'd'));
    CHECK_TEXT(b.data, "abcxxd");
}

static void test_reset(void)
{
    start(100000);
    CHECK_TRUE(buffer_text(&b, "abc"));
    size_t small = b.cap;
    buffer_reset(&b, small);
    CHECK_INT(b.len, 0);
    CHECK_INT(b.cap, small);
    CHECK_INT(b.max, 100000);
    CHECK_TEXT(b.data, "");
    CHECK_NOT_NULL(buffer_reserve(&b, 50000));
    buffer_reset(&b, small);
    CHECK_INT(b.len, 0);
    CHECK_INT(b.cap, 0);
    CHECK_NULL(b.data);
    CHECK_INT(b.max, 100000);
    CHECK_TRUE(buffer_text(&b, "again"));
    CHECK_TEXT(b.data, "again");
}

static int tear_down(void)
{
    buffer_free(&b);
    return 0;
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"appends follow each other", test_append},
        {"an empty append makes an empty text", test_empty_appends},
        {"the maximum is reached and never passed", test_maximum},
        {"an overflow stays until the reset", test_overflow_stays},
        {"a huge request is refused", test_huge_requests},
        {"formatted text keeps the maximum", test_printf_over_the_maximum},
        {"formatted text at the end of the room", test_printf_at_the_end},
        {"reserved room may be written to", test_reserve},
        {"a reset keeps a small buffer and frees a large one", test_reset},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/base/buffer", NULL, tear_down, tests);
}
