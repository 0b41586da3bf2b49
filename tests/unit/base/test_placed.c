#include "base/placed.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "suite.h"

enum { PATH_SIZE = 96 };

static char folder[] = "/tmp/postern-placed-XXXXXX";
static char path[PATH_SIZE], other[PATH_SIZE];

static int setup(void)
{
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%.60s/file", folder);
    snprintf(other, sizeof other, "%.60s/other", folder);
    return 0;
}

static int teardown(void)
{
    return rmdir(folder);
}

static void make(const char *at)
{
    int fd = open(at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK_COMPARE(fd, >=, 0);
    close(fd);
}

static void test_remove(void)
{
    struct placed placed;
    make(path);
    placed_note(&placed, path);
    CHECK_INT(chmod(path, 0640), 0);
    CHECK_TRUE(placed_is_there(&placed, path));
    placed_remove(&placed, path);
    CHECK_COMPARE(access(path, F_OK), !=, 0);
    CHECK_FALSE(placed_is_there(&placed, path));
    placed_remove(&placed, path);
}

static void test_another(void)
{
    struct placed placed;
    make(path);
    placed_note(&placed, path);
    make(other);
    CHECK_INT(rename(other, path), 0);
    placed_remove(&placed, path);
    CHECK_INT(access(path, F_OK), 0);
    CHECK_INT(unlink(path), 0);
    CHECK_INT(symlink(folder, path), 0);
    placed_remove(&placed, path);
    CHECK_INT(unlink(path), 0, "the link was removed");
}

/* A number is given again as soon as its file has gone. */
static void test_same_number(void)
{
    struct placed placed;
    make(path);
    placed_note(&placed, path);
    placed.changed.tv_nsec ^= 1;
    CHECK_FALSE(placed_is_there(&placed, path));
    placed.changed.tv_nsec ^= 1;
    placed.changed.tv_sec++;
    CHECK_FALSE(placed_is_there(&placed, path));
    placed.changed.tv_sec--;
    placed.device++;
    CHECK_FALSE(placed_is_there(&placed, path));
    placed.device--;
    placed_remove(&placed, path);
    CHECK_COMPARE(access(path, F_OK), !=, 0);
}

static void test_none(void)
{
    struct placed none;
    placed_note(&none, path);
    CHECK_FALSE(placed_is_there(&none, path));
    make(path);
    placed_remove(&none, path);
    CHECK_INT(unlink(path), 0);
}

int main(void)
{
    CU_TestInfo tests[] = {{"remove", test_remove},
                           {"another in its place", test_another},
                           {"another with its number", test_same_number},
                           {"none", test_none},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/base/placed", setup, teardown, tests);
}
