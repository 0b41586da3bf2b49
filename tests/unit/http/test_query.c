#include "http/query.h"

#include <string.h>

#include "check.h"
#include "suite.h"

enum { WRONG_SIZE = 512 };

/* The names that the violations are about, each followed by a space. */
static void name_wrong(const struct violations *violations, char out[WRONG_SIZE])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < violation_kept(violations); i++) {
        CHECK_INT(violations->items[i].place, VIOLATION_QUERY);
        CHECK_OTHER_TEXT(violations->items[i].detail, "");
        used += (size_t)snprintf(out + used, WRONG_SIZE - used, "%s ", violations->items[i].where);
    }
}

static const struct {
    int line;
    const char *text;
    bool paged, pretty;
    int64_t limit;
    const char *after; /* NULL: not given */
    const char *wrong;
} read_rows[] = {
    {__LINE__, "", true, false, 0, NULL, ""},
    {__LINE__, "&&=&", true, false, 0, NULL, ""},
    {__LINE__, "pretty", false, true, 0, NULL, ""},
    {__LINE__, "pretty=", false, true, 0, NULL, ""},
    {__LINE__, "pretty=1", false, true, 0, NULL, ""},
    {__LINE__, "pretty=true", true, true, 0, NULL, ""},
    {__LINE__, "pretty=false", false, false, 0, NULL, ""},
    {__LINE__, "pretty=0", false, false, 0, NULL, ""},
    {__LINE__, "pretty=%30", false, false, 0, NULL, ""},
    {__LINE__, "Pretty", false, false, 0, NULL, ""},
    {__LINE__, "prett", false, false, 0, NULL, ""},
    {__LINE__, "prettyy", false, false, 0, NULL, ""},
    {__LINE__, "limit=1", true, false, 1, NULL, ""},
    {__LINE__, "limit=1000", true, false, 1000, NULL, ""},
    {__LINE__, "limit=%31%30", true, false, 10, NULL, ""},
    {__LINE__, "limit=0", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=1001", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=-1", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=+1", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=01", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=1.0", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=ten", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=", true, false, 0, NULL, "limit "},
    {__LINE__, "limit", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=99999999999999999999999", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=1%00", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=1%", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=1%3", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=1%zz", true, false, 0, NULL, "limit "},
    {__LINE__, "limit=1&limit=2", true, false, 1, NULL, "limit "},
    {__LINE__, "limit=x&limit=0", true, false, 0, NULL, "limit limit "},
    {__LINE__, "limit=0", false, false, 0, NULL, ""},
    {__LINE__, "after=7", true, false, 0, "7", ""},
    {__LINE__, "after=a%2Fb%2fc", true, false, 0, "a/b/c", ""},
    {__LINE__, "after=a+b", true, false, 0, "a+b", ""},
    {__LINE__, "after=a=b", true, false, 0, "a=b", ""},
    {__LINE__, "after=", true, false, 0, "", ""},
    {__LINE__, "after", true, false, 0, "", ""},
    {__LINE__, "after=%00", true, false, 0, "?", ""},
    {__LINE__, "after=7&after=7", true, false, 0, "7", "after "},
    {__LINE__, "after=7", false, false, 0, NULL, ""},
    {__LINE__, "limit=5&after=2&pretty", true, true, 5, "2", ""},
    {__LINE__, "pretty&other=1&after=2&limit=5&x", true, true, 5, "2", ""},
    {__LINE__, "limit=x&after=1&after=2", true, false, 0, "1", "limit after "},
};

static void test_read(void)
{
    for (size_t i = 0; i < sizeof read_rows / sizeof read_rows[0]; i++) {
        CHECK_ROW(read_rows[i].line);
        static struct violations violations;
        struct query query;
        char wrong[WRONG_SIZE];
        violations.count = 0;
        query_read(read_rows[i].text, read_rows[i].paged, &query, &violations);
        name_wrong(&violations, wrong);
        CHECK_INT(query.pretty, read_rows[i].pretty);
        CHECK_INT(query.limit, read_rows[i].limit);
        CHECK_INT(query.has_after, read_rows[i].after != NULL);
        if (read_rows[i].after)
            CHECK_TEXT(query.after, read_rows[i].after);
        CHECK_TEXT(wrong, read_rows[i].wrong);
    }
}

/* A value is kept whole or not at all. */
static void test_longest_value(void)
{
    static struct violations violations;
    static const char name[] = "after=";
    for (size_t len = QUERY_VALUE_SIZE - 2; len <= QUERY_VALUE_SIZE + 1; len++) {
        char text[sizeof name + QUERY_VALUE_SIZE + 1] = "after=";
        struct query query;
        memset(text + sizeof name - 1, 'a', len);
        query_read(text, true, &query, &violations);
        CHECK_INT(strlen(query.after), len < QUERY_VALUE_SIZE ? len : 1, "length %zu", len);
        CHECK_INT(query.after[0], len < QUERY_VALUE_SIZE ? 'a' : '?', "length %zu", len);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"read", test_read}, {"longest value", test_longest_value}, CU_TEST_INFO_NULL};
    return suite_run("unit/http/query", NULL, NULL, tests);
}
