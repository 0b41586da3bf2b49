/* The metrics are what clients counted themselves, whatever was killed, and whoever asks for them
 * waits for no worker. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "port.h"

enum {
    THREADS = 4,
    ROUNDS = 60,
    CONSUMERS = 1000,
    SERIES_SIZE = 256,
    SETTING_SIZE = 64,
    COMMAND_SIZE = 192,
    SOON_MS = 15000,
    SCRAPES = 15,
    SCRAPES_MAX = 100, /* a machine that has much else to do may hold many up, and not all */
    LIMIT_MS = 100,    /* the quickest: whoever waits for a worker or for a deadline is never so */
    SILENT = 40,       /* more than are answered at once */
    KILLS = 6
};

#define ORDER                                                                                      \
    "{\"items\":[{\"product_id\":1,\"quantity\":1},{\"product_id\":2,\"quantity\":1}],"            \
    "\"email\":\"someone@example.com\",\"reference\":\"ref-4711\"}"
#define ORDER_VALUE 30 /* 9.99 + 20.01, see the catalogue */
#define CATALOGUE                                                                                  \
    "id,name,description,price,quantity\n1,a,b,9.99,1000000\n2,c,d,20.01,1000000\n3,e,f,1.00,0\n"
#define REQUESTS "postern_request_duration_seconds_count"

static int port, port_fd;
static struct client *scraper;
static struct client_answer scraped;

static int setup(void)
{
    static char setting[SETTING_SIZE];
    static const char *const env[] = {"POSTERN_CONSUMERS=vpce-0a acme;vpce-0d evil denied;"
                                      "vpce-0e slow rate=1 burst=1",
                                      setting, "POSTERN_QUIET_MS=10", "POSTERN_DRAIN_SECONDS=2",
                                      NULL};
    port_fd = port_take(&port);
    if (port_fd < 0)
        return 1;
    snprintf(setting, sizeof setting, "METRICS_PORT=%d", port);
    int status =
        fixture_start(&(struct pair_options){.workers = 3, .catalogue = CATALOGUE, .env = env});
    scraper = client_open(port);
    if (status != 0 || !scraper)
        return 1;
    /* The exporter takes its port a moment after the pair is ready. */
    int64_t until = load_now_ms() + SOON_MS;
    while (!client_get(scraper, "/metrics", &scraped)) {
        if (load_now_ms() >= until)
            return 1;
        load_sleep_ms(20);
    }
    return 0;
}

static int teardown(void)
{
    client_close(scraper);
    close(port_fd);
    return fixture_end();
}

/* Asks anew. */
static void scrape(void)
{
    CHECK_TRUE(client_get(scraper, "/metrics", &scraped), "%s", scraped.error);
    CHECK_INT(scraped.status, 200);
}

/* What the last answer says of a series; 0 if it is not there. */
static double told(const char *series)
{
    char line[SERIES_SIZE];
    snprintf(line, sizeof line, "\n%s ", series);
    const char *found = strstr(scraped.body, line);
    return found ? strtod(found + strlen(line), NULL) : 0;
}

/* The sum over all series that begin so. */
static double told_all(const char *start)
{
    char line[SERIES_SIZE];
    double sum = 0;
    snprintf(line, sizeof line, "\n%s", start);
    for (const char *at = scraped.body; (at = strstr(at, line)) != NULL;) {
        at += strlen(line);
        /* Values of labels may hold blanks, and nothing else may after them. */
        const char *end = strchr(at, '\n');
        while (end && end > at && *end != ' ')
            end--;
        sum += end ? strtod(end, NULL) : 0;
    }
    return sum;
}

static int ask(const char *consumer, const char *method, const char *path, const char *key,
               const char *body)
{
    char who[SERIES_SIZE], what[SERIES_SIZE], where[SERIES_SIZE], with[SERIES_SIZE];
    const char *variables[] = {who, what, where, "CONTENT_TYPE=application/json", with, NULL};
    struct fastcgi_answer got;
    snprintf(who, sizeof who, "PP2_AWS_VPCE_ID=%s", consumer);
    snprintf(what, sizeof what, "REQUEST_METHOD=%s", method);
    snprintf(where, sizeof where, "PATH_INFO=%s", path);
    snprintf(with, sizeof with, "HTTP_IDEMPOTENCY_KEY=%s", key ? key : "");
    if (!key)
        variables[4] = NULL;
    fastcgi_call(&pair, variables, body, &got);
    int status = got.status;
    fastcgi_free(&got);
    return status;
}

#define PRODUCT(method, code, consumer)                                                            \
    REQUESTS "{route=\"/products/{id}\",method=\"" method "\",code=\"" code                        \
             "\",consumer=\"" consumer "\"}"

/* One of each kind, and the series that it adds one to. */
static const struct {
    int line;
    const char *consumer, *method, *path, *key, *body;
    int status;
    const char *series;
} each_rows[] = {
    {__LINE__, "vpce-0a", "GET", "/products/1", NULL, NULL, 200, PRODUCT("GET", "200", "acme")},
    {__LINE__, "-", "HEAD", "/products/1", NULL, NULL, 200, PRODUCT("HEAD", "200", "-")},
    {__LINE__, "vpce-0b", "GET", "/products/9", NULL, NULL, 404, PRODUCT("GET", "404", "vpce-0b")},
    {__LINE__, "vpce-0a", "BREW", "/products/1", NULL, NULL, 405, PRODUCT("other", "405", "acme")},
    {__LINE__, "vpce-0a", "GET", "/secret/path", NULL, NULL, 404,
     REQUESTS "{route=\"-\",method=\"GET\",code=\"404\",consumer=\"acme\"}"},
    {__LINE__, "vpce-0d", "GET", "/products/1", NULL, NULL, 403, PRODUCT("GET", "403", "evil")},
    {__LINE__, "vpce-0d", "GET", "/products/1", NULL, NULL, 403,
     "postern_problems_total{problem=\"consumer-denied\"}"},
    {__LINE__, "vpce-0e", "GET", "/products/1", NULL, NULL, 200, PRODUCT("GET", "200", "slow")},
    {__LINE__, "vpce-0e", "GET", "/products/1", NULL, NULL, 429,
     "postern_problems_total{problem=\"rate-limited\"}"},
    {__LINE__, "vpce-0a", "POST", "/orders", "secret-key", ORDER, 201,
     "postern_orders_total{outcome=\"placed\"}"},
    {__LINE__, "vpce-0a", "POST", "/orders", "secret-key", ORDER, 201,
     "postern_orders_total{outcome=\"replayed\"}"},
    {__LINE__, "vpce-0a", "POST", "/orders", NULL,
     "{\"items\":[{\"product_id\":3,\"quantity\":9}]}", 409,
     "postern_orders_total{outcome=\"short\"}"},
    {__LINE__, "vpce-0a", "GET", "/products", NULL, NULL, 200,
     "postern_store_call_duration_seconds_count{call=\"product_list\",result=\"ok\"}"},
};

static void test_each(void)
{
    for (size_t i = 0; i < sizeof each_rows / sizeof each_rows[0]; i++) {
        CHECK_ROW(each_rows[i].line);
        scrape();
        double before = told(each_rows[i].series);
        CHECK_INT(ask(each_rows[i].consumer, each_rows[i].method, each_rows[i].path,
                      each_rows[i].key, each_rows[i].body),
                  each_rows[i].status);
        scrape();
        CHECK_INT((int)(told(each_rows[i].series) - before), 1);
    }
    CHECK_INT((int)told("postern_order_lines_total"), 2);
    CHECK_INT((int)told("postern_order_value_total"), ORDER_VALUE);
    /* In the worker that waited; in the writer it is one of a group's changes. */
    CHECK_INT(
        (int)told("postern_store_call_duration_seconds_count{call=\"order_place\",result=\"ok\"}"),
        1);
    CHECK_INT((int)told("postern_writer_group_changes_count"), 3);
}

static void test_secrets(void)
{
    scrape();
    static const char *const never[] = {"secret", "example.com", "ref-4711", "products/1", "BREW"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        CHECK_LACKS(scraped.body, never[i]);
}

/* A worker is idle a moment after its answer came, and the exporter may answer before the master
 * has noted which process it is. */
static void scrape_when_idle(void)
{
    int64_t until = load_now_ms() + SOON_MS;
    do
        scrape();
    while ((told("postern_workers{state=\"idle\"}") < 3 ||
            told("postern_processes{process=\"exporter\"}") < 1) &&
           load_now_ms() < until);
    CHECK_INT((int)told("postern_workers{state=\"idle\"}"), 3);
}

static void test_gauges(void)
{
    scrape_when_idle();
    CHECK_INT((int)told("postern_workers{state=\"missing\"}"), 0);
    CHECK_INT((int)told("postern_processes{process=\"worker\"}"), 3);
    CHECK_INT((int)told("postern_processes{process=\"exporter\"}"), 1);
    CHECK_INT((int)told("postern_store_ready"), 1);
    CHECK_INT((int)told_all("postern_store_info{driver=\"sqlite\",schema="), 1);
    CHECK_COMPARE((int64_t)told("postern_process_memory_bytes{process=\"worker\"}"), >, 100000);
    CHECK_COMPARE((int64_t)told("postern_process_open_fds{process=\"master\"}"), >, 3);
    CHECK_COMPARE((int64_t)told("postern_start_time_seconds"), >, 1700000000);
    CHECK_CONTAINS(scraped.body, "\npostern_build_info{version=\"");
    CHECK_CONTAINS(scraped.body, "\npostern_queue_length 0\n");
}

/* Whoever sends what is no FastCGI is shown out, and counted. */
static void test_connections_closed(void)
{
    static const char noise[] = "GET / HTTP/1.1\r\n\r\n";
    char end;
    scrape();
    double before = told("postern_connections_closed_total{reason=\"no request\"}");
    int fd = fastcgi_connect(&pair);
    CHECK_TRUE(client_raw_send(fd, noise, sizeof noise - 1));
    CHECK_COMPARE(recv(fd, &end, 1, 0), <=, 0);
    close(fd);
    scrape();
    CHECK_INT((int)(told("postern_connections_closed_total{reason=\"no request\"}") - before), 1);
}

/* What lighttpd says of a worker that died has the name of a fault that a worker found. */
static void test_refused(void)
{
    static const char *const variables[] = {"REQUEST_METHOD=GET", "PATH_INFO=/-/error",
                                            "REDIRECT_STATUS=500", NULL};
    struct fastcgi_answer got;
    scrape();
    double before = told("postern_problems_total{problem=\"internal-error\"}");
    fastcgi_call(&pair, variables, NULL, &got);
    CHECK_INT(got.status, 500);
    fastcgi_free(&got);
    scrape();
    CHECK_INT((int)(told("postern_problems_total{problem=\"internal-error\"}") - before), 1);
}

/* What a format's reader and its rules of style say, and that no series stands twice. */
static void test_promtool(void)
{
    char command[COMMAND_SIZE];
    const char *const argv[] = {"sh", "-c", command, NULL};
    scrape();
    REQUIRE_TRUE(pair_write(&pair, "scraped", scraped.body));
    snprintf(command, sizeof command, "promtool check metrics <%s/scraped >&2", pair.dir);
    CHECK_INT(process_run(argv, SOON_MS), 0);
    snprintf(command, sizeof command,
             "! sed 's/ [^ ]*$//; /^#/d' %s/scraped | sort | uniq -d | grep . >&2", pair.dir);
    CHECK_INT(process_run(argv, SOON_MS), 0);
}

/* It is no route of the service, and only one here. */
static void test_ports(void)
{
    client_get(client, "/metrics", &answer);
    CHECK_TRUE(answer_is_problem(&answer, 404, "not-found", ANSWER_POSTERN));
    client_get(scraper, "/products/1", &scraped);
    CHECK_INT(scraped.status, 404);
    client_call(scraper, &(struct client_request){.method = "POST", .path = "/metrics"}, &scraped);
    CHECK_INT(scraped.status, 405);
}

/* What clients saw of a load. */
static atomic_int served, failed, placed;

static void load_on(void *context, size_t thread)
{
    const atomic_bool *stop = context;
    const char *consumer = thread % 2 ? "vpce-0a" : "vpce-0c";
    for (int i = 0; stop ? !atomic_load(stop) : i < ROUNDS; i++) {
        int status = i % 3 ? ask(consumer, "GET", "/products/1", NULL, NULL)
                           : ask(consumer, "POST", "/orders", NULL, ORDER);
        atomic_fetch_add(status == 200 || status == 201 ? &served : &failed, 1);
        if (status == 201)
            atomic_fetch_add(&placed, 1);
    }
}

static void load_begin(void)
{
    atomic_store(&served, 0);
    atomic_store(&failed, 0);
    atomic_store(&placed, 0);
}

/* Requests that were answered well, whoever sent them. */
static int told_served(void)
{
    return (int)(told_all(REQUESTS "{route=\"/products/{id}\",method=\"GET\",code=\"200\"") +
                 told_all(REQUESTS "{route=\"/orders\",method=\"POST\",code=\"201\""));
}

static int told_placed(void)
{
    return (int)told("postern_orders_total{outcome=\"placed\"}");
}

static void test_load(void)
{
    scrape();
    int before = told_served(), before_placed = told_placed();
    load_begin();
    CHECK_TRUE(load_run(THREADS, load_on, NULL));
    scrape();
    CHECK_INT(atomic_load(&failed), 0);
    CHECK_INT(told_served() - before, THREADS * ROUNDS);
    CHECK_INT(told_served() - before, atomic_load(&served));
    CHECK_INT(told_placed() - before_placed, atomic_load(&placed));
}

/* Kills the oldest worker, or the writer, and waits for the next. */
static void kill_one(const char *task, size_t count)
{
    pid_t before[PROCESS_WORKERS_MAX], now[PROCESS_WORKERS_MAX];
    REQUIRE_INT(pair_children(&pair, task, before, PROCESS_WORKERS_MAX), count);
    kill(before[0], SIGKILL);
    for (int64_t until = load_now_ms() + SOON_MS; load_now_ms() < until; load_sleep_ms(5)) {
        bool gone = true;
        size_t n = pair_children(&pair, task, now, PROCESS_WORKERS_MAX);
        for (size_t i = 0; i < n; i++)
            gone = gone && now[i] != before[0];
        if (gone && n == count)
            return;
    }
    CHECK_FAIL("no new %s", task);
}

/* Each answer that a client has was counted, and nothing that no client asked for. */
static void test_kills(void)
{
    struct load load;
    atomic_bool stop = false;
    scrape();
    int before = told_served(), before_placed = told_placed();
    load_begin();
    CHECK_TRUE(load_start(&load, THREADS, load_on, &stop));
    for (int i = 0; i < KILLS; i++) {
        load_sleep_ms(50);
        kill_one("postern-worker", 3);
        kill_one("postern-writer", 1);
    }
    atomic_store(&stop, true);
    load_join(&load);
    scrape();
    int lost = atomic_load(&failed), got = told_served() - before;
    int got_placed = told_placed() - before_placed;
    printf("metrics: %d served, %d failed, %d counted; %d placed, %d counted\n",
           atomic_load(&served), lost, got, atomic_load(&placed), got_placed);
    CHECK_COMPARE(got, >=, atomic_load(&served));
    CHECK_COMPARE(got, <=, atomic_load(&served) + lost);
    CHECK_COMPARE(got_placed, >=, atomic_load(&placed));
    CHECK_COMPARE(got_placed, <=, atomic_load(&placed) + lost);
    CHECK_INT((int)told("postern_process_ends_total{process=\"worker\",cause=\"killed\"}"), KILLS);
    CHECK_INT((int)told("postern_process_ends_total{process=\"writer\",cause=\"killed\"}"), KILLS);
}

/* One that is held up for the ten seconds that it has is ended, and is not the quickest. */
static void check_prompt(const char *when)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < SCRAPES || (best > LIMIT_MS && i < SCRAPES_MAX); i++) {
        int64_t start = load_now_ms();
        bool whole = client_get(scraper, "/metrics", &scraped) && scraped.status == 200;
        int64_t took = load_now_ms() - start;
        best = whole && took < best ? took : best;
    }
    CHECK_COMPARE(best, <, INT64_MAX, "%s: none was answered", when);
    printf("metrics: %s: %zu bytes, the quickest in %d ms\n", when, scraped.body_len, (int)best);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK_COMPARE(best, <=, LIMIT_MS, "%s, the quickest", when);
#endif
}

static void signal_workers(int signal)
{
    pid_t workers[PROCESS_WORKERS_MAX];
    size_t n = pair_workers(&pair, workers, PROCESS_WORKERS_MAX);
    CHECK_INT(n, 3);
    for (size_t i = 0; i < n; i++)
        CHECK_TRUE(signal == SIGSTOP ? process_stop(workers[i]) : kill(workers[i], signal) == 0);
}

static void test_workers_held(void)
{
    char consumer[SERIES_SIZE];
    for (int i = 0; i < CONSUMERS; i++) {
        snprintf(consumer, sizeof consumer, "vpce-0%04x", (unsigned)i);
        ask(consumer, "GET", "/products/1", NULL, NULL);
    }
    signal_workers(SIGSTOP);
    int waiting = fastcgi_connect(&pair);
    check_prompt("workers held, 1000 consumers");
    /* It is looked up a few times a second. */
    int64_t until = load_now_ms() + SOON_MS;
    while (told("postern_queue_length") < 1 && load_now_ms() < until)
        scrape();
    CHECK_INT((int)told("postern_queue_length"), 1);
    close(waiting);
    signal_workers(SIGCONT);
    CHECK_COMPARE((int)told_all(PRODUCT("GET", "200", "other")), >=, 1);
    CHECK_CONTAINS(scraped.body, "consumer=\"vpce-00001\"");
}

/* Who connects and says nothing, or takes nothing of the answer, is in nobody's way. */
static void test_silent_scrapers(void)
{
    static const char request[] = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
    int fds[SILENT];
    for (int i = 0; i < SILENT; i++) {
        fds[i] = client_raw_open(port);
        CHECK_COMPARE(fds[i], >=, 0);
        if (i % 2)
            client_raw_send(fds[i], request, sizeof request - 1);
    }
    check_prompt("silent scrapers");
    for (int i = 0; i < SILENT; i++)
        close(fds[i]);
    CHECK_INT(ask("-", "GET", "/products/1", NULL, NULL), 200);
}

static bool scrapes_again(void)
{
    for (int64_t until = load_now_ms() + SOON_MS; load_now_ms() < until; load_sleep_ms(10)) {
        if (client_get(scraper, "/metrics", &scraped) && scraped.status == 200)
            return true;
    }
    return false;
}

/* Counts outlive who tells them. */
static void test_exporter_killed(void)
{
    scrape();
    int before = told_served();
    kill_one("postern-metrics", 1);
    CHECK_TRUE(scrapes_again());
    CHECK_INT(told_served(), before);
    CHECK_INT((int)told("postern_process_ends_total{process=\"exporter\",cause=\"killed\"}"), 1);
}

/* A port that another program has keeps nobody from serving, and is taken once it is free. */
static void test_port_taken(void)
{
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
    struct pair second;
    char setting[SETTING_SIZE];
    const char *const env[] = {setting, NULL};
    snprintf(setting, sizeof setting, "METRICS_PORT=%d", port);
    REQUIRE_TRUE(pair_start(&second, &(struct pair_options){.env = env}));
    CHECK_TRUE(scrapes_again());
    REQUIRE_TRUE(pair_start_app(&pair));
    CHECK_TRUE(pair_wait_ready(&pair));
    CHECK_LOG(&pair, "postern.log", "cannot serve metrics on METRICS_PORT", SOON_MS);
    pair_end(&second);
    CHECK_TRUE(scrapes_again());
    scrape_when_idle();
}

int main(void)
{
    static CU_TestInfo tests[] = {{"each", test_each},
                                  {"secrets", test_secrets},
                                  {"gauges", test_gauges},
                                  {"ports", test_ports},
                                  {"connections closed", test_connections_closed},
                                  {"load", test_load},
                                  {"kills", test_kills},
                                  {"refused", test_refused},
                                  {"promtool", test_promtool},
                                  {"workers held", test_workers_held},
                                  {"silent scrapers", test_silent_scrapers},
                                  {"exporter killed", test_exporter_killed},
                                  {"port taken", test_port_taken},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/metrics", setup, teardown, tests);
}
