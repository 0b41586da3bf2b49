/* The fields that tell a consumer of its rate. */
#include "http/field.h"

#include "check.h"
#include "suite.h"

static void test_rate(void)
{
    const struct bucket_state bucket = {
        .limited = true, .quota = 20, .window_s = 2, .left = 3, .reset_s = 1};
    const struct bucket_state largest = {.limited = true,
                                         .quota = 2147483647,
                                         .window_s = 2147483647,
                                         .left = 2147483647,
                                         .reset_s = 2147483647};
    char value[FIELD_RATE_SIZE];
    field_rate_policy(&bucket, value);
    CHECK_TEXT(value, "\"consumer\";q=20;w=2");
    field_rate(&bucket, value);
    CHECK_TEXT(value, "\"consumer\";r=3;t=1");
    field_rate_policy(&largest, value);
    CHECK_TEXT(value, "\"consumer\";q=2147483647;w=2147483647");
    field_rate(&largest, value);
    CHECK_TEXT(value, "\"consumer\";r=2147483647;t=2147483647");
}

int main(void)
{
    CU_TestInfo tests[] = {{"rate", test_rate}, CU_TEST_INFO_NULL};
    return suite_run("http/field", NULL, NULL, tests);
}
