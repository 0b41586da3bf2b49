#include "http/status.h"

#include "check.h"
#include "http/problem.h"
#include "suite.h"

static void test_phrases(void)
{
    static const struct {
        int line;
        int status;
        const char *reason;
    } rows[] = {
        {__LINE__, 200, "OK"},
        {__LINE__, 201, "Created"},
        {__LINE__, 204, "No Content"},
        {__LINE__, 304, "Not Modified"},
        {__LINE__, 400, "Bad Request"},
        {__LINE__, 403, "Forbidden"},
        {__LINE__, 404, "Not Found"},
        {__LINE__, 405, "Method Not Allowed"},
        {__LINE__, 408, "Request Timeout"},
        {__LINE__, 409, "Conflict"},
        {__LINE__, 411, "Length Required"},
        {__LINE__, 413, "Content Too Large"},
        {__LINE__, 414, "URI Too Long"},
        {__LINE__, 415, "Unsupported Media Type"},
        {__LINE__, 417, "Expectation Failed"},
        {__LINE__, 422, "Unprocessable Content"},
        {__LINE__, 431, "Request Header Fields Too Large"},
        {__LINE__, 500, "Internal Server Error"},
        {__LINE__, 501, "Not Implemented"},
        {__LINE__, 502, "Bad Gateway"},
        {__LINE__, 503, "Service Unavailable"},
        {__LINE__, 504, "Gateway Timeout"},
        {__LINE__, 505, "HTTP Version Not Supported"},
        {__LINE__, 0, "Unknown"},
        {__LINE__, -1, "Unknown"},
        {__LINE__, 2000, "Unknown"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_TEXT(status_reason(rows[i].status), rows[i].reason);
    }
}

/* A problem whose status has no phrase would be sent as "Unknown". */
static void test_every_problem_has_one(void)
{
    for (enum problem i = PROBLEM_NONE + 1; i < PROBLEM_MAX; i++)
        CHECK_OTHER_TEXT(status_reason(problem_status(i)), "Unknown", "problem %d: %d", (int)i,
                         problem_status(i));
}

int main(void)
{
    CU_TestInfo tests[] = {{"phrases", test_phrases},
                           {"every problem has one", test_every_problem_has_one},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/http/status", NULL, NULL, tests);
}
