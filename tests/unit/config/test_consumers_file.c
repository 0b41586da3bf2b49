#include "config/consumers_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "file_reads.h"
#include "suite.h"

enum { TEXT_SIZE = CONSUMERS_FILE_MAX + 64, PATH_SIZE = 64 };

static struct consumers consumers;
static struct consumers_fault fault;
static char text[TEXT_SIZE], dir[PATH_SIZE], path[PATH_SIZE];

static int setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/postern-consumers.XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    snprintf(path, sizeof path, "%.40s/file", dir);
    return 0;
}

static int teardown(void)
{
    unlink(path);
    return rmdir(dir);
}

static void write_file(const char *bytes, size_t len)
{
    FILE *file = fopen(path, "we");
    REQUIRE_NOT_NULL(file);
    CHECK_INT(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static void test_both(void)
{
    static const struct {
        int line;
        const char *text, *file; /* file NULL: no file is named */
        int count;               /* -1: it is refused */
        bool of_file;
        int fault;
        const char *why;
    } rows[] = {
        {__LINE__, "", NULL, 0, false, 0, ""},
        {__LINE__, "", "", 0, true, 0, ""},
        {__LINE__, "vpce-0a a;vpce-0b b", NULL, 2, false, 0, ""},
        {__LINE__, "vpce-0b b", "vpce-0a a\nvpce-0c b\n", 3, true, 0, ""},
        {__LINE__, "vpce-0b b\nx", "vpce-0a a\n", -1, false, 2, "\"x\" is no VPC endpoint's id"},
        {__LINE__, "vpce-0b b", "vpce-0a a\nx\n", -1, true, 2, "\"x\" is no VPC endpoint's id"},
        {__LINE__, "vpce-0b b", "\nvpce-0b b\n", -1, true, 2,
         "vpce-0b is on line 1 of POSTERN_CONSUMERS already"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool of_file;
        CHECK_ROW(rows[i].line);
        fault = (struct consumers_fault){.line = 0};
        if (rows[i].file)
            write_file(rows[i].file, strlen(rows[i].file));
        consumers.count = 7; /* what was there before does not stay */
        bool ok = consumers_file_load(&consumers, rows[i].text, rows[i].file ? path : "", &fault,
                                      &of_file);
        CHECK_INT(ok ? (int)consumers.count : -1, rows[i].count);
        CHECK_INT(of_file, rows[i].of_file);
        CHECK_INT(fault.line, rows[i].fault);
        CHECK_START(fault.why, rows[i].why);
    }
}

static void load_fails(const char *name, const char *why)
{
    bool of_file = false;
    fault.line = -1;
    CHECK_FALSE(consumers_file_load(&consumers, "", name, &fault, &of_file));
    CHECK_TRUE(of_file);
    CHECK_INT(fault.line, 0);
    CHECK_START(fault.why, why);
}

static void test_bad_files(void)
{
    bool of_file;
    unlink(path);
    load_fails(path, "cannot be opened: No such file or directory; create it, or unset");
    CHECK_INT(mkfifo(path, 0600), 0);
    load_fails(path, "is no regular file");
    unlink(path);
    load_fails(dir, "is no regular file");
    memset(text, '#', sizeof text);
    write_file(text, CONSUMERS_FILE_MAX);
    CHECK_TRUE(consumers_file_load(&consumers, "", path, &fault, &of_file));
    write_file(text, CONSUMERS_FILE_MAX + 1);
    load_fails(path, "is over 524288 bytes");
}

/* The master waits for it, and must not do so for ever. */
static void test_a_mount_that_hangs(void)
{
    write_file("vpce-0a a\n", 10);
    file_reads_do(FILE_READS_HANG);
    int64_t start = clock_monotonic_us();
    load_fails(path, "was not read within 2 s; see whether its mount hangs");
    CHECK_COMPARE(clock_monotonic_us() - start, >=, CONSUMERS_FILE_WAIT_US);
    file_reads_do(FILE_READS_FAIL);
    load_fails(path, "cannot be read: Input/output error");
    file_reads_do(FILE_READS_WELL);
}

int main(void)
{
    CU_TestInfo tests[] = {{"text and file together", test_both},
                           {"files that are none", test_bad_files},
                           {"a mount that hangs", test_a_mount_that_hangs},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/config/consumers-file", setup, teardown, tests);
}
