/* One worker with many orders that wait for the writer: it serves others meanwhile, and whatever
 * becomes of writer, worker and drain, every answer is true. (The writer alone is in test_writer.)
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/ledger.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "e2e/scrape.h"
#include "port.h"

enum {
    STOCK = 100000,
    MANY = 40,
    FULL = 64, /* changes of one worker that may wait */
    MORE = FULL + 20,
    READS = 20,
    WAIT_MS = 20000,
    SETTING_SIZE = 64,
    LEAST_KB = 4 /* of each change that waits */
};

static const char *const order[] = {"REQUEST_METHOD=POST", "PATH_INFO=/orders",
                                    "CONTENT_TYPE=application/json", NULL};
static const char *const product[] = {"REQUEST_METHOD=GET", "PATH_INFO=/products/2", NULL};

static int port, port_fd, fds[MORE];
static struct client *scraper;
static int64_t before;
static pid_t writer;

/* A pair with one worker, whose writer is stopped; timeout_ms is that of the store. */
static void begin(int timeout_ms)
{
    static char catalogue[1024], metrics[SETTING_SIZE], timeout[SETTING_SIZE];
    static const char *const settings[] = {metrics, timeout, "POSTERN_REQUEST_SECONDS=60",
                                           "POSTERN_DRAIN_SECONDS=30", NULL};
    catalogue_write(catalogue, sizeof catalogue, 2, STOCK);
    port_fd = port_take(&port);
    REQUIRE_COMPARE(port_fd, >=, 0);
    snprintf(metrics, sizeof metrics, "METRICS_PORT=%d", port);
    snprintf(timeout, sizeof timeout, "POSTERN_STORE_TIMEOUT_MS=%d", timeout_ms);
    REQUIRE_INT(fixture_start(
                    &(struct pair_options){.workers = 1, .catalogue = catalogue, .env = settings}),
                0);
    scraper = client_open(port);
    before = ledger_number(&pair, "SELECT count(*) FROM orders");
    REQUIRE_INT(pair_children(&pair, "postern-writer", &writer, 1), 1);
    CHECK_TRUE(process_stop(writer));
}

static void end(void)
{
    client_close(scraper);
    close(port_fd);
    fixture_end();
}

static int under_way(void)
{
    static struct client_answer scraped;
    if (!scrape_get(scraper, &scraped, WAIT_MS))
        return -1;
    return (int)scrape_value(scraped.body, "postern_requests_under_way");
}

/* Waits until so many requests are under way. */
static void check_under_way(int count)
{
    int64_t until = load_now_ms() + WAIT_MS;
    while (under_way() != count && load_now_ms() < until)
        load_sleep_ms(5);
    CHECK_INT(under_way(), count);
}

/* Sends so many orders, and waits until so many of them wait for the writer. */
static void send_orders(int count, int wait_for)
{
    for (int i = 0; i < count; i++) {
        fds[i] = fastcgi_begin(&pair, order, "{\"items\":[{\"product_id\":1,\"quantity\":1}]}");
        REQUIRE_COMPARE(fds[i], >=, 0);
    }
    check_under_way(wait_for);
}

/* How many of the answers have that status and hold that text; 0: none came. */
static int count_answers(int count, int status, const char *text)
{
    int matching = 0;
    for (int i = 0; i < count; i++) {
        struct fastcgi_answer got;
        fastcgi_read(fds[i], &got);
        matching += got.status == status && strstr(got.body, text);
        fastcgi_free(&got);
        close(fds[i]);
    }
    return matching;
}

static void check_placed(int64_t count)
{
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders") - before, count);
    CHECK_TRUE(ledger_balances(&pair, STOCK));
}

static void check_reads(void)
{
    for (int i = 0; i < READS; i++) {
        struct fastcgi_answer got;
        REQUIRE_TRUE(fastcgi_call(&pair, product, NULL, &got));
        CHECK_INT(got.status, 200);
        fastcgi_free(&got);
    }
}

static void test_serves_on(void)
{
    begin(WAIT_MS);
    send_orders(MANY, MANY);
    check_reads();
    check_placed(0);
    kill(writer, SIGCONT);
    CHECK_INT(count_answers(MANY, 201, "Order created"), MANY);
    check_placed(MANY);
    check_under_way(0);
    end();
}

/* As many wait as can; the others are served as those have their answers. */
static void test_full(void)
{
    begin(WAIT_MS);
    send_orders(MORE, FULL);
    kill(writer, SIGCONT);
    CHECK_INT(count_answers(MORE, 201, "Order created"), MORE);
    check_placed(MORE);
    check_reads();
    end();
}

/* Once nothing is asked, the worker has no more than before. */
static void test_gives_back(void)
{
    begin(WAIT_MS);
    int64_t first = process_workers_memory_kb(&pair);
    send_orders(FULL, FULL);
    int64_t full = process_workers_memory_kb(&pair), last = full;
    kill(writer, SIGCONT);
    CHECK_INT(count_answers(FULL, 201, "Order created"), FULL);
    /* The sanitizers' allocators keep what is free. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const int64_t half = (first + full) / 2;
    CHECK_COMPARE(full - first, >=, FULL * LEAST_KB);
    for (int64_t until = load_now_ms() + WAIT_MS; last > half && load_now_ms() < until;) {
        load_sleep_ms(20);
        last = process_workers_memory_kb(&pair);
    }
    CHECK_COMPARE(last, <=, half);
#endif
    printf("waiting: the worker takes %" PRId64 " KiB, %" PRId64 " with all, %" PRId64 " after\n",
           first, full, last);
    check_reads();
    end();
}

/* Nobody took them up in time: they are told so, and are never placed. */
static void test_deadline(void)
{
    begin(1000);
    send_orders(MANY, MANY);
    CHECK_INT(count_answers(MANY, 503, "urn:postern:problem:store-busy"), MANY);
    check_reads();
    kill(writer, SIGCONT);
    CHECK_TRUE(fixture_wait_status("/readyz", 200, WAIT_MS));
    check_placed(0);
    end();
}

/* The next writer places them. */
static void test_writer_dies(void)
{
    begin(WAIT_MS);
    send_orders(MANY, MANY);
    kill(writer, SIGKILL);
    CHECK_INT(count_answers(MANY, 201, "Order created"), MANY);
    check_placed(MANY);
    end();
}

/* Nobody waits for them any more, so they are not placed. */
static void test_worker_dies(void)
{
    pid_t worker;
    begin(WAIT_MS);
    send_orders(MANY, MANY);
    REQUIRE_INT(pair_workers(&pair, &worker, 1), 1);
    kill(worker, SIGKILL);
    CHECK_INT(count_answers(MANY, 0, ""), MANY);
    CHECK_LOG(&pair, "postern.log", "worker ended", WAIT_MS);
    kill(writer, SIGCONT);
    client_post(client, "/orders", "{\"items\":[{\"product_id\":1,\"quantity\":1}]}", &answer);
    CHECK_INT(answer.status, 201);
    check_placed(1);
    end();
}

/* None is left behind. */
static void test_drain(void)
{
    begin(WAIT_MS);
    send_orders(MANY, MANY);
    kill(pair.app, SIGTERM);
    CHECK_TRUE(fixture_wait_status("/readyz", 503, WAIT_MS));
    kill(writer, SIGCONT);
    CHECK_INT(count_answers(MANY, 201, "Order created"), MANY);
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
    check_placed(MANY);
    end();
}

int main(void)
{
    static CU_TestInfo tests[] = {{"serves on", test_serves_on},
                                  {"full", test_full},
                                  {"gives back", test_gives_back},
                                  {"deadline", test_deadline},
                                  {"writer dies", test_writer_dies},
                                  {"worker dies", test_worker_dies},
                                  {"drain", test_drain},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/waiting", NULL, NULL, tests);
}
