#include "base/endpoint.h"

#include <string.h>

#include "check.h"
#include "suite.h"

#define ID_16 "0123456789abcdef"

static void test_is_id(void)
{
    static const struct {
        int line;
        const char *text;
        bool is;
    } rows[] = {
        {__LINE__, "vpce-0123456789abcdef0", true},
        {__LINE__, "vpce-a", true},
        {__LINE__, "vpce-" ID_16 ID_16 ID_16 "0123456789a", true},
        {__LINE__, "vpce-" ID_16 ID_16 ID_16 "0123456789ab", false},
        {__LINE__, "", false},
        {__LINE__, "-", false},
        {__LINE__, "vpce", false},
        {__LINE__, "vpce-", false},
        {__LINE__, "vpce-0123456789ABCDEF0", false},
        {__LINE__, "VPCE-0123456789abcdef0", false},
        {__LINE__, "vpce-0g", false},
        {__LINE__, "vpce-0:", false},
        {__LINE__, "vpce-0/", false},
        {__LINE__, "vpce-0`", false},
        {__LINE__, "vpce-0 ", false},
        {__LINE__, " vpce-0", false},
        {__LINE__, "vpce-svc-0123", false},
        {__LINE__, "vpce-0\n", false},
        {__LINE__, "vpc-0123", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(endpoint_is_id(rows[i].text, strlen(rows[i].text)), rows[i].is);
    }
}

/* Only the bytes given count, whatever follows them, and a NUL is a byte as any other. */
static void test_length(void)
{
    CHECK_TRUE(endpoint_is_id("vpce-0a,vpce-0b", 7));
    CHECK_FALSE(endpoint_is_id("vpce-0a", 5));
    CHECK_FALSE(endpoint_is_id("vpce-0\0a", 8));
}

int main(void)
{
    CU_TestInfo tests[] = {{"is an id", test_is_id}, {"length", test_length}, CU_TEST_INFO_NULL};
    return suite_run("unit/base/endpoint", NULL, NULL, tests);
}
