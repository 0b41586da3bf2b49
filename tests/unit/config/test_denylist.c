#include "config/denylist.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "suite.h"

#define WRONG(shown)                                                                               \
    "\"" shown "\" is no VPC endpoint's id, vpce- and lower-case hex digits; correct or remove it"
#define TEN "0123456789"

enum { TEXT_SIZE = DENYLIST_FILE_MAX + 64, PATH_SIZE = 64 };

static struct denylist list;
static struct denylist_fault fault;
static char text[TEXT_SIZE];

/* The ids with spaces between. */
static const char *joined(void)
{
    static char all[DENYLIST_MAX * ENDPOINT_ID_SIZE + 1];
    size_t used = 0;
    all[0] = '\0';
    for (size_t i = 0; i < list.count; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? " " : "", list.ids[i]);
    return all;
}

static void start(void)
{
    list.count = 0;
    fault = (struct denylist_fault){.line = -1};
}

static const struct {
    int line;
    const char *text;
    const char *ids; /* NULL: it is refused */
    const char *why;
} text_rows[] = {
    {__LINE__, "vpce-0a", "vpce-0a", ""},
    {__LINE__, "vpce-0b,vpce-0a", "vpce-0a vpce-0b", ""},
    {__LINE__, " vpce-0b , vpce-0a\t", "vpce-0a vpce-0b", ""},
    {__LINE__, "vpce-0a,vpce-0a", "vpce-0a", ""},
    {__LINE__, "vpce-0a,vpce-0a0,vpce-0", "vpce-0 vpce-0a vpce-0a0", ""},
    {__LINE__, "vpce-0a,", NULL, WRONG("")},
    {__LINE__, ",vpce-0a", NULL, WRONG("")},
    {__LINE__, "vpce-0a vpce-0b", NULL, WRONG("vpce-0a vpce-0b")},
    {__LINE__, "vpce-0a;vpce-0b", NULL, WRONG("vpce-0a;vpce-0b")},
    {__LINE__, "vpce-0a,vpce-0A", NULL, WRONG("vpce-0A")},
    {__LINE__, "vpce-0a,\"\n\xff\",vpce-0b", NULL, WRONG("\"??\"")},
    {__LINE__, TEN TEN TEN TEN TEN TEN TEN TEN, NULL,
     "\"" TEN TEN TEN TEN TEN TEN TEN "01\"... is no VPC endpoint's id, vpce- and lower-case hex "
     "digits; correct or remove it"},
};

static void test_text(void)
{
    for (size_t i = 0; i < sizeof text_rows / sizeof text_rows[0]; i++) {
        CHECK_ROW(text_rows[i].line);
        start();
        bool ok = denylist_add_text(&list, text_rows[i].text, &fault);
        CHECK_INT(ok, text_rows[i].ids != NULL);
        if (ok && text_rows[i].ids)
            CHECK_TEXT(joined(), text_rows[i].ids);
        CHECK_TEXT(fault.why, text_rows[i].why);
        CHECK_INT(fault.line, ok ? -1 : 0);
    }
}

static const struct {
    int line;
    const char *bytes;
    size_t len;      /* 0: up to the NUL */
    const char *ids; /* NULL: it is refused */
    int fault;
} line_rows[] = {
    {__LINE__, "", 0, "", -1},
    {__LINE__, "\n\n \t\r\n", 0, "", -1},
    {__LINE__, "# nobody\n", 0, "", -1},
    {__LINE__, "#", 0, "", -1},
    {__LINE__, "vpce-0a\nvpce-0b\n", 0, "vpce-0a vpce-0b", -1},
    {__LINE__, "vpce-0b\nvpce-0a", 0, "vpce-0a vpce-0b", -1},
    {__LINE__, "vpce-0a\r\nvpce-0b\r\n", 0, "vpce-0a vpce-0b", -1},
    {__LINE__, "# team x\n\n  vpce-0a  # since May\nvpce-0a\n", 0, "vpce-0a", -1},
    {__LINE__, "vpce-0a#vpce-0b\n", 0, "vpce-0a", -1},
    {__LINE__, "vpce-0a\nvpce-0b,vpce-0c\n", 0, NULL, 2},
    {__LINE__, "vpce-0a vpce-0b\n", 0, NULL, 1},
    {__LINE__, "\n# x\n\nvpce-\n", 0, NULL, 4},
    {__LINE__, "vpce-0a\0\n", 9, NULL, 1},
    {__LINE__, "vpce-0a\rvpce-0b\n", 0, NULL, 1},
    {__LINE__, "\xef\xbb\xbfvpce-0a\n", 0, NULL, 1},
    {__LINE__, "vpce-0a\nno", 0, NULL, 2},
};

static void test_lines(void)
{
    for (size_t i = 0; i < sizeof line_rows / sizeof line_rows[0]; i++) {
        CHECK_ROW(line_rows[i].line);
        size_t len = line_rows[i].len ? line_rows[i].len : strlen(line_rows[i].bytes);
        start();
        bool ok = denylist_add_lines(&list, line_rows[i].bytes, len, &fault);
        CHECK_INT(ok, line_rows[i].ids != NULL);
        if (ok && line_rows[i].ids)
            CHECK_TEXT(joined(), line_rows[i].ids);
        CHECK_INT(fault.line, line_rows[i].fault);
    }
}

/* That many ids of the longest kind, a separator after each but the last. */
static void many(int count, char separator)
{
    size_t used = 0;
    for (int i = 0; i < count; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "vpce-%059x%c", count - i, separator);
    text[used - 1] = '\0';
}

static void test_most(void)
{
    many(DENYLIST_MAX, ',');
    CHECK_COMPARE(strlen(text), <=, DENYLIST_TEXT_MAX);
    start();
    CHECK_TRUE(denylist_add_text(&list, text, &fault));
    CHECK_INT(list.count, DENYLIST_MAX);
    for (size_t i = 1; i < list.count; i++)
        CHECK_TRUE(strcmp(list.ids[i - 1], list.ids[i]) < 0, "\"%s\", \"%s\"", list.ids[i - 1],
                   list.ids[i]);
    many(DENYLIST_MAX + 1, '\n');
    start();
    CHECK_FALSE(denylist_add_lines(&list, text, strlen(text), &fault));
    CHECK_INT(fault.line, DENYLIST_MAX + 1);
    CHECK_TEXT(fault.why, "more than 1000 endpoints; remove those that are no more");
}

static void write_file(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "we");
    REQUIRE_NOT_NULL(file);
    CHECK_INT(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static void test_load(void)
{
    char dir[] = "/tmp/postern-denylist.XXXXXX", path[PATH_SIZE], pipe[PATH_SIZE];
    REQUIRE_NOT_NULL(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/denied", dir);
    snprintf(pipe, sizeof pipe, "%s/pipe", dir);

    start();
    list.count = 7;
    CHECK_TRUE(denylist_load(&list, "", "", &fault));
    CHECK_INT(list.count, 0);
    CHECK_FALSE(denylist_load(&list, "vpce-0a", path, &fault));
    CHECK_INT(fault.line, 0);
    CHECK_CONTAINS(fault.why, "cannot be opened: No such file");

    write_file(path, "vpce-0c\nvpce-0a\n", 16);
    CHECK_TRUE(denylist_load(&list, "vpce-0b,vpce-0a", path, &fault));
    CHECK_TEXT(joined(), "vpce-0a vpce-0b vpce-0c");
    CHECK_FALSE(denylist_load(&list, "x", path, &fault));

    memset(text, '#', sizeof text);
    write_file(path, text, DENYLIST_FILE_MAX);
    CHECK_TRUE(denylist_load(&list, "", path, &fault));
    write_file(path, text, DENYLIST_FILE_MAX + 1);
    CHECK_FALSE(denylist_load(&list, "", path, &fault));
    CHECK_CONTAINS(fault.why, "is over 262144 bytes");

    CHECK_INT(mkfifo(pipe, 0600), 0);
    CHECK_FALSE(denylist_load(&list, "", pipe, &fault));
    CHECK_CONTAINS(fault.why, "is no regular file");
    CHECK_FALSE(denylist_load(&list, "", dir, &fault));
    CHECK_CONTAINS(fault.why, "is no regular file");
    unlink(path);
    unlink(pipe);
    rmdir(dir);
}

int main(void)
{
    CU_TestInfo tests[] = {{"a text with commas", test_text},
                           {"a file's lines", test_lines},
                           {"as many as there may be", test_most},
                           {"text and file together", test_load},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/config/denylist", NULL, NULL, tests);
}
