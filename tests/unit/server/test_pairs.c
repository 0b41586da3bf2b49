#include "server/pairs.h"

#include <string.h>

#include "check.h"
#include "suite.h"

#define BYTES(bytes) (bytes), sizeof(bytes) - 1

static void test_read(void)
{
    static const struct {
        int line;
        const char *bytes;
        size_t len;
        bool ok;
        const char *name, *value;
        size_t at; /* behind it */
    } rows[] = {
        {__LINE__, BYTES("\1\1Ab"), true, "A", "b", 4},
        {__LINE__, BYTES("\1\1Abrest"), true, "A", "b", 4},
        {__LINE__, BYTES("\0\0"), true, "", "", 2},
        {__LINE__, BYTES("\1\0A"), true, "A", "", 3},
        {__LINE__, BYTES("\x80\0\0\1\1Ab"), true, "A", "b", 7},
        {__LINE__, BYTES("\1\x80\0\0\1Ab"), true, "A", "b", 7},
        {__LINE__, BYTES("\1"), false, "", "", 0},
        {__LINE__, BYTES("\x80\0\0"), false, "", "", 0},
        {__LINE__, BYTES("\1\x80\0\0"), false, "", "", 0},
        {__LINE__, BYTES("\1\1A"), false, "", "", 0},
        {__LINE__, BYTES("\1\2Ab"), false, "", "", 0},
        {__LINE__, BYTES("\3\0Ab"), false, "", "", 0},
        {__LINE__, BYTES("\xff\xff\xff\xfe\0A"), false, "", "", 0},
        {__LINE__, BYTES("\1\xff\xff\xff\xff\x41"), false, "", "", 0},
        {__LINE__, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"), false, "", "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct pairs_one pair;
        size_t at = 0;
        bool ok = pairs_read(rows[i].bytes, rows[i].len, &at, &pair);
        CHECK_INT(ok, rows[i].ok);
        if (!ok || !rows[i].ok)
            continue;
        CHECK_BYTES(pair.name, pair.name_len, rows[i].name, strlen(rows[i].name));
        CHECK_BYTES(pair.value, pair.value_len, rows[i].value, strlen(rows[i].value));
        CHECK_INT(at, rows[i].at);
    }
}

static void test_put(void)
{
    char longest[128];
    struct buffer out;
    struct pairs_one pair;
    size_t at = 0;
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    buffer_init(&out, 1024);
    pairs_put(&out, "A", "bc");
    pairs_put(&out, longest, "");
    CHECK_BYTES(out.data, out.len > 5 ? 5 : out.len, "\1\2Abc", 5);
    CHECK_TRUE(pairs_read(out.data, out.len, &at, &pair));
    CHECK_INT(at, 5);
    CHECK_TRUE(pairs_read(out.data, out.len, &at, &pair));
    CHECK_BYTES(pair.name, pair.name_len, longest, strlen(longest));
    CHECK_INT(pair.value_len, 0);
    CHECK_INT(at, out.len);
    buffer_free(&out);
}

int main(void)
{
    CU_TestInfo tests[] = {{"read", test_read}, {"put", test_put}, CU_TEST_INFO_NULL};
    return suite_run("unit/server/pairs", NULL, NULL, tests);
}
