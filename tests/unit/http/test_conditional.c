#include "http/conditional.h"

#include <string.h>

#include "check.h"
#include "suite.h"

#define TAG "\"0123456789abcdef0123456789abcdef\""

static void test_etag(void)
{
    static const struct {
        int line;
        const char *body;
        const char *etag; /* known answers of XXH3 with 128 bits and no seed */
    } rows[] = {
        {__LINE__, "", "\"99aa06d3014798d86001c324468d497f\""},
        {__LINE__, "abc", "\"06b05ab6733a618578af5f94892f3950\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char etag[CONDITIONAL_ETAG_SIZE];
        conditional_etag(rows[i].body, strlen(rows[i].body), "", etag);
        CHECK_TEXT(etag, rows[i].etag);
    }
}

static void test_etag_tells_bodies_apart(void)
{
    char body[300], first[CONDITIONAL_ETAG_SIZE], other[CONDITIONAL_ETAG_SIZE];
    memset(body, 'x', sizeof body);
    conditional_etag(body, sizeof body, "", first);
    CHECK_INT(strlen(first), CONDITIONAL_ETAG_SIZE - 1);
    CHECK_INT(strspn(first + 1, "0123456789abcdef"), CONDITIONAL_ETAG_SIZE - 3);
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = 'y';
        conditional_etag(body, sizeof body, "", other);
        CHECK_OTHER_TEXT(first, other, "byte %zu", i);
        body[i] = 'x';
    }
    conditional_etag(body, sizeof body - 1, "", other);
    CHECK_OTHER_TEXT(first, other);
    conditional_etag(body, sizeof body, "", other);
    CHECK_TEXT(first, other);
    conditional_etag(body, sizeof body, "3", other);
    CHECK_OTHER_TEXT(first, other, "what the headers say does not count");
}

static void test_matches(void)
{
    static const struct {
        int line;
        const char *header;
        bool matches;
    } rows[] = {
        {__LINE__, NULL, false},
        {__LINE__, "", false},
        {__LINE__, "*", true},
        {__LINE__, "**", false},
        {__LINE__, TAG, true},
        {__LINE__, " " TAG " ", true},
        {__LINE__, "W/" TAG, true},
        {__LINE__, "w/" TAG, false},
        {__LINE__, "\"\"", false},
        {__LINE__, "\"a\", \"b\"", false},
        {__LINE__, "\"a\", " TAG, true},
        {__LINE__, "\"a\"," TAG ",\"b\"", true},
        {__LINE__, "\"a\",W/\"b\" ,\tW/" TAG, true},
        {__LINE__, ",, ," TAG, true},
        {__LINE__, "\"a,b\"," TAG, true},
        {__LINE__, "0123456789abcdef0123456789abcdef", false},
        {__LINE__, "\"0123456789abcdef0123456789abcdef", false},
        {__LINE__, "\"0123456789abcdef\"", false},
        {__LINE__, "\"0123456789abcdef0123456789abcdef0\"", false},
        {__LINE__, "\"0123456789ABCDEF0123456789ABCDEF\"", false},
        {__LINE__, "garbage, " TAG, false},
        {__LINE__, "W/", false},
        {__LINE__, "\"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(conditional_matches(rows[i].header, TAG), rows[i].matches);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"etag", test_etag},
                           {"etag tells bodies apart", test_etag_tells_bodies_apart},
                           {"matches", test_matches},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/http/conditional", NULL, NULL, tests);
}
