#include "base/buffer.h"

#include <stdint.h>
#include <string.h>

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
    CU_ASSERT_TRUE(b.data == NULL && b.len == 0 && !b.overflown);
    CU_ASSERT_TRUE(buffer_append(&b, "abc", 2));
    CU_ASSERT_TRUE(buffer_text(&b, "cd"));
    CU_ASSERT_TRUE(buffer_char(&b, 'e'));
    CU_ASSERT_TRUE(buffer_printf(&b, "%d-%s", 42, "x"));
    CU_ASSERT_STRING_EQUAL(b.data, "abcde42-x");
    CU_ASSERT_EQUAL(b.len, 9);
    CU_ASSERT_TRUE(buffer_append(&b, "\0y", 2));
    CU_ASSERT_TRUE(b.len == 11 && memcmp(b.data, "abcde42-x\0y", 12) == 0);
}

static void test_empty_appends(void)
{
    start(10);
    CU_ASSERT_TRUE(buffer_append(&b, NULL, 0));
    CU_ASSERT_TRUE(buffer_text(&b, ""));
    CU_ASSERT_TRUE(buffer_printf(&b, "%s", ""));
    CU_ASSERT_TRUE(b.data && strcmp(b.data, "") == 0);
    CU_ASSERT_FALSE(b.overflown);
}

static void test_maximum(void)
{
    static const size_t maxima[] = {0, 1, 2, 511, 512, 513, 1000, 5000};
    for (size_t i = 0; i < sizeof maxima / sizeof maxima[0]; i++) {
        start(maxima[i]);
        for (size_t k = 0; k < maxima[i]; k++) {
            if (!buffer_char(&b, 'x')) {
                SUITE_CHECK(false, "byte %zu of %zu", k, maxima[i]);
                break;
            }
        }
        SUITE_CHECK(b.len == maxima[i] && !b.overflown, "at %zu", maxima[i]);
        SUITE_CHECK(b.cap <= maxima[i] + 1, "%zu bytes for %zu", b.cap, maxima[i]);
        SUITE_CHECK(!buffer_char(&b, 'y') && b.overflown, "at %zu", maxima[i]);
        SUITE_CHECK(b.len == maxima[i], "at %zu", maxima[i]);
        SUITE_CHECK(maxima[i] == 0 || strlen(b.data) == maxima[i], "at %zu", maxima[i]);
    }
}

static void test_overflow_stays(void)
{
    start(4);
    CU_ASSERT_TRUE(buffer_text(&b, "abc"));
    CU_ASSERT_FALSE(buffer_text(&b, "de"));
    /* This one would fit. */
    CU_ASSERT_FALSE(buffer_char(&b, 'd'));
    CU_ASSERT_FALSE(buffer_printf(&b, "%d", 1));
    CU_ASSERT_PTR_NULL(buffer_reserve(&b, 0));
    CU_ASSERT_TRUE(b.overflown);
    CU_ASSERT_STRING_EQUAL(b.data, "abc");
    buffer_reset(&b, 1000);
    CU_ASSERT_TRUE(!b.overflown && b.len == 0);
    CU_ASSERT_TRUE(buffer_text(&b, "wxyz"));
    CU_ASSERT_STRING_EQUAL(b.data, "wxyz");
}

static void test_huge_requests(void)
{
    start(100);
    CU_ASSERT_TRUE(buffer_text(&b, "abc"));
    CU_ASSERT_PTR_NULL(buffer_reserve(&b, SIZE_MAX));
    CU_ASSERT_TRUE(b.overflown && b.len == 3);
    buffer_reset(&b, 1000);
    CU_ASSERT_FALSE(buffer_append(&b, "x", SIZE_MAX - 1));
    CU_ASSERT_EQUAL(b.len, 0);
}

static void test_printf_over_the_maximum(void)
{
    start(5);
    CU_ASSERT_FALSE(buffer_printf(&b, "%s", "abcdef"));
    CU_ASSERT_TRUE(b.overflown && b.len == 0);
    start(6);
    CU_ASSERT_TRUE(buffer_printf(&b, "%s", "abcdef"));
    CU_ASSERT_STRING_EQUAL(b.data, "abcdef");
}

static void test_reserve(void)
{
    start(2000);
    CU_ASSERT_TRUE(buffer_text(&b, "abc"));
    char *to = buffer_reserve(&b, 1000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    CU_ASSERT_TRUE(to == b.data + 3 && b.len == 3 && b.cap >= 1004);
    memset(to, 'x', 1001);
    b.len += 2;
    b.data[b.len] = '\0';
    CU_ASSERT_TRUE(buffer_char(&b, 'd'));
    CU_ASSERT_STRING_EQUAL(b.data, "abcxxd");
}

static void test_reset(void)
{
    start(100000);
    CU_ASSERT_TRUE(buffer_text(&b, "abc"));
    size_t small = b.cap;
    buffer_reset(&b, small);
    CU_ASSERT_TRUE(b.len == 0 && b.cap == small && b.max == 100000);
    CU_ASSERT_STRING_EQUAL(b.data, "");
    CU_ASSERT_TRUE(buffer_reserve(&b, 50000) != NULL);
    buffer_reset(&b, small);
    CU_ASSERT_TRUE(b.len == 0 && b.cap == 0 && b.data == NULL && b.max == 100000);
    CU_ASSERT_TRUE(buffer_text(&b, "again"));
    CU_ASSERT_STRING_EQUAL(b.data, "again");
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
        {"reserved room may be written to", test_reserve},
        {"a reset keeps a small buffer and frees a large one", test_reset},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/base/buffer", NULL, tear_down, tests);
}
