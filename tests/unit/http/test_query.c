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

/* Reads a query string, and which names are wrong in it. */
static void read_text(const char *text, struct query_takes takes, struct query *query,
                      char wrong[WRONG_SIZE])
{
    static struct violations violations;
    violations.count = 0;
    query_read(text, takes, query, &violations);
    name_wrong(&violations, wrong);
}

static const struct {
    int line;
    const char *text;
    bool taken; /* the route takes a page and a reference */
    bool pretty;
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
    {__LINE__, "after=a+b", true, false, 0, "a b", ""},
    {__LINE__, "after=a%2Bb", true, false, 0, "a+b", ""},
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
        const bool taken = read_rows[i].taken;
        struct query query;
        char wrong[WRONG_SIZE];
        read_text(read_rows[i].text, (struct query_takes){.page = taken, .reference = taken},
                  &query, wrong);
        CHECK_INT(query.pretty, read_rows[i].pretty);
        CHECK_INT(query.limit, read_rows[i].limit);
        CHECK_INT(query.has_after, read_rows[i].after != NULL);
        if (read_rows[i].after)
            CHECK_TEXT(query.after, read_rows[i].after);
        CHECK_TEXT(wrong, read_rows[i].wrong);
    }
}

static const struct {
    int line;
    const char *text;
    struct query_takes takes;
    const char *reference; /* NULL: not given */
    const char *wrong;
} reference_rows[] = {
    {__LINE__, "", {false, true}, NULL, ""},
    {__LINE__, "reference=PO%2017", {false, true}, "PO 17", ""},
    {__LINE__, "reference=PO+17&limit=2", {true, true}, "PO 17", ""},
    {__LINE__, "pretty&reference=a%26b%3Dc%25", {true, true}, "a&b=c%", ""},
    {__LINE__, "reference=%C3%A9", {false, true}, "\xc3\xa9", ""},
    {__LINE__, "reference=%FF", {false, true}, "\xff", ""},
    {__LINE__, "reference", {false, true}, "", ""},
    {__LINE__, "reference=a%00b", {false, true}, "", ""},
    {__LINE__, "reference=a%4", {false, true}, "", ""},
    {__LINE__, "reference=a&reference=a", {false, true}, "a", "reference "},
    {__LINE__, "Reference=a", {false, true}, NULL, ""},
    {__LINE__, "reference=a&reference=b", {true, false}, NULL, ""},
    {__LINE__, "after=1&limit=0", {false, true}, NULL, ""},
};

static void test_reference(void)
{
    for (size_t i = 0; i < sizeof reference_rows / sizeof reference_rows[0]; i++) {
        CHECK_ROW(reference_rows[i].line);
        struct query query;
        char wrong[WRONG_SIZE];
        read_text(reference_rows[i].text, reference_rows[i].takes, &query, wrong);
        CHECK_INT(query.has_reference, reference_rows[i].reference != NULL);
        if (reference_rows[i].reference)
            CHECK_TEXT(query.reference, reference_rows[i].reference);
        CHECK_TEXT(wrong, reference_rows[i].wrong);
    }
}

static void test_write_value(void)
{
    static const struct {
        int line;
        const char *value, *written;
    } rows[] = {
        {__LINE__, "", ""},
        {__LINE__, "aZ09-._~", "aZ09-._~"},
        {__LINE__, "PO 17+&=%>\"", "PO%2017%2B%26%3D%25%3E%22"},
        {__LINE__, "\xc3\xa9\r\n", "%C3%A9%0D%0A"},
    };
    struct buffer out;
    buffer_init(&out, WRONG_SIZE);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        buffer_reset(&out, WRONG_SIZE);
        buffer_text(&out, "");
        query_write_value(&out, rows[i].value);
        CHECK_TEXT(out.data ? out.data : "", rows[i].written);
    }
    buffer_free(&out);
}

/* A value is kept whole, or as one that no resource takes. */
static void test_longest_value(void)
{
    static const struct {
        int line;
        const char *name;
        size_t size;
        bool reference;
        const char *instead;
    } rows[] = {
        {__LINE__, "after=", QUERY_AFTER_SIZE, false, "?"},
        {__LINE__, "reference=", QUERY_REFERENCE_SIZE, true, ""},
    };
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i / 2].line);
        static struct violations violations;
        char text[QUERY_REFERENCE_SIZE + 32];
        size_t len = rows[i / 2].size - 1 + i % 2;
        struct query query;
        int used = snprintf(text, sizeof text, "%s", rows[i / 2].name);
        memset(text + used, 'a', len);
        text[(size_t)used + len] = '\0';
        query_read(text, (struct query_takes){true, true}, &query, &violations);
        const char *kept = rows[i / 2].reference ? query.reference : query.after;
        CHECK_TEXT(kept, i % 2 ? rows[i / 2].instead : text + used);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"read", test_read},
                           {"reference", test_reference},
                           {"write value", test_write_value},
                           {"longest value", test_longest_value},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/http/query", NULL, NULL, tests);
}
