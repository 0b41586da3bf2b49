#include <string.h>

#include "base/decimal.h"
#include "check.h"
#include "suite.h"

static void test_told_by_double(void)
{
    static const struct {
        int line;
        const char *text;
        bool told;
    } rows[] = {
        {__LINE__, "0", true},
        {__LINE__, "-0", true},
        {__LINE__, "0.000000", true},
        {__LINE__, "0e-400", true},
        {__LINE__, "7", true},
        {__LINE__, "9007199254740993", true},
        {__LINE__, "123456789012345678901234567890", true},
        {__LINE__, "1.0000000000000000000000", true},
        {__LINE__, "12.50", true},
        {__LINE__, "12.505", false},
        {__LINE__, "0.01", true},
        {__LINE__, "0.001", false},
        {__LINE__, "0.0100000000000000000000", true},
        {__LINE__, "0.0100000000000000000001", false},
        /* Fifteen digits, and one more. */
        {__LINE__, "1234567890123.45", true},
        {__LINE__, "12345678901234.56", false},
        {__LINE__, "9007199254740991.5", false},
        {__LINE__, "0.99999999999999999999", false},
        {__LINE__, "99999999.99", true},
        {__LINE__, "1e-2", true},
        {__LINE__, "1e-3", false},
        {__LINE__, "1.5e1", true},
        {__LINE__, "1.234E+1", true},
        {__LINE__, "1.2345e+1", false},
        {__LINE__, "1500e-2", true},
        {__LINE__, "1500e-5", false},
        {__LINE__, "1000e-5", true},
        {__LINE__, "1e400", true},
        {__LINE__, "1e-400", false},
        {__LINE__, "-1e-400", false},
        /* An exponent that no number of bits here would hold. */
        {__LINE__, "1e-99999999999999999999999999", false},
        {__LINE__, "1e99999999999999999999999999", true},
        {__LINE__, "0e-99999999999999999999999999", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(decimal_is_told_by_double(rows[i].text, strlen(rows[i].text)), rows[i].told);
    }
}

static void test_nothing_behind_the_length_is_read(void)
{
    CHECK_TRUE(decimal_is_told_by_double("12345", 2));
    CHECK_TRUE(decimal_is_told_by_double("1.005", 4));
    CHECK_TRUE(decimal_is_told_by_double("1e-22", 4));
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"whole numbers and short decimals keep their worth in a double", test_told_by_double},
        {"nothing behind the length is read", test_nothing_behind_the_length_is_read},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/base/decimal", NULL, NULL, tests);
}
