/* Which paths have published answers. */
#include "publish/target.h"

#include <string.h>

#include "check.h"
#include "suite.h"

static void test_paths(void)
{
    static const struct {
        int line;
        const char *path;
        int64_t target;
    } rows[] = {
        {__LINE__, "/products", TARGET_LIST},
        {__LINE__, "/products/1", 1},
        {__LINE__, "/products/9007199254740991", INT64_C(9007199254740991)},
        {__LINE__, "", TARGET_NONE},
        {__LINE__, "/", TARGET_NONE},
        {__LINE__, "/product", TARGET_NONE},
        {__LINE__, "/products/", TARGET_NONE},
        {__LINE__, "/products//1", TARGET_NONE},
        {__LINE__, "/productsX1", TARGET_NONE},
        {__LINE__, "/products1", TARGET_NONE},
        {__LINE__, "/products/0", TARGET_NONE},
        {__LINE__, "/products/01", TARGET_NONE},
        {__LINE__, "/products/-1", TARGET_NONE},
        {__LINE__, "/products/+1", TARGET_NONE},
        {__LINE__, "/products/1.0", TARGET_NONE},
        {__LINE__, "/products/1/", TARGET_NONE},
        {__LINE__, "/products/99999999999999999999", TARGET_NONE},
        {__LINE__, "/PRODUCTS/1", TARGET_NONE},
        {__LINE__, "/orders", TARGET_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(target_of(rows[i].path, strlen(rows[i].path)), rows[i].target);
    }
}

/* A path need not end with a NUL. */
static void test_length(void)
{
    CHECK_INT(target_of("/products/12", 11), 1);
    CHECK_INT(target_of("/products/12", 9), TARGET_LIST);
    CHECK_INT(target_of("/products/1\0", 12), TARGET_NONE);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"paths", test_paths},
        {"length", test_length},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/publish/target", NULL, NULL, tests);
}
