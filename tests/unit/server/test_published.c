#include "server/published.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "suite.h"

enum { PATH_SIZE = 96, TEXT_SIZE = 256 };

static char folder[] = "/tmp/postern-published-XXXXXX";
static char socket_path[PATH_SIZE], path[PATH_SIZE], fresh[PATH_SIZE];
static struct consumers consumers;
static struct listener listener = {.fd = -1, .lock_fd = -1, .path = socket_path};

static int setup(void)
{
    if (!mkdtemp(folder))
        return 1;
    snprintf(socket_path, sizeof socket_path, "%.60s/s.sock", folder);
    snprintf(path, sizeof path, "%.60s/s.sock.consumers", folder);
    snprintf(fresh, sizeof fresh, "%.60s/s.sock.consumers.new", folder);
    /* Stands for the socket, whose group the file gets. */
    int fd = open(socket_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd < 0 ? 1 : close(fd);
}

static int teardown(void)
{
    unlink(socket_path);
    return rmdir(folder);
}

static void give(const char *text)
{
    struct consumers_fault fault;
    consumers.count = 0;
    CHECK_TRUE(consumers_add_text(&consumers, text, &fault));
}

static void check_file(const char *wanted)
{
    char text[TEXT_SIZE];
    FILE *in = fopen(path, "re");
    REQUIRE_NOT_NULL(in);
    size_t len = fread(text, 1, sizeof text, in);
    fclose(in);
    CHECK_BYTES(text, len, wanted, strlen(wanted));
}

static void test_write(void)
{
    struct stat file, socket;
    mode_t mask = umask(077);
    give("");
    CHECK_TRUE(published_write(&listener, &consumers));
    check_file("postern-consumers 1\n");
    give("vpce-0b b denied;vpce-0a a rate=5;* other");
    CHECK_TRUE(published_write(&listener, &consumers));
    check_file("postern-consumers 1\n* other\nvpce-0a a rate=5 burst=10\nvpce-0b b denied\n");
    umask(mask);
    CHECK_INT(stat(path, &file), 0);
    CHECK_INT(stat(socket_path, &socket), 0);
    CHECK_INT(file.st_mode & 07777, 0640);
    CHECK_INT(file.st_gid, socket.st_gid);
    CHECK_COMPARE(access(fresh, F_OK), !=, 0);
    published_remove(&listener);
    CHECK_COMPARE(access(path, F_OK), !=, 0);
    published_remove(&listener);
}

/* A file that another left in the way goes; where none can be written the old one stays. */
static void test_trouble(void)
{
    give("vpce-0a a");
    CHECK_INT(symlink("/dev/null", fresh), 0);
    CHECK_TRUE(published_write(&listener, &consumers));
    check_file("postern-consumers 1\nvpce-0a a\n");
    CHECK_INT(mkdir(fresh, 0700), 0);
    give("vpce-0b b");
    CHECK_FALSE(published_write(&listener, &consumers));
    check_file("postern-consumers 1\nvpce-0a a\n");
    rmdir(fresh);
    published_remove(&listener);
}

/* Somebody put another file there: that is not the server's to delete. */
static void test_in_its_place(void)
{
    give("vpce-0a a");
    REQUIRE_TRUE(published_write(&listener, &consumers));
    int fd = open(fresh, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE_COMPARE(fd, >=, 0);
    close(fd);
    REQUIRE_INT(rename(fresh, path), 0);
    published_remove(&listener);
    CHECK_INT(access(path, F_OK), 0);
    /* Writing it again makes it the server's. */
    REQUIRE_TRUE(published_write(&listener, &consumers));
    published_remove(&listener);
    CHECK_COMPARE(access(path, F_OK), !=, 0);
}

static void test_inherited(void)
{
    struct listener inherited = {.fd = 0, .lock_fd = -1};
    CHECK_TRUE(published_write(&inherited, &consumers));
    published_remove(&inherited);
}

int main(void)
{
    CU_TestInfo tests[] = {{"the file beside the socket", test_write},
                           {"what is in the way", test_trouble},
                           {"what is in its place", test_in_its_place},
                           {"an inherited socket has none", test_inherited},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/server/published", setup, teardown, tests);
}
