#include "server/scrape.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "check.h"
#include "suite.h"

enum { GOT_MAX = 16 * 1024 * 1024, CONSUMERS = 500, STEPS_MAX = 100000 };

#define END "\r\n\r\n"

static void test_heads(void)
{
    static const struct {
        int line;
        const char *bytes;
        enum scrape_answer answer;
        bool chunked;
    } rows[] = {
        {__LINE__, "", SCRAPE_MORE, false},
        {__LINE__, "GET /metrics HTTP/1.1\r\n", SCRAPE_MORE, false},
        {__LINE__, "GET /metrics HTTP/1.1" END, SCRAPE_METRICS, true},
        {__LINE__, "GET /metrics HTTP/1.1\r\nHost: a" END, SCRAPE_METRICS, true},
        {__LINE__, "GET /metrics HTTP/1.0" END, SCRAPE_METRICS, false},
        {__LINE__, "GET /metrics?x=1 HTTP/1.1" END, SCRAPE_METRICS, true},
        {__LINE__, "HEAD /metrics HTTP/1.1" END, SCRAPE_HEAD, true},
        {__LINE__, "GET /errors HTTP/1.1" END, SCRAPE_ERRORS, true},
        {__LINE__, "HEAD /errors HTTP/1.1" END, SCRAPE_HEAD, true},
        {__LINE__, "POST /metrics HTTP/1.1" END, SCRAPE_METHOD, true},
        {__LINE__, "GET /metricsx HTTP/1.1" END, SCRAPE_NOT_FOUND, true},
        {__LINE__, "GET /metric HTTP/1.1" END, SCRAPE_NOT_FOUND, true},
        {__LINE__, "GET / HTTP/1.1" END, SCRAPE_NOT_FOUND, true},
        {__LINE__, "GET ?/metrics HTTP/1.1" END, SCRAPE_NOT_FOUND, true},
        {__LINE__, "GET /metrics HTTP/2" END, SCRAPE_BROKEN, false},
        {__LINE__, "GET /metrics" END, SCRAPE_BROKEN, false},
        {__LINE__, "GET /metrics HTTP/1.1 x" END, SCRAPE_BROKEN, false},
        {__LINE__, "GET /metrics HTTP/1.1 " END, SCRAPE_BROKEN, false},
        {__LINE__, "GET  /metrics HTTP/1.1" END, SCRAPE_BROKEN, false},
        {__LINE__, END, SCRAPE_BROKEN, false},
        {__LINE__, "\r\nGET /metrics HTTP/1.1" END, SCRAPE_BROKEN, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        bool chunked = false;
        CHECK_INT(scrape_read_head(rows[i].bytes, strlen(rows[i].bytes), &chunked), rows[i].answer);
        if (rows[i].answer != SCRAPE_MORE && rows[i].answer != SCRAPE_BROKEN)
            CHECK_INT(chunked, rows[i].chunked);
    }
}

static int refreshed;

static void refresh(void *context)
{
    (void)context;
    refreshed++;
}

static char *got;

/* Sends the bytes one by one, and returns the answer, which is read as it comes. */
static const char *ask(const char *bytes)
{
    int fds[2];
    size_t len = 0;
    ssize_t n = 0;
    struct scrape scrape;
    bool going = true;
    REQUIRE_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    scrape_open(&scrape, fds[0], clock_monotonic_us());
    for (int step = 0; step < STEPS_MAX && (going || n > 0); step++) {
        if (*bytes && !scrape_writes(&scrape))
            CHECK_INT(send(fds[1], bytes++, 1, MSG_NOSIGNAL), 1);
        if (going)
            going = scrape_go_on(&scrape, refresh, NULL);
        if (!going && scrape.fd >= 0)
            scrape_close(&scrape);
        n = recv(fds[1], got + len, GOT_MAX - 1 - len, MSG_DONTWAIT);
        len += n > 0 ? (size_t)n : 0;
    }
    CHECK_FALSE(going);
    close(fds[1]);
    got[len] = '\0';
    return got;
}

/* The chunks of an answer, put together in their place; false if they are not whole. */
static bool join_chunks(char *body)
{
    char *out = body, *at = body;
    for (;;) {
        char *end;
        unsigned long len = strtoul(at, &end, 16);
        if (strncmp(end, "\r\n", 2) != 0)
            return false;
        memmove(out, end + 2, len);
        out += len;
        at = end + 2 + len;
        if (strncmp(at, "\r\n", 2) != 0)
            return false;
        at += 2;
        if (len == 0) {
            *out = '\0';
            return *at == '\0';
        }
    }
}

static void test_answers(void)
{
    char name[16];
    REQUIRE_TRUE(metrics_open());
    for (int i = 0; i < CONSUMERS; i++) {
        snprintf(name, sizeof name, "c%d", i);
        metrics_observe(METRIC_REQUESTS, 1, METRICS_WITH(0, IS_GET, 404, metrics_consumer(name)));
    }
    refreshed = 0;
    CHECK_START(ask("GET /metrics HTTP/1.0" END), "HTTP/1.1 200 OK\r\nContent-Type: text/plain; ");
    CHECK_INT(refreshed, 1);
    char *body = strstr(got, END) + strlen(END);
    CHECK_START(body, "# HELP postern_request_duration_seconds ");
    char *plain = strdup(body);
    REQUIRE_NOT_NULL(plain);
    CHECK_COMPARE(strlen(plain), >, SCRAPE_PART_MAX);

    CHECK_CONTAINS(ask("GET /metrics HTTP/1.1\r\nHost: a" END),
                   "\r\nTransfer-Encoding: chunked\r\n");
    body = strstr(got, END) + strlen(END);
    CHECK_TRUE(join_chunks(body));
    CHECK_TRUE(strcmp(body, plain) == 0);
    free(plain);

    CHECK_CONTAINS(ask("HEAD /metrics HTTP/1.1" END), END);
    CHECK_TEXT(strstr(got, END), END);
    CHECK_START(ask("GET /other HTTP/1.1" END), "HTTP/1.1 404 ");
    CHECK_START(ask("GET /errors HTTP/1.1" END), "HTTP/1.1 200 OK\r\n");
    CHECK_CONTAINS(got, "\r\nContent-Length: 0\r\n");
    log_write(LOG_ERROR, "this line belongs to the test", NULL);
    CHECK_CONTAINS(ask("GET /errors HTTP/1.1" END), "Z this line belongs to the test\n");
    CHECK_START(ask("PUT /metrics HTTP/1.1" END), "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET");
    CHECK_START(ask("\r\n" END), "HTTP/1.1 400 ");
    metrics_close();
}

/* Who sends more than a head may have is refused. */
static void test_too_long(void)
{
    static char bytes[SCRAPE_HEAD_MAX + 2];
    memset(bytes, 'a', SCRAPE_HEAD_MAX + 1);
    CHECK_START(ask(bytes), "HTTP/1.1 400 ");
}

int main(void)
{
    CU_TestInfo tests[] = {{"heads", test_heads},
                           {"answers", test_answers},
                           {"too long", test_too_long},
                           CU_TEST_INFO_NULL};
    got = malloc(GOT_MAX);
    int status = got ? suite_run("unit/server/scrape", NULL, NULL, tests) : EXIT_FAILURE;
    free(got);
    return status;
}
