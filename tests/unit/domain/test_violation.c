#include "domain/violation.h"

#include <string.h>

#include "base/text.h"
#include "suite.h"

static struct violations violations;

static void test_add(void)
{
    violations.count = 0;
    violation_add(&violations, VIOLATION_BODY, "/items/0", "must be %d to %s", 1, "9");
    violation_add(&violations, VIOLATION_QUERY, "limit", "100%%");
    CU_ASSERT_EQUAL_FATAL(violations.count, 2);
    CU_ASSERT_EQUAL(violations.items[0].place, VIOLATION_BODY);
    CU_ASSERT_STRING_EQUAL(violations.items[0].where, "/items/0");
    CU_ASSERT_STRING_EQUAL(violations.items[0].detail, "must be 1 to 9");
    CU_ASSERT_EQUAL(violations.items[1].place, VIOLATION_QUERY);
    CU_ASSERT_STRING_EQUAL(violations.items[1].where, "limit");
    CU_ASSERT_STRING_EQUAL(violations.items[1].detail, "100%");
}

static void test_cut(void)
{
    char text[VIOLATION_DETAIL_SIZE * 2] = "";
    /* Two bytes a character, one byte out of step: the cut falls into one. */
    for (size_t shift = 0; shift < 2; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 2 < sizeof text; i += 2)
            memcpy(text + i, "\xc3\xa9", 3);
        violations.count = 0;
        violation_add(&violations, VIOLATION_BODY, text, "%s", text);
        const struct violation *v = &violations.items[0];
        size_t where = strlen(v->where), detail = strlen(v->detail);
        SUITE_CHECK(text_is_utf8(v->where, where) && text_is_utf8(v->detail, detail), "%zu", shift);
        SUITE_CHECK(where >= VIOLATION_WHERE_SIZE - 2 && detail >= VIOLATION_DETAIL_SIZE - 2,
                    "%zu and %zu bytes", where, detail);
        SUITE_CHECK(strncmp(v->where, text, where) == 0, "%s", v->where);
    }
}

static void test_bad_bytes(void)
{
    violations.count = 0;
    violation_add(&violations, VIOLATION_QUERY,
                  "a\xff"
                  "b",
                  "%s", "c\xed\xa0\x80");
    CU_ASSERT_STRING_EQUAL(violations.items[0].where, "a");
    CU_ASSERT_STRING_EQUAL(violations.items[0].detail, "c");
}

static void test_more_than_kept(void)
{
    violations.count = 0;
    CU_ASSERT_EQUAL(violation_kept(&violations), 0);
    for (int i = 0; i < VIOLATIONS_MAX + 2; i++)
        violation_add(&violations, VIOLATION_BODY, "", "%d", i);
    CU_ASSERT_EQUAL(violations.count, VIOLATIONS_MAX + 2);
    CU_ASSERT_EQUAL(violation_kept(&violations), VIOLATIONS_MAX);
    CU_ASSERT_STRING_EQUAL(violations.items[0].detail, "0");
    CU_ASSERT_STRING_EQUAL(violations.items[VIOLATIONS_MAX - 1].detail, "127");
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a violation is recorded", test_add},
        {"long texts are cut at a character", test_cut},
        {"what is not UTF-8 is cut off", test_bad_bytes},
        {"all are counted, not all kept", test_more_than_kept},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/domain/violation", NULL, NULL, tests);
}
