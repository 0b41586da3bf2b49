/* The files of a log: how many, how large, and lines whole in them, whatever fails between. */
#include "programs/rotated_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "suite.h"

enum { TEXT_SIZE = 256, PATH_SIZE = 64 };

static char folder[] = "/tmp/postern-rotated.XXXXXX", path[PATH_SIZE];
static struct rotated_file file;

static int setup(void)
{
    bool made = mkdtemp(folder) != NULL;
    snprintf(path, sizeof path, "%s/log", folder);
    return made ? 0 : 1;
}

static void name_of(int number, char name[PATH_SIZE + 16])
{
    snprintf(name, PATH_SIZE + 16, number ? "%s.%d" : "%s", path, number);
}

static void clear(void)
{
    char name[PATH_SIZE + 16];
    for (int number = 0; number < 10; number++) {
        name_of(number, name);
        if (unlink(name) != 0)
            rmdir(name);
    }
}

static int teardown(void)
{
    clear();
    return rmdir(folder);
}

static void start(int64_t bytes, int count)
{
    clear();
    file = (struct rotated_file){.path = path, .bytes = bytes, .count = count};
    REQUIRE_TRUE(rotated_file_open(&file));
}

static size_t put(const char *lines)
{
    return rotated_file_write(&file, lines, strlen(lines), 0);
}

/* What the file of that number holds; "-" if there is none. */
static const char *text_of(int number)
{
    static char text[TEXT_SIZE];
    char name[PATH_SIZE + 16];
    name_of(number, name);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return "-";
    ssize_t n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    close(fd);
    return text;
}

static void test_rotation(void)
{
    static const struct {
        int line;
        int64_t bytes;
        int count;
        const char *writes[4], *files[5];
    } rows[] = {
        {__LINE__, 10, 3, {"ab\n"}, {"ab\n", "-"}},
        {__LINE__, 10, 3, {"1234\n", "1234\n"}, {"1234\n1234\n", "-"}},
        {__LINE__, 10, 3, {"1234\n", "12345\n"}, {"12345\n", "1234\n", "-"}},
        /* one write into several files, cut between lines */
        {__LINE__, 10, 4, {"1\n22\n333\n4444\n5\n"}, {"4444\n5\n", "1\n22\n333\n", "-"}},
        {__LINE__, 6, 4, {"1111\n2222\n3333\n"}, {"3333\n", "2222\n", "1111\n", "-"}},
        /* the oldest are gone */
        {__LINE__, 6, 3, {"1111\n2222\n3333\n", "4444\n"}, {"4444\n", "3333\n", "2222\n", "-"}},
        {__LINE__, 6, 2, {"1111\n2222\n3333\n", "4444\n5\n"}, {"5\n", "4444\n", "-"}},
        /* a line that is longer than a file is alone in one */
        {__LINE__, 4, 4, {"1\n", "22222222\n", "3\n4\n"}, {"3\n4\n", "22222222\n", "1\n", "-"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        start(rows[i].bytes, rows[i].count);
        for (size_t w = 0; w < 4 && rows[i].writes[w]; w++)
            CHECK_INT(put(rows[i].writes[w]), strlen(rows[i].writes[w]));
        for (int number = 0; number < 5 && rows[i].files[number]; number++)
            CHECK_TEXT(text_of(number), rows[i].files[number], "file %d", number);
        rotated_file_close(&file);
    }
}

static void test_goes_on_behind(void)
{
    start(10, 3);
    put("before\n");
    rotated_file_close(&file);
    REQUIRE_TRUE(rotated_file_open(&file));
    put("a\n");
    put("b\n");
    CHECK_TEXT(text_of(0), "b\n");
    CHECK_TEXT(text_of(1), "before\na\n");
    rotated_file_close(&file);
}

/* As logrotate does it. */
static void test_reopen(void)
{
    char moved[PATH_SIZE + 16];
    start(100, 3);
    name_of(9, moved);
    put("before\n");
    REQUIRE_INT(rename(path, moved), 0);
    put("between\n");
    REQUIRE_TRUE(rotated_file_reopen(&file));
    put("after\n");
    CHECK_TEXT(text_of(9), "before\nbetween\n");
    CHECK_TEXT(text_of(0), "after\n");

    REQUIRE_INT(unlink(path), 0);
    REQUIRE_INT(mkdir(path, 0700), 0);
    CHECK_FALSE(rotated_file_reopen(&file));
    CHECK_INT(errno, EISDIR);
    CHECK_TEXT(file.doing, "open");
    CHECK_INT(put("into the old one\n"), 17);
    rotated_file_close(&file);
}

/* A folder in the way of the third file: what is written stays within its bound, and all of it is
 * there once the way is free. */
static void test_blocked_rotation(void)
{
    static const char lines[] = "1111\n2222\n3333\n";
    char name[PATH_SIZE + 16];
    start(6, 3);
    name_of(2, name);
    REQUIRE_INT(mkdir(name, 0700), 0);
    for (int tries = 0; tries < 3; tries++) {
        CHECK_INT(rotated_file_write(&file, lines, sizeof lines - 1, tries ? 10 : 0), 10);
        CHECK_INT(errno, EISDIR);
        CHECK_TEXT(file.doing, "rotate");
        CHECK_TEXT(text_of(0), "2222\n");
        CHECK_TEXT(text_of(1), "1111\n");
    }
    REQUIRE_INT(rmdir(name), 0);
    CHECK_INT(rotated_file_write(&file, lines, sizeof lines - 1, 10), sizeof lines - 1);
    CHECK_TEXT(text_of(0), "3333\n");
    CHECK_TEXT(text_of(1), "2222\n");
    CHECK_TEXT(text_of(2), "1111\n");
    rotated_file_close(&file);
}

/* Each try would push the oldest file out, if it renamed them again. */
static void test_no_descriptor(void)
{
    struct rlimit before, few;
    start(6, 4);
    int next = dup(file.fd);
    REQUIRE_TRUE(next > file.fd && getrlimit(RLIMIT_NOFILE, &before) == 0);
    close(next);
    few = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
    REQUIRE_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int tries = 0; tries < 3; tries++) {
        CHECK_INT(rotated_file_write(&file, "1111\n2222\n", 10, tries ? 5 : 0), 5);
        CHECK_INT(errno, EMFILE);
        CHECK_TEXT(file.doing, "open");
    }
    REQUIRE_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
    CHECK_INT(rotated_file_write(&file, "1111\n2222\n", 10, 5), 10);
    CHECK_TEXT(text_of(0), "2222\n");
    CHECK_TEXT(text_of(1), "1111\n");
    CHECK_TEXT(text_of(2), "-");
    rotated_file_close(&file);
}

/* Has a file no room beyond so many bytes; 0: it has. */
static void limit_room(rlim_t bytes)
{
    struct rlimit limit;
    REQUIRE_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes ? bytes : limit.rlim_max;
    REQUIRE_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The disk is full in the midst of a line. */
static void test_half_a_line(void)
{
    static const char lines[] = "1111\n2222\n3333\n";
    signal(SIGXFSZ, SIG_IGN);
    for (int moved = 0; moved < 2; moved++) {
        CHECK_OF("moved %d", moved);
        start(10, 3);
        limit_room(7);
        size_t done = put(lines);
        CHECK_INT(done, 7);
        CHECK_INT(errno, EFBIG);
        CHECK_TEXT(file.doing, "write");
        limit_room(0);
        if (moved) {
            unlink(path);
            REQUIRE_TRUE(rotated_file_reopen(&file));
            done = rotated_file_line_start(lines, done);
        } else {
            /* Another process has left no room for the line's end. */
            REQUIRE_INT(write(file.fd, "##", 2), 2);
        }
        CHECK_INT(rotated_file_write(&file, lines, sizeof lines - 1, done), sizeof lines - 1);
        CHECK_TEXT(text_of(0), moved ? "2222\n3333\n" : "3333\n");
        CHECK_TEXT(text_of(1), moved ? "-" : "1111\n22##22\n");
        rotated_file_close(&file);
    }
}

static void test_line_start(void)
{
    static const size_t starts[] = {0, 0, 2, 2, 2, 5, 6};
    for (size_t done = 0; done < sizeof starts / sizeof starts[0]; done++)
        CHECK_INT(rotated_file_line_start("a\nbc\n\n", done), starts[done], "%zu", done);
}

static void test_no_regular_file(void)
{
    clear();
    file = (struct rotated_file){.path = "/dev/null", .bytes = 2, .count = 2};
    REQUIRE_TRUE(rotated_file_open(&file));
    CHECK_INT(put("1111\n2222\n"), 10);
    rotated_file_close(&file);
    CHECK_INT(access("/dev/null.1", F_OK), -1);
    file.path = "/dev/full";
    REQUIRE_TRUE(rotated_file_open(&file));
    CHECK_INT(put("1111\n"), 0);
    CHECK_INT(errno, ENOSPC);
    CHECK_TEXT(file.doing, "write");
    rotated_file_close(&file);
    file.path = "/nowhere/log";
    CHECK_FALSE(rotated_file_open(&file));
    CHECK_INT(errno, ENOENT);
    CHECK_TEXT(file.doing, "open");
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"files are rotated", test_rotation},
        {"what is there counts", test_goes_on_behind},
        {"a file that was moved is made anew", test_reopen},
        {"a rotation that fails is tried again", test_blocked_rotation},
        {"a file that cannot be opened costs no older one", test_no_descriptor},
        {"a line that was begun is ended, or begun anew", test_half_a_line},
        {"where a line starts", test_line_start},
        {"what is no regular file", test_no_regular_file},
        CU_TEST_INFO_NULL,
    };
    return suite_run("programs/rotated_file", setup, teardown, tests);
}
