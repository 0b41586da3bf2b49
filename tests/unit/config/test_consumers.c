#include "config/consumers.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "suite.h"

#define TEN       "0123456789"
#define NO_ID     " is no VPC endpoint's id, vpce- and lower-case hex digits, and neither * nor -"
#define NO_NAME   " is no name: at most 63 of a-z"
#define NO_OPTION " is none of rate=N, burst=N and denied, each once"
#define NO_RATE   " is not one whole number from 1 to 100000"
#define NO_BURST  " is not one whole number from 1 to 1000000"
#define LONG_NAME TEN TEN TEN TEN TEN TEN "012"
#define LONG_ID   "vpce-" TEN TEN TEN TEN TEN "012345678"
#define PUBLISHED "postern-consumers 1\n"

enum { TEXT_SIZE = CONSUMERS_MAX * CONSUMERS_LINE_SIZE };

static struct consumers consumers;
static struct consumers_fault fault;
static char text[TEXT_SIZE];

static void start(void)
{
    consumers.count = 0;
    fault = (struct consumers_fault){.line = -1};
}

/* The table as it is published, without its first line. */
static const char *written(void)
{
    static char all[TEXT_SIZE + 1];
    size_t used = 0;
    all[0] = '\0';
    for (size_t i = 0; i < consumers.count; i++)
        used += consumers_format(&consumers.lines[i], all + used);
    return all;
}

static const struct {
    int line;
    const char *bytes;
    const char *table; /* as it is published; NULL: it is refused */
    int fault;
    const char *why; /* how the message starts */
} rows[] = {
    {__LINE__, "", "", -1, ""},
    {__LINE__, "\n\n \t\r\n# nobody\n#", "", -1, ""},
    {__LINE__, "vpce-0a acme", "vpce-0a acme\n", -1, ""},
    {__LINE__, "vpce-0a acme rate=50", "vpce-0a acme rate=50 burst=100\n", -1, ""},
    {__LINE__, "vpce-0a acme burst=1 rate=50\n", "vpce-0a acme rate=50 burst=1\n", -1, ""},
    {__LINE__, "vpce-0a acme denied", "vpce-0a acme denied\n", -1, ""},
    {__LINE__, "vpce-0a - denied rate=1", "vpce-0a - rate=1 burst=2 denied\n", -1, ""},
    {__LINE__, " \tvpce-0a\tacme  rate=7\t\r\n", "vpce-0a acme rate=7 burst=14\n", -1, ""},
    {__LINE__, "vpce-0a acme#rate=7\n", "vpce-0a acme\n", -1, ""},
    {__LINE__, "vpce-0a acme rate=100000 burst=1000000\n",
     "vpce-0a acme rate=100000 burst=1000000\n", -1, ""},
    {__LINE__, LONG_ID " " LONG_NAME " rate=100000 burst=1000000 denied",
     LONG_ID " " LONG_NAME " rate=100000 burst=1000000 denied\n", -1, ""},
    {__LINE__, "vpce-0b b\n- local\nvpce-0a -\n* other rate=2\n",
     "* other rate=2 burst=4\n- local\nvpce-0a -\nvpce-0b b\n", -1, ""},
    {__LINE__, "vpce-0a acme rate=5\nvpce-0b acme burst=10 rate=5\n- acme rate=5 burst=10",
     "- acme rate=5 burst=10\nvpce-0a acme rate=5 burst=10\nvpce-0b acme rate=5 burst=10\n", -1,
     ""},
    {__LINE__, "vpce-0a - rate=5\nvpce-0b - rate=6\n* - denied",
     "* - denied\nvpce-0a - rate=5 burst=10\nvpce-0b - rate=6 burst=12\n", -1, ""},
    {__LINE__, "vpce-0a acme denied\nvpce-0b acme denied\n",
     "vpce-0a acme denied\nvpce-0b acme denied\n", -1, ""},

    {__LINE__, "vpce-0A acme", NULL, 1, "\"vpce-0A\"" NO_ID},
    {__LINE__, "\n# x\n\nvpce- acme\n", NULL, 4, "\"vpce-\"" NO_ID},
    {__LINE__, "vpce-0a,vpce-0b acme", NULL, 1, "\"vpce-0a,vpce-0b\"" NO_ID},
    {__LINE__, "\xef\xbb\xbfvpce-0a acme", NULL, 1, "\"???vpce-0a\"" NO_ID},
    {__LINE__, "** acme", NULL, 1, "\"**\"" NO_ID},
    {__LINE__, TEN TEN TEN TEN TEN TEN TEN TEN " x", NULL, 1,
     "\"" TEN TEN TEN TEN TEN TEN TEN "01\"..." NO_ID},
    {__LINE__, "vpce-0a", NULL, 1, "\"vpce-0a\" has no name; write one behind it, or - for none"},
    {__LINE__, "vpce-0a # acme", NULL, 1, "\"vpce-0a\" has no name"},
    {__LINE__, "vpce-0a Acme", NULL, 1, "\"Acme\"" NO_NAME},
    {__LINE__, "vpce-0a _a", NULL, 1, "\"_a\"" NO_NAME},
    {__LINE__, "vpce-0a --", NULL, 1, "\"--\"" NO_NAME},
    {__LINE__, "vpce-0a rate=5", NULL, 1, "\"rate=5\"" NO_NAME},
    {__LINE__, "vpce-0a vpce-0b", NULL, 1, "\"vpce-0b\"" NO_NAME},
    {__LINE__, "vpce-0a " LONG_NAME "3", NULL, 1, "\"" LONG_NAME "3\"" NO_NAME},
    {__LINE__, "vpce-0a a\n* a;b", NULL, 2, "\"a;b\"" NO_NAME},
    {__LINE__, "vpce-0a a rate=0", NULL, 1, "\"rate=0\"" NO_RATE},
    {__LINE__, "vpce-0a a rate=100001", NULL, 1, "\"rate=100001\"" NO_RATE},
    {__LINE__, "vpce-0a a rate=1.5", NULL, 1, "\"rate=1.5\"" NO_RATE},
    {__LINE__, "vpce-0a a rate=", NULL, 1, "\"rate=\"" NO_RATE},
    {__LINE__, "vpce-0a a rate=1 rate=1", NULL, 1, "\"rate=1\"" NO_RATE},
    {__LINE__, "vpce-0a a rate=1 burst=1000001", NULL, 1, "\"burst=1000001\"" NO_BURST},
    {__LINE__, "vpce-0a a rate=1 burst=1 burst=2", NULL, 1, "\"burst=2\"" NO_BURST},
    {__LINE__, "vpce-0a a burst=5", NULL, 1, "burst= needs rate="},
    {__LINE__, "vpce-0a a denied denied", NULL, 1, "\"denied\"" NO_OPTION},
    {__LINE__, "vpce-0a a Rate=5", NULL, 1, "\"Rate=5\"" NO_OPTION},
    {__LINE__, "vpce-0a a b", NULL, 1, "\"b\"" NO_OPTION},

    {__LINE__, "vpce-0b a\n\nvpce-0a b\nvpce-0b a\n", NULL, 4,
     "vpce-0b is on line 1 already; remove one of them"},
    {__LINE__, "* a\n* b\n", NULL, 2, "* is on line 1 already"},
    {__LINE__, "#\nvpce-0a a rate=1\nvpce-0b a rate=2\n", NULL, 3,
     "a has another rate=, burst= or denied than on line 2; make them the same"},
    {__LINE__, "vpce-0b a rate=1 burst=3\nvpce-0a a rate=1\n", NULL, 2, "a has another rate="},
    {__LINE__, "vpce-0a a denied\nvpce-0b b\nvpce-0c a\n", NULL, 3,
     "a has another rate=, burst= or denied than on line 1"},
    {__LINE__, "vpce-0a a rate=1\n* a rate=1\n", NULL, 2,
     "a is also the name on line 1, and the name of * is for it alone; choose another"},
    {__LINE__, "* a\nvpce-0a a\n", NULL, 2, "a is also the name on line 1"},
};

static void test_lines(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        start();
        bool ok = consumers_add_lines(&consumers, rows[i].bytes, strlen(rows[i].bytes), &fault);
        CHECK_INT(ok, rows[i].table != NULL);
        if (ok)
            CHECK_TEXT(written(), rows[i].table);
        CHECK_INT(fault.line, rows[i].fault);
        CHECK_START(fault.why, rows[i].why);
    }
    start();
    CHECK_FALSE(consumers_add_lines(&consumers, "vpce-0a\0 a\n", 11, &fault));
    CHECK_START(fault.why, "\"vpce-0a?\" is no VPC endpoint's id");
}

static void test_text(void)
{
    start();
    CHECK_TRUE(consumers_add_text(&consumers, "vpce-0b b denied; vpce-0a a\n# x ; * o;;", &fault));
    CHECK_TEXT(written(), "* o\nvpce-0a a\nvpce-0b b denied\n");
    CHECK_FALSE(consumers_add_lines(&consumers, "\nvpce-0b b\n", 11, &fault));
    CHECK_INT(fault.line, 2);
    CHECK_START(fault.why, "vpce-0b is on line 1 of POSTERN_CONSUMERS already");
    CHECK_FALSE(consumers_add_text(&consumers, "vpce-1 x;vpce-2 b", &fault));
    CHECK_INT(fault.line, 2);
    CHECK_START(fault.why, "b has another rate=, burst= or denied than on line 1; make");
}

static void test_find(void)
{
    static const struct {
        int line;
        const char *endpoint;
        const char *with;    /* the name of the line found */
        const char *without; /* the same, where * has no line */
    } find_rows[] = {
        {__LINE__, "vpce-0a", "a", "a"},       {__LINE__, "vpce-0a0", "b", "b"},
        {__LINE__, "vpce-0b", "-", "-"},       {__LINE__, "vpce-0", "other", NULL},
        {__LINE__, "vpce-0a1", "other", NULL}, {__LINE__, "vpce-ff", "other", NULL},
        {__LINE__, "-", NULL, NULL},
    };
    static const char lines[] = "vpce-0a0 b\nvpce-0b -\nvpce-0a a\n", all[] = "* other\n";
    for (int with = 0; with <= 1; with++) {
        start();
        CHECK_TRUE(consumers_add_lines(&consumers, lines, strlen(lines), &fault));
        CHECK_TRUE(!with || consumers_add_lines(&consumers, all, strlen(all), &fault));
        for (size_t i = 0; i < sizeof find_rows / sizeof find_rows[0]; i++) {
            CHECK_ROW(find_rows[i].line);
            const struct consumers_line *line = consumers_find(&consumers, find_rows[i].endpoint);
            CHECK_TEXT(line ? line->name : NULL, with ? find_rows[i].with : find_rows[i].without);
        }
    }
    start();
    CHECK_TRUE(consumers_add_lines(&consumers, "- local\n", 8, &fault));
    const struct consumers_line *nobody = consumers_find(&consumers, "-");
    REQUIRE_NOT_NULL(nobody);
    CHECK_TEXT(nobody->name, "local");
    CHECK_NULL(consumers_find(&consumers, "vpce-0a"));
}

#define OTHER_VERSION "does not start with \"postern-consumers 1\"; another version wrote it"

static void test_published(void)
{
    static const struct {
        int line;
        const char *bytes;
        const char *table; /* NULL: it is refused */
        int fault;
        const char *why;
    } published_rows[] = {
        {__LINE__, PUBLISHED, "", -1, ""},
        {__LINE__, PUBLISHED "* o denied\nvpce-0a a rate=1 burst=2\n",
         "* o denied\nvpce-0a a rate=1 burst=2\n", -1, ""},
        {__LINE__, PUBLISHED "vpce-0a a\nvpce-0a a\n", NULL, 3, "vpce-0a is on line 2 already"},
        {__LINE__, "postern-consumers 10\n", NULL, 1, OTHER_VERSION},
        {__LINE__, "postern-consumers 1", NULL, 1, OTHER_VERSION},
        {__LINE__, "", NULL, 1, OTHER_VERSION},
    };
    CHECK_TEXT(consumers_head(), PUBLISHED);
    for (size_t i = 0; i < sizeof published_rows / sizeof published_rows[0]; i++) {
        const char *bytes = published_rows[i].bytes;
        CHECK_ROW(published_rows[i].line);
        start();
        bool ok = consumers_add_published(&consumers, bytes, strlen(bytes), &fault);
        CHECK_INT(ok, published_rows[i].table != NULL);
        if (ok)
            CHECK_TEXT(written(), published_rows[i].table);
        CHECK_INT(fault.line, published_rows[i].fault);
        if (!ok)
            CHECK_START(fault.why, published_rows[i].why);
    }
}

/* As many lines as there may be, of the longest kind, in falling order. */
static void test_most(void)
{
    size_t used = 0;
    for (int i = 0; i < CONSUMERS_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "vpce-%059x n%062d rate=100000 burst=1000000 denied\n",
                                 CONSUMERS_MAX - i, i);
    start();
    CHECK_TRUE(consumers_add_lines(&consumers, text, used, &fault));
    CHECK_INT(consumers.count, CONSUMERS_MAX);
    for (size_t i = 1; i < consumers.count; i++)
        CHECK_TRUE(strcmp(consumers.lines[i - 1].endpoint, consumers.lines[i].endpoint) < 0);
    CHECK_FALSE(consumers_add_lines(&consumers, "#\nvpce-0a a\n", 12, &fault));
    CHECK_INT(fault.line, 2);
    CHECK_TEXT(fault.why, "more than 1000 endpoints; remove those that are no more");
}

/* In whatever order the lines come, each is put in its place, and nothing behind the table moves.
 */
static void test_orders_of_filling(void)
{
    static const int steps[] = {1, 7,
                                CONSUMERS_MAX - 1}; /* coprime to the count: rising to falling */
    static struct {
        struct consumers table;
        unsigned char behind[sizeof(struct consumers)];
    } guarded;
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
        CHECK_OF("step %d", steps[s]);
        size_t used = 0, moved = 0;
        for (int i = 0; i < CONSUMERS_MAX; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "vpce-%08x -\n",
                                     i * steps[s] % CONSUMERS_MAX);
        guarded.table.count = 0;
        for (size_t i = 0; i < sizeof guarded.behind; i++)
            guarded.behind[i] = (unsigned char)(i % 251);
        CHECK_TRUE(consumers_add_lines(&guarded.table, text, used, &fault));
        CHECK_INT(guarded.table.count, CONSUMERS_MAX);
        for (size_t i = 1; i < guarded.table.count; i++)
            CHECK_TRUE(
                strcmp(guarded.table.lines[i - 1].endpoint, guarded.table.lines[i].endpoint) < 0);
        for (size_t i = 0; i < sizeof guarded.behind; i++)
            moved += guarded.behind[i] != (unsigned char)(i % 251);
        CHECK_INT(moved, 0);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"a file's lines", test_lines},
                           {"a setting's text", test_text},
                           {"the line that holds", test_find},
                           {"what is published", test_published},
                           {"as many as there may be", test_most},
                           {"in any order", test_orders_of_filling},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/config/consumers", NULL, NULL, tests);
}
