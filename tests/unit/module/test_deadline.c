/* How long a request may take to arrive. */
#include "module/deadline.h"

#include "check.h"
#include "suite.h"

enum { LIMIT = 20 };

/* One connection, looked at again and again. */
static const struct {
    int line;
    bool arriving;
    uint32_t request;
    int64_t now;
    bool passed;
} looks[] = {
    {__LINE__, false, 1, 1, false},
    {__LINE__, true, 1, 30, false}, /* its first part, 29 s after the connection began */
    {__LINE__, true, 1, 49, false},
    {__LINE__, true, 1, 50, true},
    {__LINE__, true, 1, 51, true},
    {__LINE__, true, 2, 51, false}, /* the next request, never seen whole */
    {__LINE__, true, 2, 70, false},
    {__LINE__, false, 3, 71, false},
    {__LINE__, true, 3, 72, false},
    {__LINE__, false, 3, 80, false}, /* with the application */
    {__LINE__, true, 3, 92, false},  /* its error's answer counts anew */
    {__LINE__, true, 3, 112, true},
};

static void test_looks(void)
{
    struct deadline deadline = {.since = 0};
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        CHECK_ROW(looks[i].line);
        bool passed =
            deadline_passed(&deadline, looks[i].arriving, looks[i].request, looks[i].now, LIMIT);
        CHECK_INT(passed, looks[i].passed);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"looks", test_looks}, CU_TEST_INFO_NULL};
    return suite_run("module/deadline", NULL, NULL, tests);
}
