#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "suite.h"

/* This program runs itself again, with FAILING as its argument: then each of its tests is a check
 * that fails, and what it prints is looked at. */
#define FAILING "failing"

enum { SAID_SIZE = 64 * 1024, LONG_TEXT = 3000 };

static char said[SAID_SIZE]; /* what the checks that fail print */
static int said_status;      /* how that run ends */
static char left[LONG_TEXT + 1], right[LONG_TEXT + 1];
static const char *const none, *const text = "a\"b\n\x01\xc3\xa9";

/* A test that fails, on one line, and the number of that line. */
#define FAILS(name, ...)                                                                           \
    static void fails_##name(void)                                                                 \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }                                                                                              \
    enum { line_##name = __LINE__ }

/* Each stands on one line, whose number it knows. */
/* clang-format off */
FAILS(int, CHECK_INT(1 + 1, 3));
FAILS(int_negative, CHECK_INT(-1, INT64_MIN));
FAILS(int_more, CHECK_INT(2, 3, "of %s", "these"));
FAILS(int_required, REQUIRE_INT(2, 3); CHECK_FAIL("goes on"));
FAILS(less, CHECK_COMPARE(3, <, 3));
FAILS(at_most, CHECK_COMPARE(4, <=, 3));
FAILS(greater, CHECK_COMPARE(-3, >, -3));
FAILS(at_least, REQUIRE_COMPARE(2, >=, 3); CHECK_FAIL("goes on"));
FAILS(other, CHECK_COMPARE(3, !=, 3));
FAILS(true, CHECK_TRUE(none != NULL && *none));
FAILS(true_required, REQUIRE_TRUE(0, "at %d", 5); CHECK_FAIL("goes on"));
FAILS(false, CHECK_FALSE(text));
FAILS(text, CHECK_TEXT(text, "a"));
FAILS(text_null, CHECK_TEXT(none, ""));
FAILS(text_not_null, CHECK_TEXT("", none));
FAILS(text_long, CHECK_TEXT(left, right));
FAILS(other_text, CHECK_OTHER_TEXT("same", "same"));
FAILS(start, CHECK_START("abc", "b"));
FAILS(start_null, CHECK_START(none, ""));
FAILS(contains, CHECK_CONTAINS("abc", "d"));
FAILS(contains_null, CHECK_CONTAINS(none, "d"));
FAILS(lacks, CHECK_LACKS("abcd", "d"));
FAILS(bytes, CHECK_BYTES("a\0b", 3, "a\0c", 3));
FAILS(bytes_fewer, CHECK_BYTES("ab", 1, "ab", 2));
FAILS(null_text, CHECK_NULL(text + 2));
FAILS(not_null, CHECK_NOT_NULL(none));
FAILS(not_null_required, REQUIRE_NOT_NULL(none); CHECK_FAIL("goes on"));
FAILS(always, CHECK_FAIL("no %s", "such"));
FAILS(always_required, REQUIRE_FAIL("no %s", "such"); CHECK_FAIL("goes on"));
FAILS(row, CHECK_ROW(23); CHECK_INT(1, 2));
FAILS(row_left, { CHECK_ROW(23); } CHECK_INT(1, 2));
FAILS(row_inner, CHECK_ROW(23); { CHECK_OF("try %d", 7); CHECK_INT(1, 2); });
FAILS(row_required, CHECK_ROW(23); REQUIRE_INT(1, 2));
FAILS(after_row_required, CHECK_INT(1, 2));
/* clang-format on */

#define ROW(name, said)                                                                            \
    {                                                                                              \
#name, fails_##name, line_##name, said                                                     \
    }

static const struct {
    const char *name;
    CU_TestFunc fails;
    int line;
    const char *said; /* "|": here comes the test's name */
} rows[] = {
    ROW(int, "|1 + 1: wanted 3, got 2"),
    ROW(int_negative, "|-1: wanted -9223372036854775808, got -1"),
    ROW(int_more, "|2: wanted 3, got 2: of these"),
    ROW(int_required, "|2: wanted 3, got 2"),
    ROW(less, "|3: wanted < 3, got 3"),
    ROW(at_most, "|4: wanted <= 3, got 4"),
    ROW(greater, "|-3: wanted > -3, got -3"),
    ROW(at_least, "|2: wanted >= 3, got 2"),
    ROW(other, "|3: wanted != 3, got 3"),
    ROW(true, "|none != NULL && *none: wanted true, got false"),
    ROW(true_required, "|0: wanted true, got false: at 5"),
    ROW(false, "|text: wanted false, got true"),
    ROW(text, "|text: wanted \"a\", got \"a\\\"b\\n\\x01\xc3\xa9\""),
    ROW(text_null, "|none: wanted \"\", got NULL"),
    ROW(text_not_null, "|\"\": wanted NULL, got \"\""),
    ROW(text_long, NULL),
    ROW(other_text, "|\"same\": wanted another text than \"same\""),
    ROW(start, "|\"abc\": wanted one that starts with \"b\", got \"abc\""),
    ROW(start_null, "|none: wanted one that starts with \"\", got NULL"),
    ROW(contains, "|\"abc\": wanted one that contains \"d\", got \"abc\""),
    ROW(contains_null, "|none: wanted one that contains \"d\", got NULL"),
    ROW(lacks, "|\"abcd\": wanted one without \"d\", got \"abcd\""),
    ROW(bytes, "|\"a\\0b\": wanted \"a\\x00c\", got \"a\\x00b\""),
    ROW(bytes_fewer, "|\"ab\": wanted \"ab\", got \"a\""),
    ROW(null_text, "|text + 2: wanted NULL, got \"b\\n\\x01\xc3\xa9\""),
    ROW(not_null, "|none: wanted one, got NULL"),
    ROW(not_null_required, "|none: wanted one, got NULL"),
    ROW(always, "|no such"),
    ROW(always_required, "|no such"),
    ROW(row, " (row at line 23)|1: wanted 2, got 1"),
    ROW(row_left, "|1: wanted 2, got 1"),
    ROW(row_inner, " (row at line 23) (try 7)|1: wanted 2, got 1"),
    ROW(row_required, " (row at line 23)|1: wanted 2, got 1"),
    ROW(after_row_required, "|1: wanted 2, got 1"),
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* The two texts that text_long compares. */
static void make_long_texts(void)
{
    memset(left, 'x', LONG_TEXT);
    memset(right, 'x', LONG_TEXT);
    left[2000] = 'l';
    right[2000] = 'r';
}

static void witness(FILE *out)
{
    fputs("    seen\n", out);
}

static int run_failing(void)
{
    CU_TestInfo tests[ROWS + 1] = {0};
    for (size_t i = 0; i < ROWS; i++)
        tests[i] = (CU_TestInfo){rows[i].name, rows[i].fails};
    make_long_texts();
    check_set_witness(witness);
    return suite_run(FAILING, NULL, NULL, tests);
}

static int setup(void)
{
    int ends[2];
    size_t len = 0;
    ssize_t n;
    if (pipe(ends) != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        execl("/proc/self/exe", "test_check", FAILING, NULL);
        _exit(127);
    }
    close(ends[1]);
    while ((n = read(ends[0], said + len, sizeof said - 1 - len)) > 0)
        len += (size_t)n;
    close(ends[0]);
    return pid > 0 && waitpid(pid, &said_status, 0) == pid ? 0 : 1;
}

/* Cuts the next line off what was said; NULL if there is none. */
static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return line;
}

static void check_long(const char *line)
{
    char wanted[256];
    snprintf(wanted, sizeof wanted, "xr%.100s", right);
    CHECK_CONTAINS(line, ": text_long: left: wanted …\"xxx");
    CHECK_CONTAINS(line, wanted);
    CHECK_CONTAINS(line, "xxx\"…, got …\"xxx");
    CHECK_CONTAINS(line, "xxx\"…, which differ at byte 2000");
    CHECK_COMPARE(strlen(line), <, LONG_TEXT);
}

static void test_says(void)
{
    char wanted[1024], *at = said;
    make_long_texts();
    for (size_t i = 0; i < ROWS; i++) {
        CHECK_ROW(rows[i].line);
        const char *line = next_line(&at), *name = rows[i].said ? strchr(rows[i].said, '|') : NULL;
        if (name) {
            snprintf(wanted, sizeof wanted, "%s:%d%.*s: %s: %s", __FILE__, rows[i].line,
                     (int)(name - rows[i].said), rows[i].said, rows[i].name, name + 1);
            CHECK_TEXT(line, wanted);
        } else {
            check_long(line);
        }
        CHECK_TEXT(next_line(&at), "    seen");
    }
    snprintf(wanted, sizeof wanted, FAILING ": 0 passed, %d failed, 0 skipped\n", ROWS);
    CHECK_CONTAINS(at, wanted);
    CHECK_TRUE(WIFEXITED(said_status));
    CHECK_INT(WEXITSTATUS(said_status), EXIT_FAILURE);
}

static int calls;

static int call(void)
{
    return ++calls;
}

/* What holds is true and prints nothing, evaluates its value once and what it would say never. */
static void test_holds(void)
{
    bool first = CHECK_INT(call(), 1, "%d", call());
    bool second = CHECK_TRUE(call() == 2, "%d", call());
    CHECK_TRUE(first);
    CHECK_TRUE(second);
    CHECK_INT(calls, 2);
    CHECK_INT(UINT64_MAX, UINT64_MAX);
    CHECK_COMPARE(-1, <, 0U);
    CHECK_COMPARE(INT64_MIN, !=, INT64_MAX);
    CHECK_TEXT(none, none);
    CHECK_TEXT("", "");
    CHECK_OTHER_TEXT(none, "");
    CHECK_START("abc", "");
    CHECK_CONTAINS("abc", "c");
    CHECK_LACKS(none, "c");
    CHECK_BYTES(none, 0, "", 0);
    CHECK_BYTES("a\0b", 3, "a\0b", 3);
    CHECK_NULL(none);
    CHECK_NOT_NULL(text);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], FAILING) == 0)
        return run_failing();
    CU_TestInfo tests[] = {{"says", test_says}, {"holds", test_holds}, CU_TEST_INFO_NULL};
    return suite_run("unit/check", setup, NULL, tests);
}
