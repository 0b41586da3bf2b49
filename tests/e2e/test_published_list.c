/* The list, as lighttpd's module serves it: from a copy of its own, which lasts as long as it is
 * being sent, and of which there are only so many. This process is in the place of the
 * application's publisher. */
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/offerer.h"
#include "publish/target.h"

#define ONE     "{\"published\":1}"
#define REQUEST "GET /products HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

/* Up to SMALL_LEN no copy is needed. */
enum {
    SMALL_LEN = 8192,
    WAIT_MS = 15000,
    TICK_MS = 20,
    LIST_LEN = 1000000,
    COPIES_MAX = 8,
    SLOW_MAX = 64,
    MORE = 3
};

static struct offerer offerer;
static char list[LIST_LEN + 1];

/* From then on it is another list, of the first bytes of that one. */
static void publish_of(size_t len)
{
    static int number;
    char tag[32];
    int n = snprintf(list, sizeof list, "[%d", number);
    list[n] = ' ';
    snprintf(tag, sizeof tag, "\"list-%d\"", number++);
    answers_withdraw(&offerer.answers, 7);
    offerer_publish(&offerer, TARGET_LIST, tag, list, len);
}

static void publish(void)
{
    publish_of(LIST_LEN);
}

static int setup(void)
{
    static const struct pair_options options = {.module = true, .lighttpd = OFFERER_LIGHTTPD};
    memset(list, ' ', LIST_LEN);
    list[LIST_LEN - 1] = ']';
    if (fixture_start(&options) != 0 || !offerer_open(&offerer, &pair))
        return 1;
    offerer_publish(&offerer, 1, "\"one\"", ONE, strlen(ONE));
    publish();
    return 0;
}

static int teardown(void)
{
    offerer_close(&offerer);
    return fixture_end();
}

static bool wait_taken(void)
{
    return offerer_wait_taken(&offerer, client, ONE, &answer);
}

static void ask(const char *method)
{
    const struct client_request request = {.method = method, .path = "/products"};
    offerer_ask(&offerer, client, &request, &answer);
}

static bool is_published(void)
{
    return answer.status == 200 && answer.body_len == LIST_LEN &&
           memcmp(answer.body, list, LIST_LEN) == 0;
}

/* lighttpd's copies of lists, as files. */
static int count_copies(void)
{
    char folder[64], path[64 + 256], name[64];
    int count = 0;
    snprintf(folder, sizeof folder, "/proc/%d/fd", (int)pair.web);
    DIR *fds = opendir(folder);
    for (const struct dirent *fd; fds && (fd = readdir(fds));) {
        snprintf(path, sizeof path, "%s/%s", folder, fd->d_name);
        ssize_t len = readlink(path, name, sizeof name - 1);
        name[len > 0 ? len : 0] = '\0';
        count += strstr(name, "memfd:postern-list") != NULL;
    }
    if (fds)
        closedir(fds);
    return count;
}

static void test_sizes(void)
{
    static const struct {
        int line;
        size_t len;
        int copies;
    } sizes[] = {
        {__LINE__, 20, 0},
        {__LINE__, SMALL_LEN, 0},
        {__LINE__, SMALL_LEN + 1, 1},
    };
    REQUIRE_TRUE(wait_taken());
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t len = sizes[i].len;
        CHECK_ROW(sizes[i].line);
        publish_of(len);
        for (int asks = 0; asks < 2; asks++) {
            ask("GET");
            CHECK_BYTES(answer.body, answer.body_len, list, len);
        }
        CHECK_INT(count_copies(), sizes[i].copies);
    }
    publish();
}

static void test_list(void)
{
    REQUIRE_TRUE(wait_taken());
    for (int i = 0; i < 4; i++) {
        if (i == 2) {
            answers_withdraw(&offerer.answers, 7);
            ask("GET");
            CHECK_COMPARE(answer.body_len, <, LIST_LEN, "it was withdrawn");
            publish();
        }
        ask("HEAD");
        CHECK_TEXT(client_header(&answer, "Content-Length"), "1000000");
        ask("GET");
        CHECK_TRUE(is_published());
    }
}

/* A caller that asks for the list, and reads only so much of it as its own end takes unread: next
 * to nothing, in segments of which lighttpd's end takes few at once. */
static int slow_reader(void)
{
    static const int room = 4096, segment = 536;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)pair.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct pollfd come = {.fd = fd, .events = POLLIN};
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    CHECK_INT(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    CHECK_TRUE(client_raw_send(fd, REQUEST, strlen(REQUEST)));
    CHECK_INT(poll(&come, 1, WAIT_MS), 1);
    return fd;
}

/* One that asked within a lease. */
static int slow_reader_of_published(void)
{
    for (;;) {
        offerer_renew(&offerer);
        int fd = slow_reader();
        if (clock_monotonic_us() < atomic_load(&offerer.answers.layout->lease_us))
            return fd;
        close(fd);
    }
}

/* A caller that reads slowly gets the list as it was when it asked. */
static void test_slow_reader(void)
{
    static char got[LIST_LEN + 4096], before[LIST_LEN + 1];
    struct client_answer slow;
    bool closed;
    REQUIRE_TRUE(wait_taken());
    memcpy(before, list, sizeof before);
    int fd = slow_reader_of_published();
    publish();
    ask("GET");
    CHECK_TRUE(is_published());
    client_raw_read(fd, got, sizeof got, WAIT_MS, &closed);
    close(fd);
    REQUIRE_NOT_NULL(client_raw_answer(got, false, &slow));
    CHECK_BYTES(slow.body, slow.body_len, before, LIST_LEN);
}

/* Callers that do not read, each of another list, hold no more than so many of them; with all held,
 * the application answers. */
static void test_slow_readers(void)
{
    int fds[SLOW_MAX + MORE], count = 0;
    REQUIRE_TRUE(wait_taken());
    while (count < SLOW_MAX && count_copies() < COPIES_MAX) {
        publish();
        fds[count++] = slow_reader_of_published();
    }
    for (int i = 0; i < MORE; i++) {
        publish();
        fds[count++] = slow_reader_of_published();
    }
    CHECK_INT(count_copies(), COPIES_MAX);
    ask("GET");
    CHECK_CONTAINS(answer.body, "Product 1");
    while (count > 0)
        close(fds[--count]);
    for (int64_t until = load_now_ms() + WAIT_MS; !is_published() && load_now_ms() < until;) {
        load_sleep_ms(TICK_MS);
        ask("GET");
    }
    CHECK_TRUE(is_published());
}

int main(void)
{
    CU_TestInfo tests[] = {{"sizes", test_sizes},
                           {"list", test_list},
                           {"slow reader", test_slow_reader},
                           {"slow readers", test_slow_readers},
                           CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/published_list", setup, teardown, tests);
}
