#include "base/id.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "suite.h"

static void test_layout(void)
{
    /* The example of RFC 9562, appendix A.6, is of this millisecond. */
    const int64_t us = INT64_C(0x017F22E279B0) * 1000;
    static const struct {
        int line;
        int64_t after;
        const char *start;
    } rows[] = {
        {__LINE__, 0, "017f22e2-79b0-7000-"},
        {__LINE__, 500, "017f22e2-79b0-7800-"},
        {__LINE__, 999, "017f22e2-79b0-7ffb-"},
        {__LINE__, 1000, "017f22e2-79b1-7000-"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char id[ID_TEXT_SIZE];
        id_make(us + rows[i].after, id);
        CHECK_START(id, rows[i].start);
        CHECK_NOT_NULL(strchr("89ab", id[19]));
        CHECK_TRUE(id_is_valid(id));
    }
}

static void test_sorted(void)
{
    char before[ID_TEXT_SIZE], after[ID_TEXT_SIZE];
    int64_t us = INT64_C(1769860800000000);
    id_make(us, before);
    for (int i = 0; i < 5000; i++) {
        id_make(++us, after);
        if (strcmp(before, after) >= 0) {
            CHECK_FAIL("%s is not before %s", before, after);
            break;
        }
        memcpy(before, after, sizeof before);
    }
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, ID_TEXT_SIZE);
}

static void test_unique(void)
{
    enum { IDS = 20000 };
    static char ids[IDS][ID_TEXT_SIZE];
    int same = 0;
    for (int i = 0; i < IDS; i++)
        id_make(1, ids[i]);
    qsort(ids, IDS, ID_TEXT_SIZE, compare);
    for (int i = 1; i < IDS; i++)
        same += compare(ids[i - 1], ids[i]) == 0;
    CHECK_INT(same, 0);
}

static void test_valid(void)
{
    static const struct {
        int line;
        const char *text;
        bool valid;
    } rows[] = {
        {__LINE__, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true},
        {__LINE__, "00000000-0000-0000-0000-000000000000", true},
        {__LINE__, "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", false},
        {__LINE__, "017f22e2-79b0-7cc3-98c4-dc0c0c07398", false},
        {__LINE__, "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff", false},
        {__LINE__, "017f22e2a79b0-7cc3-98c4-dc0c0c07398f", false},
        {__LINE__, "017f22e-279b0-7cc3-98c4-dc0c0c07398f", false},
        {__LINE__, "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", false},
        {__LINE__, "017f22e2-79b0-7cc3-98c4-dc0c0c07398/", false},
        {__LINE__, "", false},
        {__LINE__, "1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(id_is_valid(rows[i].text), rows[i].valid);
    }
}

static void test_request_id(void)
{
    static const struct {
        int line;
        const char *id;
        bool fit;
    } rows[] = {
        {__LINE__, "a", true},
        {__LINE__, "018f0000-0000-7000-8000-000000000001", true},
        {__LINE__, "Root=1-67891233-abcdef012345678912345678", true},
        {__LINE__, "a.b_c:d+e/f=g-h", true},
        {__LINE__, "", false},
        {__LINE__, "a b", false},
        {__LINE__, " a", false},
        {__LINE__, "a\r\nX: y", false},
        {__LINE__, "a\"b", false},
        {__LINE__, "<script>", false},
        {__LINE__, "\xc3\xa9", false},
    };
    char longest[130];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(id_is_request_id(rows[i].id), rows[i].fit);
    }
    memset(longest, 'a', sizeof longest);
    longest[129] = '\0';
    CHECK_FALSE(id_is_request_id(longest));
    longest[128] = '\0';
    CHECK_TRUE(id_is_request_id(longest));
}

/* A process makes none of the ids that the one makes that forked it. */
static void test_after_a_fork(void)
{
    enum { IDS = 100 };
    static char ids[2 * IDS][ID_TEXT_SIZE], childs[IDS][ID_TEXT_SIZE];
    int same = 0, ends[2];
    REQUIRE_INT(pipe(ends), 0);
    id_make(1, ids[0]);
    pid_t child = fork();
    for (int i = 0; i < IDS; i++)
        id_make(1, ids[i]);
    if (child == 0)
        _exit(write(ends[1], ids, sizeof childs) != sizeof childs);
    close(ends[1]);
    CHECK_INT(read(ends[0], childs, sizeof childs), sizeof childs);
    memcpy(ids + IDS, childs, sizeof childs);
    CHECK_INT(waitpid(child, NULL, 0), child);
    close(ends[0]);
    qsort(ids, 2 * (size_t)IDS, ID_TEXT_SIZE, compare);
    for (int i = 1; i < 2 * IDS; i++)
        same += memcmp(ids[i - 1], ids[i], ID_TEXT_SIZE) == 0;
    CHECK_INT(same, 0);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"an id is a UUIDv7 of its time", test_layout},
        {"ids sort by time to the microsecond", test_sorted},
        {"ids of one moment differ", test_unique},
        {"a child makes ids of its own", test_after_a_fork},
        {"only a UUID in lower case is an id", test_valid},
        {"a caller's request id is short and plain", test_request_id},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/base/id", NULL, NULL, tests);
}
