/* What lighttpd's module closes and refuses by itself is in the application's metrics: each once,
 * under its reason, whoever of the two is started anew. What it closes when: test_shares. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "e2e/caller.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "e2e/proxy.h"
#include "e2e/scrape.h"
#include "port.h"
#include "publish/layout.h"

#define GET(path) CALLER_GET(path)
#define DENIED    "vpce-0dddddddddddddddd"
#define CLOSED    "postern_connections_closed_total{reason=\"%s\"}"

/* Of 64 connections: see test_shares. */
enum { SHARE = 16, PENDING = 8, ALL_BUT_KEPT = 64 - 1 - 4 };
enum { MS = CALLER_WAIT_MS, TICK_MS = 50, SERIES_SIZE = 128 };

enum reason { OVER, CROWDED, CROWDING, SILENT, WRONG, SLOW, REASONS };

static const char *const names[REASONS] = {
    [OVER] = "over its share",  [CROWDED] = "too many without header",
    [CROWDING] = "crowded out", [SILENT] = "no header in time",
    [WRONG] = "wrong header",   [SLOW] = "slow request",
};

static int port, port_fd;
static struct client *scraper;
static struct client_answer scraped;
static int wanted[REASONS]; /* what the application is to tell */

static int setup(void)
{
    static char metrics[64];
    static const char *const env[] = {PROXY_ENVIRONMENT, "POSTERN_QUIET_MS=10",
                                      "POSTERN_CONSUMERS=" DENIED " evil denied", metrics, NULL};
    static const struct pair_options options = {.env = env,
                                                .module = true,
                                                .lighttpd = PROXY_LIGHTTPD
                                                "include env.WEBSERVER_CONF + \"/published.conf\"\n"
                                                "server.modules += (\"mod_postern_errors\")\n"
                                                "server.max-connections := 64\n"
                                                "postern-vpce.header-seconds := 3\n"
                                                "postern-vpce.request-seconds := 2\n"};
    port_fd = port_take(&port);
    snprintf(metrics, sizeof metrics, "METRICS_PORT=%d", port);
    scraper = client_open(port);
    return port_fd >= 0 && scraper ? fixture_start(&options) : 1;
}

static int teardown(void)
{
    client_close(scraper);
    close(port_fd);
    return fixture_end();
}

static int ask(const char *id, const char *text)
{
    return caller_ask(pair.port, id, text);
}

static int told(enum reason reason)
{
    char series[SERIES_SIZE];
    snprintf(series, sizeof series, CLOSED, names[reason]);
    return (int)scrape_value(scraped.body, series);
}

/* Waits until as many were told of each reason as there were, and checks that they are no more. */
static void check_told(void)
{
    bool all = false;
    for (int64_t until = load_now_ms() + MS; !all && load_now_ms() < until;
         load_sleep_ms(TICK_MS)) {
        REQUIRE_TRUE(scrape_get(scraper, &scraped, MS));
        all = true;
        for (int i = 0; i < REASONS; i++)
            all = all && told(i) >= wanted[i];
    }
    for (int i = 0; i < REASONS; i++)
        CHECK_INT(told(i), wanted[i], "%s", names[i]);
}

/* Opens so many that are closed for what they send first. */
static void send_wrong(int count)
{
    static const char *const firsts[] = {GET("/healthz"), "PROXY-less"};
    for (int i = 0; i < count; i++) {
        int fd = proxy_open(pair.port, PROXY_BALANCER);
        CHECK_TRUE(caller_send(fd, firsts[i % 2]));
        CHECK_TRUE(caller_is_closed(fd, MS));
        caller_close(&fd, 1);
    }
}

static void test_over(void)
{
    int fds[SHARE + 3];
    for (int i = 0; i < SHARE; i++)
        CHECK_INT(caller_status(fds[i] = ask(PROXY_A, GET("/healthz"))), 200, "%d", i);
    for (int i = SHARE; i < SHARE + 3; i++)
        CHECK_TRUE(caller_is_closed(fds[i] = ask(PROXY_A, GET("/healthz")), MS));
    caller_close(fds, SHARE + 3);
    wanted[OVER] += 3;
    check_told();
}

/* Each that comes while there is no place has another one closed. */
static void test_crowding(void)
{
    static char ids[][32] = {"vpce-0a1a1a1a1a1a1a1a1", "vpce-0a2a2a2a2a2a2a2a2",
                             "vpce-0a3a3a3a3a3a3a3a3", "vpce-0a4a4a4a4a4a4a4a4"};
    int fds[ALL_BUT_KEPT + 2];
    for (int i = 0; i < ALL_BUT_KEPT; i++)
        CHECK_INT(caller_status(fds[i] = ask(ids[i / SHARE], GET("/healthz"))), 200, "%d", i);
    for (int i = ALL_BUT_KEPT; i < ALL_BUT_KEPT + 2; i++)
        CHECK_INT(caller_status(fds[i] = ask(PROXY_B, GET("/healthz"))), 200, "%d", i);
    caller_close(fds, ALL_BUT_KEPT + 2);
    wanted[CROWDING] += 2;
    check_told();
}

/* lighttpd finds all of them at once. Those that it keeps say nothing for too long. */
static void test_silent(void)
{
    int fds[2 * PENDING + 1];
    enum { ALL = sizeof fds / sizeof fds[0] };
    kill(pair.web, SIGSTOP);
    for (int i = 0; i < ALL; i++)
        fds[i] = proxy_open(pair.port, PROXY_BALANCER);
    kill(pair.web, SIGCONT);
    for (int i = 0; i < ALL; i++)
        CHECK_TRUE(caller_is_closed(fds[i], MS), "%d", i);
    caller_close(fds, ALL);
    wanted[CROWDED] += ALL - PENDING;
    wanted[SILENT] += PENDING;
    check_told();
}

static void test_slow(void)
{
    static const char *const starts[] = {
        "GET /products HTTP/1.1\r\nX: ",
        "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 60000\r\n\r\n{"};
    int fds[2];
    for (int i = 0; i < 2; i++)
        fds[i] = ask(PROXY_A, starts[i]);
    for (int i = 0; i < 2; i++)
        CHECK_TRUE(caller_is_closed(fds[i], MS));
    caller_close(fds, 2);
    wanted[SLOW] += 2;
    check_told();
}

static void test_wrong(void)
{
    static const char two[] =
        PROXY_SIGNATURE "\x21\x11\0\x40" PROXY_IP4 PROXY_TLV(PROXY_A) PROXY_TLV(PROXY_B);
    send_wrong(2);
    int fd = proxy_open(pair.port, PROXY_BALANCER);
    CHECK_TRUE(client_raw_send(fd, two, sizeof two - 1));
    CHECK_TRUE(caller_is_closed(fd, MS));
    caller_close(&fd, 1);
    wanted[WRONG] += 3;
    check_told();
}

/* Who is not closed is not counted: who leaves by itself, before its header, in it or after. */
static void test_others(void)
{
    /* Fewer than would crowd each other out. */
    static const size_t lens[PENDING - 1] = {0, 1, 11, 12, 15, 16, 19};
    for (size_t i = 0; i < PENDING - 1; i++) {
        int fd = proxy_open(pair.port, PROXY_BALANCER);
        CHECK_TRUE(client_raw_send(fd, PROXY_OF(PROXY_A), lens[i]));
        if (i % 2)
            shutdown(fd, SHUT_WR);
        caller_close(&fd, 1);
    }
    int fd = ask(PROXY_A, GET("/products/1"));
    CHECK_INT(caller_status(fd), 200);
    caller_close(&fd, 1);
    send_wrong(1);
    wanted[WRONG]++;
    check_told();
}

/* Counted as the application counts whom it denies itself. */
static void test_denied(void)
{
    static const struct {
        const char *request, *method;
    } rows[] = {{GET("/products/1"), "GET"},
                {GET("/nowhere"), "GET"},
                {"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{", "POST"},
                {"HEAD /products HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD"},
                {"OPTIONS /orders HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS"},
                {"PUT /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{", "other"}};
    enum { ROWS = sizeof rows / sizeof rows[0] };
    char series[SERIES_SIZE];
    for (int i = 0; i < ROWS; i++) {
        snprintf(series, sizeof series,
                 SCRAPE_REQUESTS "{route=\"-\",method=\"%s\",code=\"403\",consumer=\"evil\"}",
                 rows[i].method);
        REQUIRE_TRUE(scrape_get(scraper, &scraped, MS));
        int before = (int)scrape_value(scraped.body, series);
        int fd = ask(DENIED, rows[i].request);
        CHECK_INT(caller_status(fd), 403);
        caller_close(&fd, 1);
        REQUIRE_TRUE(scrape_get(scraper, &scraped, MS));
        CHECK_INT((int)scrape_value(scraped.body, series) - before, 1, "%s", rows[i].method);
    }
    CHECK_INT(
        (int)scrape_value(scraped.body, "postern_problems_total{problem=\"consumer-denied\"}"),
        ROWS);
    check_told();
}

/* What lighttpd refused, and had the application answer, is counted under the method it had. */
static void test_refused(void)
{
    static const struct {
        const char *request, *method;
        int code;
    } rows[] = {
        {"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n", "POST", 413},
        {"POST /orders HTTP/1.1\r\nHost: x\r\n\r\n", "POST", 411},
        {GET("/a%2Fb"), "GET", 400},
        {"HEAD /a%2Fb HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD", 400},
        {"DELETE /a%2Fb HTTP/1.1\r\nHost: x\r\n\r\n", "other", 400},
        {"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", "other", 501}};
    char series[SERIES_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(series, sizeof series,
                 SCRAPE_REQUESTS "{route=\"-\",method=\"%s\",code=\"%d\",consumer=\"" PROXY_A "\"}",
                 rows[i].method, rows[i].code);
        REQUIRE_TRUE(scrape_get(scraper, &scraped, MS));
        int before = (int)scrape_value(scraped.body, series);
        int fd = ask(PROXY_A, rows[i].request);
        CHECK_INT(caller_status(fd), rows[i].code);
        caller_close(&fd, 1);
        REQUIRE_TRUE(scrape_get(scraper, &scraped, MS));
        CHECK_INT((int)scrape_value(scraped.body, series) - before, 1, "%s", rows[i].request);
    }
    check_told();
}

/* What was closed while no application ran is told to the next one, and nothing else is. */
static void test_application_anew(void)
{
    static const int signals[] = {SIGTERM, SIGKILL};
    for (size_t i = 0; i < 2; i++) {
        pair_stop_app(&pair, signals[i]);
        /* What is told in the lease of an application that was killed, nobody sees. */
        load_sleep_ms(LAYOUT_LEASE_US / 1000 + TICK_MS);
        send_wrong(2);
        REQUIRE_TRUE(pair_start_app(&pair));
        REQUIRE_TRUE(pair_wait_ready(&pair));
        memset(wanted, 0, sizeof wanted);
        wanted[WRONG] = 2;
        check_told();
    }
}

/* What an ordered end or a start anew (USR1) of lighttpd comes upon is told at once. HUP, for the
 * logs, changes nothing. */
static void test_web_server_anew(void)
{
    send_wrong(1);
    CHECK_INT(process_exit(pair_stop_web(&pair, SIGINT)), 0);
    wanted[WRONG]++;
    check_told();
    REQUIRE_TRUE(pair_start_web(&pair));
    REQUIRE_TRUE(pair_wait_ready(&pair));
    send_wrong(1);
    kill(pair.web, SIGHUP);
    wanted[WRONG]++;
    check_told();
    send_wrong(1);
    kill(pair.web, SIGUSR1);
    wanted[WRONG]++;
    check_told();
    send_wrong(1);
    wanted[WRONG]++;
    check_told();
}

int main(void)
{
    static CU_TestInfo tests[] = {{"over the share", test_over},
                                  {"no place left", test_crowding},
                                  {"silent", test_silent},
                                  {"slow", test_slow},
                                  {"wrong headers", test_wrong},
                                  {"those that leave", test_others},
                                  {"denied", test_denied},
                                  {"refused", test_refused},
                                  {"the application anew", test_application_anew},
                                  {"lighttpd anew", test_web_server_anew},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/closed", setup, teardown, tests);
}
