/* The rates: each consumer gets what its line says, at any number of workers, whatever dies, and is
 * told the truth about it. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/load.h"
#include "e2e/pair.h"
#include "e2e/process.h"

enum { THREADS = 3, WAIT_MS = 15000, SETTING_SIZE = 128, VALUE_SIZE = 64, KILLS = 12 };

static struct pair pair;
static struct load load;
static char file[] = "/tmp/postern-rates.XXXXXX", setting[SETTING_SIZE];

static int setup(void)
{
    int fd = mkstemp(file);
    snprintf(setting, sizeof setting, "POSTERN_CONSUMERS_FILE=%s", file);
    return fd < 0 ? 1 : close(fd);
}

static int teardown(void)
{
    return unlink(file);
}

static void write_consumers(const char *text)
{
    FILE *out = fopen(file, "we");
    REQUIRE_NOT_NULL(out);
    CHECK_COMPARE(fputs(text, out), >=, 0);
    CHECK_INT(fclose(out), 0);
}

static bool start(const char *text, int workers)
{
    static const char *env[] = {"POSTERN_QUIET_MS=50", setting, NULL};
    write_consumers(text);
    return pair_start(&pair, &(struct pair_options){.workers = workers, .env = env}) &&
           process_wait_workers(&pair, (size_t)workers, NULL, 0, WAIT_MS);
}

static bool ask(const char *consumer, const char *method, const char *path,
                struct fastcgi_answer *got)
{
    char who[SETTING_SIZE], what[SETTING_SIZE], where[SETTING_SIZE];
    const char *variables[] = {who, what, where, NULL};
    snprintf(who, sizeof who, "PP2_AWS_VPCE_ID=%s", consumer);
    snprintf(what, sizeof what, "REQUEST_METHOD=%s", method);
    snprintf(where, sizeof where, "PATH_INFO=%s", path);
    return fastcgi_call(&pair, variables, NULL, got);
}

static int status_of(const char *consumer, const char *method, const char *path)
{
    struct fastcgi_answer got;
    ask(consumer, method, path, &got);
    int status = got.status;
    fastcgi_free(&got);
    return status;
}

static int get(const char *consumer)
{
    return status_of(consumer, "GET", "/products/1");
}

/* The header of one answer, or "". */
static const char *header_of(const char *consumer, const char *path, const char *name)
{
    static char value[VALUE_SIZE];
    struct fastcgi_answer got;
    ask(consumer, "GET", path, &got);
    if (!fastcgi_header(&got, name, value, sizeof value))
        value[0] = '\0';
    fastcgi_free(&got);
    return value;
}

/* What a flood of the consumer vpce-0a came to. */
static atomic_bool stop;
static atomic_int admitted, refused, others;
static _Atomic int64_t first_ms, last_refused_ms; /* the first answer; a refused request's start */

static void flood_on(void *context, size_t thread)
{
    (void)context;
    (void)thread;
    while (!atomic_load(&stop)) {
        int64_t sent_ms = load_now_ms(), never = 0, before = atomic_load(&last_refused_ms);
        int status = get("vpce-0a");
        atomic_compare_exchange_strong(&first_ms, &never, load_now_ms());
        atomic_fetch_add(status == 200 ? &admitted : status == 429 ? &refused : &others, 1);
        while (status == 429 && before < sent_ms &&
               !atomic_compare_exchange_weak(&last_refused_ms, &before, sent_ms))
            continue;
    }
}

static void flood_start(void)
{
    atomic_store(&stop, false);
    atomic_store(&admitted, 0);
    atomic_store(&refused, 0);
    atomic_store(&others, 0);
    atomic_store(&first_ms, 0);
    atomic_store(&last_refused_ms, 0);
    CHECK_TRUE(load_start(&load, THREADS, flood_on, NULL));
}

static void flood_end(void)
{
    atomic_store(&stop, true);
    load_join(&load);
}

/* When the last request that drain saw refused was sent: then its bucket held less than a token. */
static int64_t empty_ms;

/* Asks until it is refused; how often it was not, at most 1000 times. */
static int drain(const char *consumer)
{
    for (int n = 0; n < 1000; n++) {
        empty_ms = load_now_ms();
        if (get(consumer) != 200)
            return n;
    }
    return 1000;
}

/* A bucket that starts full admits its burst and the rate's share of the time, no more at four
 * workers than at one. When a request is refused the bucket is empty, so until then it was no less
 * either: on a machine of any speed, as long as nothing stands still for the time of the burst. */
static void test_rate(void)
{
    enum { RATE = 20, BURST = 40, FLOOD_MS = 2500 };
    for (int workers = 1; workers <= 4; workers += 3) {
        CHECK_OF("%d workers", workers);
        REQUIRE_TRUE(start("vpce-0a a rate=20 burst=40\n", workers));
        int64_t began = load_now_ms();
        flood_start();
        load_sleep_ms(FLOOD_MS);
        /* A busy machine may take longer to empty the bucket. */
        for (int64_t until = load_now_ms() + WAIT_MS;
             atomic_load(&last_refused_ms) - atomic_load(&first_ms) <= FLOOD_MS / 4 &&
             load_now_ms() < until;)
            load_sleep_ms(20);
        flood_end();
        int64_t most_ms = load_now_ms() - began;
        int64_t least_ms = atomic_load(&last_refused_ms) - atomic_load(&first_ms);
        CHECK_COMPARE(atomic_load(&admitted), <=, BURST + (int)(most_ms * RATE / 1000) + 1);
        CHECK_COMPARE(atomic_load(&admitted), >=, BURST + (int)(least_ms * RATE / 1000) - 1);
        CHECK_COMPARE(least_ms, >, FLOOD_MS / 4);
        CHECK_INT(atomic_load(&others), 0);
        pair_end(&pair);
    }
}

/* All but probes count, and all but probes are refused, for that consumer alone. */
static void test_every_route(void)
{
    static const struct {
        int line;
        const char *method, *path;
        int status;
    } rows[] = {
        {__LINE__, "GET", "/products", 429}, {__LINE__, "HEAD", "/products/1", 429},
        {__LINE__, "POST", "/orders", 429},  {__LINE__, "OPTIONS", "/orders", 429},
        {__LINE__, "GET", "/nothing", 429},  {__LINE__, "BREW", "/products", 429},
        {__LINE__, "GET", "/healthz", 200},  {__LINE__, "GET", "/readyz", 200},
        {__LINE__, "HEAD", "/readyz", 200},
    };
    enum { PROBES = 10, BURST = 5 };
    REQUIRE_TRUE(start("vpce-0a a rate=1 burst=5\nvpce-0b b rate=1 burst=1000\n", 2));
    for (int i = 0; i < PROBES; i++)
        CHECK_INT(status_of("vpce-0a", "GET", i % 2 ? "/healthz" : "/readyz"), 200);
    CHECK_COMPARE(drain("vpce-0a"), >=, BURST);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        drain("vpce-0a");
        /* A token may have come back in between. */
        int status = status_of("vpce-0a", rows[i].method, rows[i].path);
        if (status != rows[i].status)
            status = status_of("vpce-0a", rows[i].method, rows[i].path);
        CHECK_INT(status, rows[i].status);
        CHECK_INT(get("vpce-0b"), 200);
    }
    CHECK_INT(get("vpce-0c"), 200);
    /* Whatever is wrong with it, a request counts. */
    drain("vpce-0a");
    int64_t since_ms = empty_ms;
    load_sleep_ms(2100);
    CHECK_INT(status_of("vpce-0a", "GET", "/nothing"), 404);
    CHECK_INT(status_of("vpce-0a", "OPTIONS", "/orders"), 204);
    int left = drain("vpce-0a");
    CHECK_COMPARE(left, <=, 1 + (int)((load_now_ms() - since_ms) / 1000) - 2);
    CHECK_LOG(&pair, "postern.log", "\"consumer\":\"a\",\"method\":\"BREW\"", WAIT_MS);
    pair_end(&pair);
}

static void test_what_is_told(void)
{
    REQUIRE_TRUE(start("vpce-0a a rate=1 burst=1\nvpce-0b b rate=50\nvpce-0c c denied\n", 2));
    CHECK_TEXT(header_of("vpce-0b", "/products/1", "RateLimit-Policy"), "\"consumer\";q=100;w=2");
    CHECK_START(header_of("vpce-0b", "/nothing", "RateLimit"), "\"consumer\";r=9");
    CHECK_TEXT(header_of("vpce-0b", "/readyz", "RateLimit"), "");
    CHECK_TEXT(header_of("vpce-0b", "/products/1", "Retry-After"), "");
    CHECK_TEXT(header_of("vpce-0c", "/products/1", "RateLimit"), "");
    CHECK_TEXT(header_of("vpce-0d", "/products/1", "RateLimit"), "");
    /* Whoever waits as long as it is told is served. */
    struct fastcgi_answer got;
    char value[VALUE_SIZE] = "";
    for (int i = 0; i < 2; i++) {
        while (ask("vpce-0a", "GET", "/products/1", &got) && got.status == 200)
            fastcgi_free(&got);
        CHECK_INT(got.status, 429);
        CHECK_CONTAINS(got.body, "\"type\":\"urn:postern:problem:rate-limited\"");
        CHECK_TRUE(fastcgi_header(&got, "RateLimit", value, sizeof value));
        CHECK_TEXT(value, "\"consumer\";r=0;t=1");
        CHECK_TRUE(fastcgi_header(&got, "Retry-After", value, sizeof value));
        CHECK_TEXT(value, "1");
        fastcgi_free(&got);
        load_sleep_ms(1000);
        CHECK_INT(get("vpce-0a"), 200);
    }
    pair_end(&pair);
}

/* lighttpd passes it on: callers without an endpoint have a rate, too. */
static void test_over_the_web_server(void)
{
    static const struct client_request request = {.method = "GET", .path = "/nothing"};
    struct client_answer answer = {.status = 0};
    REQUIRE_TRUE(start("- local rate=1 burst=2\n", 2));
    struct client *client = client_open(pair.port);
    REQUIRE_NOT_NULL(client);
    for (int i = 0; i < 100 && answer.status != 429; i++)
        CHECK_TRUE(client_call(client, &request, &answer));
    CHECK_INT(answer.status, 429);
    CHECK_TRUE(answer.reused);
    CHECK_TRUE(answer_is_problem(&answer, 429, "rate-limited", ANSWER_POSTERN));
    CHECK_TEXT(client_header(&answer, "Retry-After"), "1");
    CHECK_TEXT(client_header(&answer, "RateLimit"), "\"consumer\";r=0;t=1");
    CHECK_TEXT(client_header(&answer, "RateLimit-Policy"), "\"consumer\";q=2;w=2");
    client_close(client);
    pair_end(&pair);
}

/* Workers that die in mid-request take nothing with them: the bucket gets as full as ever, and the
 * limit holds meanwhile. */
static void test_killed_workers(void)
{
    enum { RATE = 50, BURST = 50 };
    REQUIRE_TRUE(start("vpce-0a a rate=50 burst=50\n", 4));
    int64_t began = load_now_ms();
    flood_start();
    for (int i = 0; i < KILLS; i++) {
        pid_t pids[PROCESS_WORKERS_MAX];
        size_t count = pair_workers(&pair, pids, PROCESS_WORKERS_MAX);
        if (count > 0)
            kill(pids[(size_t)i % count], SIGKILL);
        load_sleep_ms(60);
    }
    flood_end();
    double most = BURST + (double)(load_now_ms() - began) * RATE / 1000;
    CHECK_COMPARE(atomic_load(&admitted), <=, (int)(most + 1));
    CHECK_TRUE(process_wait_workers(&pair, 4, NULL, 0, WAIT_MS));
    load_sleep_ms(1100);
    began = load_now_ms();
    int n = drain("vpce-0a");
    CHECK_COMPARE(n, >=, BURST);
    CHECK_COMPARE(n, <=, (int)(BURST + (double)(load_now_ms() - began) * RATE / 1000 + 1));
    pair_end(&pair);
}

/* HUP changes rate and burst, and neither gives tokens nor takes any. */
static void test_reread(void)
{
    enum { BURST = 150 };
    REQUIRE_TRUE(start("vpce-0a a rate=1 burst=150\n* - rate=1 burst=150\n", 2));
    int64_t began = load_now_ms();
    int listed = drain("vpce-0a"), unlisted = drain("vpce-0b");
    CHECK_COMPARE(listed, >=, BURST);
    CHECK_COMPARE(unlisted, >=, BURST);
    write_consumers("vpce-09 - rate=1\n* - rate=2 burst=300\nvpce-0a a rate=2 burst=300\n");
    kill(pair.app, SIGHUP);
    CHECK_LOG(&pair, "postern.log", "\"consumers read again\"", WAIT_MS);
    CHECK_TEXT(header_of("vpce-0a", "/products/1", "RateLimit-Policy"), "\"consumer\";q=300;w=150");
    listed += drain("vpce-0a");
    unlisted += drain("vpce-0b");
    int most = BURST + (int)((load_now_ms() - began) * 2 / 1000) + 2;
    CHECK_COMPARE(listed, <=, most);
    CHECK_COMPARE(unlisted, <=, most);
    write_consumers("vpce-0a a rate=2 burst=300 rate=3\n");
    kill(pair.app, SIGHUP);
    CHECK_LOG(&pair, "postern.log", "\"line\":1,\"error\":\"\\\"rate=3\\\" is not one", WAIT_MS);
    CHECK_TEXT(header_of("vpce-0a", "/products/1", "RateLimit-Policy"), "\"consumer\";q=300;w=150");
    pair_end(&pair);
}

int main(void)
{
    static CU_TestInfo tests[] = {{"the rate, with one worker and with four", test_rate},
                                  {"every route but the probes", test_every_route},
                                  {"what a caller is told", test_what_is_told},
                                  {"over the web server", test_over_the_web_server},
                                  {"workers that are killed", test_killed_workers},
                                  {"HUP changes rates and keeps levels", test_reread},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/rates", setup, teardown, tests);
}
