/* Who calls, from the file that the application publishes: what is read again, and what stays. */
#include "module/callers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "suite.h"

#define A "vpce-0a"
#define B "vpce-0b"

static char dir[32], path[64];
static struct callers callers;
static struct consumers_fault fault;

static int setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/postern-callers.XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    snprintf(path, sizeof path, "%s/consumers", dir);
    callers.path = path;
    return 0;
}

static int teardown(void)
{
    callers_free(&callers);
    unlink(path);
    return rmdir(dir);
}

/* As the application does: the file is never there in part. */
static void publish(const char *head, const char *lines)
{
    char fresh[sizeof path + 4];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *out = fopen(fresh, "we");
    REQUIRE_NOT_NULL(out);
    CHECK_COMPARE(fprintf(out, "%s%s", head, lines), >=, 0);
    CHECK_INT(fclose(out), 0);
    CHECK_INT(rename(fresh, path), 0);
}

static void test_no_file(void)
{
    static struct callers nothing;
    CHECK_INT(callers_look(&nothing, &fault), CALLERS_SAME);
    CHECK_INT(callers_look(&callers, &fault), CALLERS_SAME);
    CHECK_NULL(callers_find(&callers, A));
    CHECK_TEXT(callers_name(&callers, A), A);
    CHECK_TEXT(callers_name(&callers, CONSUMERS_NOBODY), "-");
}

static void test_names(void)
{
    publish(consumers_head(), "* other denied\n- local\n" A " acme\n" B " -\n");
    CHECK_INT(callers_look(&callers, &fault), CALLERS_NEW, "%s", fault.why);
    CHECK_INT(callers_look(&callers, &fault), CALLERS_SAME);
    CHECK_TEXT(callers_name(&callers, A), "acme");
    CHECK_TEXT(callers_name(&callers, B), B);
    CHECK_TEXT(callers_name(&callers, CONSUMERS_NOBODY), "local");
    CHECK_TEXT(callers_name(&callers, "vpce-0c"), "vpce-0c", "a class is no name");
    CHECK_TRUE(callers_find(&callers, "vpce-0c")->denied);
    CHECK_FALSE(callers_find(&callers, A)->denied);
}

/* What is wrong is told once, and changes nothing. */
static void test_wrong(void)
{
    static const struct {
        int line;
        const char *head, *lines;
    } rows[] = {
        {__LINE__, "", ""},
        {__LINE__, "postern-consumers 9\n", A " new\n"},
        {__LINE__, "", A " new\n"},
        {__LINE__, NULL, A " new\n" B " New\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        publish(rows[i].head ? rows[i].head : consumers_head(), rows[i].lines);
        CHECK_INT(callers_look(&callers, &fault), CALLERS_WRONG);
        CHECK_COMPARE(strlen(fault.why), >, 0);
        CHECK_INT(callers_look(&callers, &fault), CALLERS_SAME);
        CHECK_TEXT(callers_name(&callers, A), "acme");
    }
    CHECK_INT(unlink(path), 0);
    CHECK_INT(callers_look(&callers, &fault), CALLERS_SAME);
    CHECK_INT(mkdir(path, 0700), 0);
    CHECK_INT(callers_look(&callers, &fault), CALLERS_WRONG);
    CHECK_INT(rmdir(path), 0);
    CHECK_INT(mkfifo(path, 0600), 0);
    CHECK_INT(callers_look(&callers, &fault), CALLERS_WRONG);
    CHECK_INT(unlink(path), 0);
    publish(consumers_head(), "");
    CHECK_INT(truncate(path, 1048576), 0);
    CHECK_INT(callers_look(&callers, &fault), CALLERS_WRONG);
    CHECK_TEXT(fault.why, "it is too large");
    CHECK_TEXT(callers_name(&callers, A), "acme");
    publish(consumers_head(), "");
    CHECK_INT(callers_look(&callers, &fault), CALLERS_NEW);
    CHECK_TEXT(callers_name(&callers, A), A);
}

int main(void)
{
    CU_TestInfo tests[] = {{"no file", test_no_file},
                           {"names", test_names},
                           {"what is wrong", test_wrong},
                           CU_TEST_INFO_NULL};
    return suite_run("module/callers", setup, teardown, tests);
}
