#include "spans/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "metrics/exposition.h"
#include "metrics/metrics.h"
#include "suite.h"

enum {
    TEXT_SIZE = 256,
    MORE_THAN_A_PIPE = 80 * 1024,
    TAKEN_MAX = 64 * 1024,
    METRICS_SIZE = 1024 * 1024
};

static char folder[] = "/tmp/test_file.XXXXXX", path[64];
static struct spans_file file;

static int setup(void)
{
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/spans", folder);
    return 0;
}

static int teardown(void)
{
    unlink(path);
    return rmdir(folder);
}

static void begin(void)
{
    unlink(path);
    REQUIRE_TRUE(metrics_open());
    spans_file_init(&file, path);
}

static void end(void)
{
    spans_file_close(&file);
    metrics_close();
}

static void put(const char *lines)
{
    spans_file_write(&file, lines, strlen(lines));
}

static const char *content(void)
{
    static char text[TEXT_SIZE];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void check_counted(int written, int dropped)
{
    struct exposition_cursor cursor = {0};
    struct buffer text;
    char wanted[2][TEXT_SIZE];
    snprintf(wanted[0], TEXT_SIZE, "\npostern_spans_total{fate=\"written\"} %d\n", written);
    snprintf(wanted[1], TEXT_SIZE, "\npostern_spans_total{fate=\"dropped\"} %d\n", dropped);
    buffer_init(&text, METRICS_SIZE);
    while (exposition_write(&cursor, &text, METRICS_SIZE))
        continue;
    CHECK_CONTAINS(text.data, wanted[0]);
    CHECK_CONTAINS(text.data, wanted[1]);
    buffer_free(&text);
}

static void test_appends(void)
{
    struct stat st;
    begin();
    put("a\nb\n");
    put("c\n");
    CHECK_TEXT(content(), "a\nb\nc\n");
    REQUIRE_INT(stat(path, &st), 0);
    CHECK_INT(st.st_mode & 07777 & ~0640U, 0);
    check_counted(3, 0);
    end();
}

static void test_opened_anew(void)
{
    char moved[80];
    begin();
    put("a\n");
    snprintf(moved, sizeof moved, "%s.1", path);
    REQUIRE_INT(rename(path, moved), 0);
    put("b\n");
    CHECK_TEXT(content(), "");
    spans_file_close(&file);
    put("c\n");
    CHECK_TEXT(content(), "c\n");
    unlink(moved);
    end();
}

/* A writer that was killed, or a disk that was full, has left a part of a line. */
static void test_torn(void)
{
    begin();
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE_COMPARE(fd, >=, 0);
    CHECK_INT(write(fd, "a\nhal", 5), 5);
    close(fd);
    put("b\n");
    put("c\n");
    CHECK_TEXT(content(), "a\nhal\nb\nc\n");
    end();
}

static void test_no_file(void)
{
    char nowhere[80];
    begin();
    snprintf(nowhere, sizeof nowhere, "%s/none/spans", folder);
    spans_file_init(&file, nowhere);
    put("a\nb\n");
    CHECK_TRUE(file.told);
    /* It is not tried again at once. */
    file.path = path;
    put("c\n");
    check_counted(0, 3);
    file.tried_us -= INT64_C(1000000);
    put("d\n");
    CHECK_TEXT(content(), "d\n");
    CHECK_FALSE(file.told);
    check_counted(1, 3);
    end();
}

/* Of a pipe that nobody empties: what is not taken is dropped, and nobody waits. */
static void test_full(void)
{
    static char lines[MORE_THAN_A_PIPE];
    int64_t start_us = clock_monotonic_us();
    begin();
    REQUIRE_INT(mkfifo(path, 0600), 0);
    for (size_t i = 0; i < sizeof lines; i++)
        lines[i] = i % 10 == 9 ? '\n' : 'x';
    spans_file_write(&file, lines, sizeof lines);
    int room = fcntl(file.fd, F_GETPIPE_SZ);
    REQUIRE_COMPARE(room, <=, TAKEN_MAX);
    CHECK_TRUE(file.told);
    CHECK_COMPARE(clock_monotonic_us() - start_us, <, 10 * 1000 * 1000);
    check_counted(room / 10, MORE_THAN_A_PIPE / 10 - room / 10);
    /* The half line that the pipe took is ended before the next one. */
    char taken[TAKEN_MAX];
    CHECK_INT(read(file.fd, taken, sizeof taken), room);
    put("a\n");
    CHECK_INT(read(file.fd, taken, sizeof taken), 3);
    CHECK_BYTES(taken, 3, "\na\n", 3);
    end();
}

int main(void)
{
    CU_TestInfo tests[] = {{"appends", test_appends}, {"opened anew", test_opened_anew},
                           {"torn", test_torn},       {"no file", test_no_file},
                           {"full", test_full},       CU_TEST_INFO_NULL};
    return suite_run("unit/spans/file", setup, teardown, tests);
}
