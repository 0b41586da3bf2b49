#include "domain/violation.h"

#include <string.h>

#include "base/text.h"
#include "check.h"
#include "suite.h"

static struct violations violations;

static void test_add(void)
{
    violations.count = 0;
    violation_add(&violations, VIOLATION_BODY, "/items/0", "must be %d to %s", 1, "9");
    violation_add(&violations, VIOLATION_QUERY, "limit", "100%%");
    REQUIRE_INT(violations.count, 2);
    CHECK_INT(violations.items[0].place, VIOLATION_BODY);
    CHECK_TEXT(violations.items[0].where, "/items/0");
    CHECK_TEXT(violations.items[0].detail, "must be 1 to 9");
    CHECK_INT(violations.items[1].place, VIOLATION_QUERY);
    CHECK_TEXT(violations.items[1].where, "limit");
    CHECK_TEXT(violations.items[1].detail, "100%");
}

static void test_cut(void)
{
    char text[VIOLATION_DETAIL_SIZE * 2] = "";
    /* Two bytes a character, one byte out of step: the cut falls into one. */
    for (size_t shift = 0; shift < 2; shift++) {
        CHECK_OF("shift %zu", shift);
        memset(text, 'x', shift);
        for (size_t i = shift; i + 2 < sizeof text; i += 2)
            memcpy(text + i, "\xc3\xa9", 3);
        violations.count = 0;
        violation_add(&violations, VIOLATION_BODY, text, "%s", text);
        const struct violation *v = &violations.items[0];
        size_t where = strlen(v->where), detail = strlen(v->detail);
        CHECK_TRUE(text_is_utf8(v->where, where), "%zu", shift);
        CHECK_TRUE(text_is_utf8(v->detail, detail), "%zu", shift);
        CHECK_COMPARE(where, >=, VIOLATION_WHERE_SIZE - 2, "%zu and %zu bytes", where, detail);
        CHECK_COMPARE(detail, >=, VIOLATION_DETAIL_SIZE - 2, "%zu and %zu bytes", where, detail);
        CHECK_START(text, v->where);
    }
}

static void test_bad_bytes(void)
{
    violations.count = 0;
    violation_add(&violations, VIOLATION_QUERY,
                  "a\xff"
                  "b",
                  "%s", "c\xed\xa0\x80");
    CHECK_TEXT(violations.items[0].where, "a");
    CHECK_TEXT(violations.items[0].detail, "c");
}

static void test_more_than_kept(void)
{
    violations.count = 0;
    CHECK_INT(violation_kept(&violations), 0);
    for (int i = 0; i < VIOLATIONS_MAX + 2; i++)
        violation_add(&violations, VIOLATION_BODY, "", "%d", i);
    CHECK_INT(violations.count, VIOLATIONS_MAX + 2);
    CHECK_INT(violation_kept(&violations), VIOLATIONS_MAX);
    CHECK_TEXT(violations.items[0].detail, "0");
    CHECK_TEXT(violations.items[VIOLATIONS_MAX - 1].detail, "127");
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
