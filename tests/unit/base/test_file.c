/* Files of an operator's: whole, refused, or given up in time. */
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "file_reads.h"
#include "suite.h"

/* Larger than a pipe holds at once. */
enum { SIZE = 200000, PATH_SIZE = 64, FAR_US = 30000000, NEAR_US = 200000 };

static char dir[PATH_SIZE] = "/tmp/postern-file.XXXXXX", path[PATH_SIZE + 8];
static char bytes[SIZE], seen[SIZE + 1];

static int setup(void)
{
    if (!mkdtemp(dir))
        return 1;
    snprintf(path, sizeof path, "%s/file", dir);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i % 251);
    return 0;
}

static int teardown(void)
{
    unlink(path);
    return rmdir(dir);
}

static void write_file(size_t len)
{
    FILE *file = fopen(path, "we");
    REQUIRE_NOT_NULL(file);
    CHECK_INT(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static enum file_result read_file(const char *name, size_t size, size_t *len, int64_t wait_us)
{
    memset(seen, '?', sizeof seen);
    *len = SIZE_MAX;
    errno = 0;
    return file_read(name, seen, size, len, clock_monotonic_us() + wait_us);
}

static void test_contents(void)
{
    static const struct {
        int line;
        size_t file, size, wanted;
    } rows[] = {
        {__LINE__, 0, 10, 0},   {__LINE__, 9, 10, 9},         {__LINE__, 10, 10, 10},
        {__LINE__, 11, 10, 10}, {__LINE__, SIZE, SIZE, SIZE}, {__LINE__, 5, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len;
        CHECK_ROW(rows[i].line);
        write_file(rows[i].file);
        CHECK_INT(read_file(path, rows[i].size, &len, FAR_US), FILE_OK);
        CHECK_INT(len, rows[i].wanted);
        CHECK_BYTES(seen, rows[i].wanted, bytes, rows[i].wanted);
        CHECK_INT(seen[rows[i].wanted], '?');
    }
}

static void test_what_is_none(void)
{
    size_t len;
    unlink(path);
    CHECK_INT(read_file(path, SIZE, &len, FAR_US), FILE_UNOPENED);
    CHECK_INT(errno, ENOENT);
    CHECK_INT(read_file(dir, SIZE, &len, FAR_US), FILE_IRREGULAR);
    CHECK_INT(read_file("/dev/null", SIZE, &len, FAR_US), FILE_IRREGULAR);
    CHECK_INT(mkfifo(path, 0600), 0);
    CHECK_INT(read_file(path, SIZE, &len, FAR_US), FILE_IRREGULAR);
    unlink(path);
    write_file(10);
    file_reads_do(FILE_READS_FAIL);
    CHECK_INT(read_file(path, SIZE, &len, FAR_US), FILE_UNREAD);
    CHECK_INT(errno, FILE_READS_ERROR);
    file_reads_do(FILE_READS_END);
    CHECK_INT(read_file(path, SIZE, &len, FAR_US), FILE_UNREAD);
    CHECK_INT(errno, ECHILD);
    file_reads_do(FILE_READS_WELL);
    CHECK_INT(len, SIZE_MAX);
}

/* It returns at the deadline, and leaves no process behind. */
static void test_a_mount_that_hangs(void)
{
    size_t len;
    write_file(10);
    file_reads_do(FILE_READS_HANG);
    int64_t start = clock_monotonic_us();
    CHECK_INT(read_file(path, SIZE, &len, NEAR_US), FILE_LATE);
    int64_t took = clock_monotonic_us() - start;
    CHECK_COMPARE(took, >=, NEAR_US);
    CHECK_COMPARE(took, <, FAR_US);
    CHECK_INT(read_file(path, SIZE, &len, -1), FILE_LATE);
    file_reads_do(FILE_READS_WELL);
    CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
    CHECK_INT(read_file(path, SIZE, &len, FAR_US), FILE_OK);
    CHECK_INT(len, 10);
}

/* Nothing stays open in the caller. The child has the file and its way to the caller alone, so that
 * one that hangs holds no lock and no socket. */
static void test_what_is_open(void)
{
    size_t len;
    write_file(10);
    int before = file_reads_open();
    for (int i = 0; i < 3; i++)
        read_file(i ? path : dir, SIZE, &len, FAR_US);
    CHECK_INT(file_reads_open(), before);
    file_reads_do(FILE_READS_COUNT);
    CHECK_INT(read_file(path, SIZE, &len, FAR_US), FILE_UNREAD);
    CHECK_INT(errno, 2);
    file_reads_do(FILE_READS_WELL);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a file's contents", test_contents},
        {"files that are none", test_what_is_none},
        {"a mount that hangs", test_a_mount_that_hangs},
        {"what is open in caller and child", test_what_is_open},
        CU_TEST_INFO_NULL,
    };
    return suite_run("base/file", setup, teardown, tests);
}
