/* The command line: import and export, migrate, and what it says of mistakes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/pair.h"
#include "e2e/process.h"

enum { OUT_SIZE = 64 * 1024, ERRORS_MAX = 6, WAIT_MS = 15000 };

#define HEADER CATALOGUE_HEADER
#define BOM    "\xef\xbb\xbf"

static struct pair pair;
static char out[OUT_SIZE];

static int setup(void)
{
    return pair_start(&pair, &(struct pair_options){.catalogue = NULL}) ? 0 : 1;
}

static int teardown(void)
{
    pair_end(&pair);
    return 0;
}

/* Runs one command with at most two arguments; what it says goes to out and, new, command.log. */
static int run(const struct pair *with, const char *command, const char *first, const char *second)
{
    const char *argv[] = {command, first, first ? second : NULL, NULL};
    pair_write(with, "command.log", "");
    return pair_command(with, argv, out, sizeof out);
}

/* The pair's folder and settings, but a database of its own, migrated. */
static struct pair with_database(const char *name)
{
    struct pair with = pair;
    char url[PAIR_SETTING_SIZE];
    snprintf(url, sizeof url, "DATABASE_URL=sqlite:%s/%s.db", pair.dir, name);
    CHECK_TRUE(pair_set(&with, url));
    CHECK_INT(run(&with, "migrate", NULL, NULL), 0);
    return with;
}

/* Imports a file with an option, or none if it is NULL. */
static int import_with(const struct pair *with, const char *option, const char *text)
{
    char path[PAIR_PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/import.txt", pair.dir);
    CHECK_TRUE(pair_write(with, "import.txt", text));
    return run(with, "import", option ? option : path, option ? path : NULL);
}

static int import_text(const struct pair *with, const char *text)
{
    return import_with(with, NULL, text);
}

static const struct {
    int line;
    const char *text;
    const char *exported; /* without the header */
} good_rows[] = {
    {__LINE__, HEADER "1,A,B,9.99,10\n", "1,A,B,9.99,10\n"},
    {__LINE__, BOM HEADER "1,A,B,9.9,10\n", "1,A,B,9.90,10\n"},
    {__LINE__, "id,name,description,price,quantity\r\n1,A,B,9,0\r\n2,C,,0,1\r\n",
     "1,A,B,9.00,0\n2,C,,0.00,1\n"},
    {__LINE__, HEADER "1,\"A, \"\"B\"\"\",\"two\nlines\",1.00,1\n",
     "1,\"A, \"\"B\"\"\",\"two\nlines\",1.00,1\n"},
    {__LINE__, "quantity,price,name,id\n7,1.25,Z,3\n", "3,Z,,1.25,7\n"},
    {__LINE__, HEADER "\n2,B,,1.00,1\n\n1,A,,1.00,1", "1,A,,1.00,1\n2,B,,1.00,1\n"},
    {__LINE__, HEADER, ""},
    {__LINE__, HEADER "9007199254740991,L,,99999999.99,9007199254740991\n",
     "9007199254740991,L,,99999999.99,9007199254740991\n"},
    {__LINE__, "[]", ""},
    {__LINE__, "\xef\xbb\xbf[{\"id\":1,\"name\":\"A\",\"price\":1,\"quantity\":1}]",
     "1,A,,1.00,1\n"},
    {__LINE__,
     "[{\"id\":1,\"name\":\"A\",\"description\":\"\\u00e9\",\"price\":0.1,"
     "\"quantity\":1}]",
     "1,A,\xc3\xa9,0.10,1\n"},
    {__LINE__,
     "\n [ {\"quantity\":2,\"price\":5,\"name\":\"\\\"\",\"id\":2},\n"
     "{\"id\":1,\"name\":\"x\",\"price\":19.99,\"quantity\":0,\"description\":\"\"} ]\n",
     "1,x,,19.99,0\n2,\"\"\"\",,5.00,2\n"},
};

static void test_good_imports(void)
{
    for (size_t i = 0; i < sizeof good_rows / sizeof good_rows[0]; i++) {
        CHECK_ROW(good_rows[i].line);
        char name[32], expected[1024];
        snprintf(name, sizeof name, "good-%zu", i);
        snprintf(expected, sizeof expected, HEADER "%s", good_rows[i].exported);
        struct pair with = with_database(name);
        CHECK_INT(import_text(&with, good_rows[i].text), 0);
        CHECK_INT(run(&with, "export", NULL, NULL), 0);
        CHECK_TEXT(out, expected);
    }
}

static const struct {
    int line;
    const char *text;
    const char *errors[3];
} bad_rows[] = {
    {__LINE__, "", {"line 1, column 1: the file is empty"}},
    {__LINE__, "name,price\n", {"line 1, column 1: there is no column \"id\""}},
    {__LINE__, "id,name,price,quantity,colour\n", {"line 1, column 24: unknown column \"colour\""}},
    {__LINE__, HEADER "1,A,,x,1\n", {"line 2, column 6: price must be"}},
    {__LINE__, HEADER "1,A,,1.005,1\n", {"line 2, column 6: price must be"}},
    {__LINE__,
     HEADER "0,A,,1,1\n5,B,,1,-1\n7,,,1,1\n",
     {"line 2, column 1: id must be", "line 3, column 8: quantity must be",
      "line 4, column 3: name must be"}},
    {__LINE__, HEADER "5,G,\"a\nb\",1,1\n6,H,,1,1e3\n", {"line 4, column 8: quantity must be"}},
    {__LINE__, HEADER "5,G,,1,1\n6,H,,1\n", {"line 3, column 6: 4 fields"}},
    {__LINE__, HEADER "5,G,,1,1\n6,\"H,,1,1\n", {"line 3, column 3: this quote is never closed"}},
    {__LINE__, HEADER "5,G\"x\",,1,1\n", {"line 2, column 4: a quote must enclose"}},
    {__LINE__, HEADER "5,\xff,,1,1\n", {"line 2, column 3: name must be"}},
    {__LINE__,
     "[{\"id\":5,\"name\":\"G\",\"price\":1,\"quantity\":1},\n{\"name\":\"H\"},7]",
     {"item 2: id is missing", "item 3: must be an object"}},
    {__LINE__,
     "[{\"id\":5,\"name\":\"G\",\"price\":\"1\",\"quantity\":1}]",
     {"item 1: price must be"}},
    {__LINE__,
     "[{\"id\":5,\"name\":\"G\",\"price\":1,\"quantity\":1,\"colour\":1}]",
     {"item 1: unknown member \"colour\""}},
    {__LINE__, "[\n{\"id\":5,}]", {"line 2, column 9: "}},
    {__LINE__,
     HEADER "5,G,,1,1\n6,\"H\n\",,1,1\n7,I,,1,1\n\n5,J,,1,1\n7,K,,1,1\n",
     {"line 3, column 3: name must be",
      "line 7, column 1: the id 5 is that of line 2, column 1 already",
      "line 8, column 1: the id 7 is that of line 5, column 1 already"}},
    {__LINE__,
     "[{\"id\":5,\"name\":\"G\",\"price\":1,\"quantity\":1},\n"
     "{\"id\":6,\"name\":\"H\",\"price\":1,\"quantity\":1},\n"
     "{\"id\":5,\"name\":\"I\",\"price\":1,\"quantity\":1}]",
     {"line 3, item 3: the id 5 is that of line 1, item 1 already; give each product once"}},
    {__LINE__,
     "{\"products\":[{\"id\":5,\"name\":\"G\",\"price\":1,\"quantity\":1}]}",
     {"line 1, column 1: must be a JSON array of products"}},
    {__LINE__,
     "{\"id\":5,\"name\":\"G\",\"price\":1,\"quantity\":1}\n"
     "{\"id\":6,\"name\":\"H\",\"price\":1,\"quantity\":1}\n",
     {"line 1, column 1: must be a JSON array of products"}},
    {__LINE__, "\xef\xbb\xbf{}", {"line 1, column 1: must be a JSON array of products"}},
    {__LINE__, "\xff\xfei", {"is UTF-16; save it as UTF-8"}},
    {__LINE__, "\xfe\xff", {"is UTF-16; save it as UTF-8"}},
    {__LINE__, "i", {"unknown column \"i\""}},
    {__LINE__, "PK\3\4", {"is a spreadsheet or ZIP archive"}},
    {__LINE__, "\x1f\x8b\x08", {"is compressed by gzip"}},
    {__LINE__,
     "[{\"id\":5,\"name\":\"G\",\"price\":1e-400,\"quantity\":1}]",
     {"item 1: price must be"}},
    {__LINE__, HEADER "5,\xc2\x9b,,1,1\n", {"line 2, column 3: name must be"}},
    {__LINE__, "[{\"id\":5,\"name\":\"G\",\"price\":1,\"quantity\":1}] x", {"line 1, column 46: "}},
};

static void test_bad_imports(void)
{
    static const char before[] = HEADER "1,Stays,,1.00,1\n";
    struct pair with = with_database("bad");
    CHECK_INT(import_text(&with, before), 0);
    for (size_t i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
        CHECK_ROW(bad_rows[i].line);
        CHECK_INT(import_text(&with, bad_rows[i].text), 1);
        for (size_t e = 0; e < 3 && bad_rows[i].errors[e]; e++)
            CHECK_LOG(&pair, "command.log", bad_rows[i].errors[e], 0);
        CHECK_INT(run(&with, "export", NULL, NULL), 0);
        CHECK_TEXT(out, before);
    }
    CHECK_INT(run(&with, "import", "/nonexistent/file.csv", NULL), 1);
    CHECK_LOG(&pair, "command.log", "/nonexistent/file.csv: No such file", 0);
    CHECK_INT(run(&with, "import", NULL, NULL), 2);
}

/* The first character is one of ASCII, so one of its two bytes is a NUL. */
static void test_utf16_without_a_mark(void)
{
    static const char *const files[] = {"i\0d\0", "\0i\0d", "[\0]\0"};
    char path[PAIR_PATH_SIZE + 32];
    struct pair with = with_database("utf16");
    snprintf(path, sizeof path, "%s/import.txt", pair.dir);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        CHECK_OF("file %zu", i);
        FILE *file = fopen(path, "we");
        REQUIRE_NOT_NULL(file);
        fwrite(files[i], 1, 4, file);
        fclose(file);
        CHECK_INT(run(&with, "import", path, NULL), 1);
        CHECK_LOG(&pair, "command.log", "is UTF-16; save it as UTF-8", 0);
    }
}

/* A running server sees what was imported; what is not in the file stays. */
static void test_upsert(void)
{
    struct client_answer answer;
    struct client *client = client_open(pair.port);
    REQUIRE_NOT_NULL(client);
    CHECK_INT(import_with(&pair, "--set-stock", HEADER "2,Renamed,,5.50,77\n4,New,,1.00,1\n"), 0);
    CHECK_CONTAINS(out, "imported 2 products: 1 added, 1 changed, 0 left as they are\n");
    client_get(client, "/products", &answer);
    CHECK_TEXT(
        answer.body,
        "[{\"description\":\"Description for product 1\",\"id\":1,\"name\":\"Product 1\","
        "\"price\":9.99,\"quantity\":10},{\"description\":\"\",\"id\":2,\"name\":\"Renamed\","
        "\"price\":5.50,\"quantity\":77},{\"description\":\"Description for product 3\",\"id\":3,"
        "\"name\":\"Product 3\",\"price\":29.99,\"quantity\":2},{\"description\":\"\",\"id\":4,"
        "\"name\":\"New\",\"price\":1.00,\"quantity\":1}]");
    client_close(client);
}

static void test_import_if_empty(void)
{
    static const char catalogue[] = HEADER "1,A,,1.00,1\n";
    char path[PAIR_PATH_SIZE + 32];
    struct pair with = with_database("if-empty");
    snprintf(path, sizeof path, "%s/import.txt", pair.dir);
    CHECK_TRUE(pair_write(&with, "import.txt", catalogue));
    CHECK_INT(run(&with, "import", "--if-empty", path), 0);
    CHECK_CONTAINS(out, "imported 1 products");
    CHECK_TRUE(pair_write(&with, "import.txt", HEADER "1,B,,2.00,2\n2,C,,1.00,1\n"));
    CHECK_INT(run(&with, "import", "--if-empty", path), 0);
    CHECK_CONTAINS(out, "imported nothing");
    CHECK_INT(run(&with, "export", NULL, NULL), 0);
    CHECK_TEXT(out, catalogue);
    CHECK_INT(run(&with, "import", "--if-empty", NULL), 2);
    CHECK_INT(run(&with, "import", "--other", path), 2);
}

/* In the child: the file is standard input, DIR/command.log all output. */
static void exec_from(const struct pair *with, const char *file, const char *url)
{
    char path[PAIR_PATH_SIZE + 32];
    const char *binary = getenv("POSTERN");
    binary = binary && *binary ? binary : "build/release/postern";
    snprintf(path, sizeof path, "%s/%s", with->dir, file);
    int in = open(path, O_RDONLY);
    snprintf(path, sizeof path, "%s/command.log", with->dir);
    int log = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (in < 0 || log < 0 || dup2(in, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 ||
        setenv("DATABASE_URL", url, 1) != 0 || unsetenv("POSTERN") != 0)
        _exit(126);
    execl(binary, binary, "import", "-", (char *)NULL);
    _exit(127);
}

static void test_standard_input(void)
{
    char url[PAIR_SETTING_SIZE];
    struct pair with = with_database("stdin");
    snprintf(url, sizeof url, "sqlite:%s/stdin.db", pair.dir);
    CHECK_TRUE(pair_write(&with, "in.csv", HEADER "1,A,,1.00,1\n"));
    pid_t pid = fork();
    if (pid == 0)
        exec_from(&with, "in.csv", url);
    int status = process_reap(pid, WAIT_MS);
    CHECK_INT(process_exit(status), 0);
    CHECK_LOG(&pair, "command.log", "imported 1 products", 0);
    CHECK_INT(run(&with, "export", NULL, NULL), 0);
    CHECK_TEXT(out, HEADER "1,A,,1.00,1\n");
    CHECK_INT(run(&with, "import", "-", NULL), 1); /* /dev/null */
    CHECK_LOG(&pair, "command.log", "-: line 1, column 1: the file is empty", 0);
}

static void test_round_trip(void)
{
    char first[1024];
    struct pair one = with_database("one"), two = with_database("two");
    CHECK_INT(import_text(&one, HEADER "1,\"a \"\"b\"\", c\",\"line 1\nline 2,\r\n\tend\","
                                       "0.01,3\n2,\xf0\x9f\x94\xa9 Bolt,\" x \",1.10,4\n"),
              0);
    CHECK_INT(run(&one, "export", NULL, NULL), 0);
    snprintf(first, sizeof first, "%.*s", (int)sizeof first - 1, out);
    CHECK_CONTAINS(first, "\"line 1\nline 2,\r\n\tend\"");
    CHECK_INT(import_text(&two, first), 0);
    CHECK_INT(run(&two, "export", NULL, NULL), 0);
    CHECK_TEXT(out, first);
}

static void test_migrate(void)
{
    struct pair with = with_database("migrate");
    CHECK_CONTAINS(out, "from version 0 to ");
    CHECK_INT(run(&with, "migrate", NULL, NULL), 0);
    CHECK_CONTAINS(out, "already");
    CHECK_TRUE(pair_set(&with, "DATABASE_URL=sqlite:/nonexistent/folder/x.db"));
    CHECK_INT(run(&with, "migrate", NULL, NULL), 1);
    CHECK_LOG(&pair, "command.log", "its folder exists", 0);
    CHECK_INT(run(&with, "export", NULL, NULL), 1);
}

static const struct {
    int line;
    int status;
    const char *argv[3];
    const char *text; /* in out, or if it fails in command.log */
} usage_rows[] = {
    {__LINE__, 0, {"version"}, "postern "},
    {__LINE__, 0, {"--version"}, "postern "},
    {__LINE__, 0, {"help"}, "usage: postern COMMAND"},
    {__LINE__, 0, {"--help"}, "healthcheck"},
    {__LINE__, 0, {"-h"}, "usage: postern COMMAND"},
    {__LINE__, 0, {"serve", "--help"}, "POSTERN_DRAIN_SECONDS"},
    {__LINE__, 0, {"migrate", "--help"}, "usage: postern migrate"},
    {__LINE__, 0, {"import", "--help"}, "usage: postern import"},
    {__LINE__, 0, {"export", "--help"}, "usage: postern export"},
    {__LINE__, 0, {"retire", "--help"}, "usage: postern retire"},
    {__LINE__, 0, {"stock", "--help"}, "usage: postern stock"},
    {__LINE__, 0, {"audit", "--help"}, "usage: postern audit"},
    {__LINE__, 0, {"consumer", "--help"}, "usage: postern consumer"},
    {__LINE__, 0, {"backup", "--help"}, "usage: postern backup"},
    {__LINE__, 0, {"restore", "--help"}, "usage: postern restore"},
    {__LINE__, 0, {"healthcheck", "--help"}, "usage: postern healthcheck"},
    {__LINE__, 0, {"status", "--help"}, "usage: postern status"},
    {__LINE__, 0, {"version", "--help"}, "usage: postern version"},
    {__LINE__, 2, {"bogus"}, "there is no command \"bogus\""},
    {__LINE__, 2, {"version", "x"}, "usage: postern version"},
    {__LINE__, 2, {"serve", "x"}, "usage: postern serve"},
    {__LINE__, 2, {"migrate", "x"}, "usage: postern migrate"},
    {__LINE__, 2, {"export", "x"}, "usage: postern export"},
    {__LINE__, 2, {"import", "a", "b"}, "usage: postern import"},
};

static void test_usage(void)
{
    for (size_t i = 0; i < sizeof usage_rows / sizeof usage_rows[0]; i++) {
        CHECK_ROW(usage_rows[i].line);
        int status = run(&pair, usage_rows[i].argv[0], usage_rows[i].argv[1],
                         usage_rows[i].argv[1] ? usage_rows[i].argv[2] : NULL);
        CHECK_INT(status, usage_rows[i].status);
        if (status == 0)
            CHECK_CONTAINS(out, usage_rows[i].text);
        else
            CHECK_LOG(&pair, "command.log", usage_rows[i].text, 0);
    }
    const char *const none[] = {NULL};
    CHECK_INT(pair_command(&pair, none, NULL, 0), 2);
}

static const struct {
    int line;
    const char *settings[ERRORS_MAX];
    const char *errors[ERRORS_MAX];
} setting_rows[] = {
    {__LINE__,
     {"POSTERN_WORKERS=0", "POSTERN_QUIET_MS=abc", "POSTERN_LOG_LEVEL=loud", "POSTERN_WORKER=3",
      "DATABASE_URL=oracle:x"},
     {"POSTERN_WORKERS: \"0\"", "POSTERN_QUIET_MS: \"abc\"", "POSTERN_LOG_LEVEL: \"loud\"",
      "POSTERN_WORKER: no such setting", "DATABASE_URL: "}},
    {__LINE__, {"POSTERN_WORKERS=257"}, {"POSTERN_WORKERS: \"257\""}},
    {__LINE__, {"POSTERN_WORKERS= 2"}, {"POSTERN_WORKERS: \" 2\""}},
    {__LINE__, {"POSTERN_DRAIN_SECONDS=-1"}, {"POSTERN_DRAIN_SECONDS: \"-1\""}},
    {__LINE__, {"POSTERN_BACKLOG=1e3"}, {"POSTERN_BACKLOG: \"1e3\""}},
    {__LINE__, {"POSTERN_=1"}, {"POSTERN_: no such setting"}},
    {__LINE__,
     {"POSTERN_STORE_TIMEOUT_MS=5000", "POSTERN_REQUEST_SECONDS=5"},
     {"POSTERN_STORE_TIMEOUT_MS: 5000 ms is not below half of POSTERN_REQUEST_SECONDS"}},
    {__LINE__, {"DATABASE_URL=nothing"}, {"DATABASE_URL: "}},
    {__LINE__, {"DATABASE_URL=sqlite:"}, {"DATABASE_URL: "}},
    {__LINE__, {"POSTERN_SOCKET_GROUP=no-such-group-here"}, {"POSTERN_SOCKET_GROUP"}},
    {__LINE__, {"POSTERN_SOCKET=/nonexistent/postern.sock"}, {"/nonexistent/postern.sock"}},
};

static void test_bad_settings(void)
{
    for (size_t i = 0; i < sizeof setting_rows / sizeof setting_rows[0]; i++) {
        CHECK_ROW(setting_rows[i].line);
        struct pair with = pair;
        char path[PAIR_SETTING_SIZE];
        snprintf(path, sizeof path, "POSTERN_SOCKET=%s/other.sock", pair.dir);
        CHECK_TRUE(pair_set(&with, path));
        for (size_t s = 0; s < ERRORS_MAX && setting_rows[i].settings[s]; s++)
            CHECK_TRUE(pair_set(&with, setting_rows[i].settings[s]));
        CHECK_INT(run(&with, "serve", NULL, NULL), 1);
        for (size_t e = 0; e < ERRORS_MAX && setting_rows[i].errors[e]; e++)
            CHECK_LOG(&pair, "command.log", setting_rows[i].errors[e], 0);
        /* Nothing was started and nothing left. */
        snprintf(path, sizeof path, "%s/other.sock", pair.dir);
        CHECK_COMPARE(access(path, F_OK), !=, 0);
    }
}

static void test_password(void)
{
    static const char *const urls[] = {
        "DATABASE_URL=oracle://user:hunter2@host/db", "DATABASE_URL=sqlite://user:hunter2@host/db",
        "DATABASE_URL=user:hunter2@host", "DATABASE_URL=host=db user=u password=hunter2",
        "DATABASE_URL=postgresql://u:12/34hunter2@h/db"};
    static const char *const commands[] = {"serve", "migrate", "export", "import"};
    for (size_t u = 0; u < sizeof urls / sizeof urls[0]; u++) {
        for (size_t c = 0; c < sizeof commands / sizeof commands[0]; c++) {
            CHECK_OF("%s with %s", commands[c], urls[u]);
            struct pair with = pair;
            char path[PAIR_SETTING_SIZE];
            snprintf(path, sizeof path, "POSTERN_SOCKET=%s/other.sock", pair.dir);
            CHECK_TRUE(pair_set(&with, path));
            CHECK_TRUE(pair_set(&with, urls[u]));
            CHECK_INT(run(&with, commands[c], strcmp(commands[c], "import") ? NULL : "-", NULL), 1);
            CHECK_LOG(&pair, "command.log", "DATABASE_URL", 0);
            CHECK_NO_LOG(&pair, "command.log", "hunter2");
            CHECK_LACKS(out, "hunter2");
        }
    }
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"good imports", test_good_imports},
        {"bad imports", test_bad_imports},
        {"imports in UTF-16 without a mark", test_utf16_without_a_mark},
        {"upsert under a running server", test_upsert},
        {"import if empty", test_import_if_empty},
        {"standard input", test_standard_input},
        {"round trip", test_round_trip},
        {"migrate", test_migrate},
        {"usage", test_usage},
        {"bad settings", test_bad_settings},
        {"passwords are never printed", test_password},
        CU_TEST_INFO_NULL,
    };
    return e2e_suite_run("e2e/commands", setup, teardown, tests);
}
