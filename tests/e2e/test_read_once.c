/* Products that are read once each are not published, and take no memory for it. */
#include <dirent.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/taker.h"
#include "e2e/wire.h"

enum {
    PRODUCTS = 8000, /* as many answers would take 4 MB */
    READERS = 4,
    LINE_SIZE = 64,
    /* Of the shared memory, where answers would be: the readers have looked there. */
    LOOKED_AT_KIB = 1200
};

static struct taker taker;
static atomic_int answered;

static int setup(void)
{
    static char text[PRODUCTS * LINE_SIZE];
    catalogue_write(text, sizeof text, PRODUCTS, 10);
    return fixture_start(
        &(struct pair_options){.module = true,
                               .catalogue = text,
                               .lighttpd = "include env.WEBSERVER_CONF + \"/published.conf\"\n"});
}

static int teardown(void)
{
    taker_close(&taker);
    return fixture_end();
}

/* Each reader has products of its own. */
static void read_own(void *context, size_t thread)
{
    static struct wire wires[READERS];
    struct wire *wire = &wires[thread];
    (void)context;
    wire_init(wire, pair.port);
    for (int id = 1 + (int)thread; id <= PRODUCTS; id += READERS) {
        char request[LINE_SIZE];
        snprintf(request, sizeof request, "GET /products/%d HTTP/1.1\r\nHost: a\r\n\r\n", id);
        if (wire_call(wire, request) == WIRE_ANSWERED && wire->status == 200)
            atomic_fetch_add(&answered, 1);
    }
    wire_close(wire);
}

/* Answers that have ever been written, whether they count or not. */
static int count_written(void)
{
    int count = 0;
    for (size_t i = 0; i < LAYOUT_PLACES; i++)
        count += atomic_load(&taker.handover.layout->places[i].sequence) != 0;
    return count;
}

/* What of the answers' memory is in use, in KiB: a page that nobody has touched is not. */
static int64_t used_kib(void)
{
    char folder[64], path[PATH_MAX], name[64];
    int64_t kib = -1;
    snprintf(folder, sizeof folder, "/proc/%d/fd", (int)pair.app);
    DIR *fds = opendir(folder);
    for (const struct dirent *fd; fds && kib < 0 && (fd = readdir(fds));) {
        struct stat memory;
        snprintf(path, sizeof path, "%s/%s", folder, fd->d_name);
        ssize_t len = readlink(path, name, sizeof name - 1);
        name[len > 0 ? len : 0] = '\0';
        if (strstr(name, "memfd:postern-answers") && stat(path, &memory) == 0)
            kib = (int64_t)memory.st_blocks / 2;
    }
    if (fds)
        closedir(fds);
    return kib;
}

static void test_read_once(void)
{
    REQUIRE_TRUE(taker_take(&taker, &pair));
    REQUIRE_TRUE(load_run(READERS, read_own, NULL));
    CHECK_INT(answered, PRODUCTS);
    CHECK_INT(count_written(), 0);
    CHECK_COMPARE(used_kib(), >, 0);
    CHECK_COMPARE(used_kib(), <=, LOOKED_AT_KIB);
    /* Once more within a second, one is. */
    CHECK_TRUE(taker_wait_published(&taker, client, 1, &answer));
    CHECK_COMPARE(count_written(), >, 0);
}

int main(void)
{
    CU_TestInfo tests[] = {{"read once", test_read_once}, CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/read_once", setup, teardown, tests);
}
