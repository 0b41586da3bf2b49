/* Which requests ask for an answer that was not stored before. */
#include "module/demand.h"

#include <stddef.h>

#include "check.h"
#include "suite.h"

static const struct {
    int line;
    const char *value;
    bool fresh;
} values[] = {
    {__LINE__, NULL, false},
    {__LINE__, "", false},
    {__LINE__, "no-cache", true},
    {__LINE__, "No-Cache", true},
    {__LINE__, "no-store", true},
    {__LINE__, "max-age=0", true},
    {__LINE__, "MAX-AGE=0, x", true},
    {__LINE__, "max-age=\"0\"", true},
    {__LINE__, "max-stale=5,no-cache", true},
    {__LINE__, "max-age=60", false},
    {__LINE__, "only-if-cached", false},
    {__LINE__, "no-transform", false},
};

static void test_values(void)
{
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        CHECK_ROW(values[i].line);
        CHECK_INT(demand_is_fresh(values[i].value), values[i].fresh);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"values", test_values}, CU_TEST_INFO_NULL};
    return suite_run("module/demand", NULL, NULL, tests);
}
