#include "domain/money.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "suite.h"

enum { UNTOUCHED = -77 };

static void test_parse(void)
{
    static const struct {
        int line;
        const char *text;
        int64_t cents; /* UNTOUCHED: refused */
    } rows[] = {
        {__LINE__, "0", 0},
        {__LINE__, "0.0", 0},
        {__LINE__, "0.01", 1},
        {__LINE__, "9", 900},
        {__LINE__, "9.9", 990},
        {__LINE__, "9.99", 999},
        {__LINE__, "9.09", 909},
        {__LINE__, "19.90", 1990},
        {__LINE__, "99999999.99", MONEY_PRICE_MAX},
        {__LINE__, "100000000", UNTOUCHED},
        {__LINE__, "99999999.990", UNTOUCHED},
        {__LINE__, "18446744073709551616", UNTOUCHED},
        {__LINE__, "", UNTOUCHED},
        {__LINE__, ".", UNTOUCHED},
        {__LINE__, ".5", UNTOUCHED},
        {__LINE__, "5.", UNTOUCHED},
        {__LINE__, "1.999", UNTOUCHED},
        {__LINE__, "1.9.", UNTOUCHED},
        {__LINE__, "01", UNTOUCHED},
        {__LINE__, "00.5", UNTOUCHED},
        {__LINE__, "-1", UNTOUCHED},
        {__LINE__, "+1", UNTOUCHED},
        {__LINE__, "1.-1", UNTOUCHED},
        {__LINE__, "1.+", UNTOUCHED},
        {__LINE__, " 1", UNTOUCHED},
        {__LINE__, "1 ", UNTOUCHED},
        {__LINE__, "1.5 ", UNTOUCHED},
        {__LINE__, "1,5", UNTOUCHED},
        {__LINE__, "1e2", UNTOUCHED},
        {__LINE__, "0x1", UNTOUCHED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        int64_t cents = UNTOUCHED;
        bool ok = money_parse(rows[i].text, strlen(rows[i].text), &cents);
        CHECK_INT(ok, rows[i].cents != UNTOUCHED);
        CHECK_INT(cents, rows[i].cents);
    }
    int64_t cents = UNTOUCHED;
    CHECK_TRUE(money_parse("1.239", 4, &cents));
    CHECK_INT(cents, 123);
}

static void test_from_double(void)
{
    static const struct {
        int line;
        double value;
        int64_t cents;
    } rows[] = {
        {__LINE__, 0, 0},
        {__LINE__, -0.0, 0},
        {__LINE__, 9.99, 999},
        {__LINE__, 19.99, 1999},
        {__LINE__, 0.1 + 0.2, UNTOUCHED},
        {__LINE__, 0.29, 29},
        {__LINE__, 1.005, UNTOUCHED},
        {__LINE__, 0.001, UNTOUCHED},
        {__LINE__, 99999999.99, MONEY_PRICE_MAX},
        {__LINE__, 100000000, UNTOUCHED},
        {__LINE__, -0.01, UNTOUCHED},
        {__LINE__, 1e300, UNTOUCHED},
        {__LINE__, HUGE_VAL, UNTOUCHED},
        {__LINE__, -HUGE_VAL, UNTOUCHED},
        {__LINE__, NAN, UNTOUCHED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        int64_t cents = UNTOUCHED;
        bool ok = money_from_double(rows[i].value, &cents);
        CHECK_INT(ok, rows[i].cents != UNTOUCHED);
        CHECK_INT(cents, rows[i].cents);
    }
}

static void test_every_amount_comes_back(void)
{
    /* A prime step, so that every last two digits occur in every range. */
    for (int64_t cents = 0; cents <= MONEY_PRICE_MAX; cents += 99991) {
        char text[MONEY_TEXT_SIZE];
        int64_t parsed = UNTOUCHED, taken = UNTOUCHED;
        money_format(cents, text);
        bool ok = money_parse(text, strlen(text), &parsed) &&
                  money_from_double(strtod(text, NULL), &taken);
        if (!ok || parsed != cents || taken != cents) {
            CHECK_FAIL("%s", text);
            break;
        }
    }
}

static void test_format(void)
{
    static const struct {
        int line;
        int64_t cents;
        const char *text;
    } rows[] = {
        {__LINE__, 0, "0.00"},
        {__LINE__, 9, "0.09"},
        {__LINE__, 10, "0.10"},
        {__LINE__, 999, "9.99"},
        {__LINE__, INT64_C(999999999900000000), "9999999999000000.00"},
        {__LINE__, INT64_MAX, "92233720368547758.07"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char text[MONEY_TEXT_SIZE];
        money_format(rows[i].cents, text);
        CHECK_TEXT(text, rows[i].text);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"amounts are read strictly", test_parse},
        {"a double is taken only if nothing is lost", test_from_double},
        {"every amount comes back from text and double", test_every_amount_comes_back},
        {"amounts have two decimals", test_format},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/domain/money", NULL, NULL, tests);
}
