/* Few workers accept connections at a time. However those fare, another takes their place while
 * there is one that has nothing to do. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"

/* An idle worker looks each second whether it can be spared. */
enum { SETTLE_MS = 1500 };

enum { WORKERS = 8, READERS = 4, READS = 200, WAIT_MS = 20000, KILLS = 40, KILL_MS = 40 };

/* A worker that is spare looks each second by itself. Whoever is called is there long before. */
enum { TRIES = 10, PROMPT_MS = 1000, STIRS = 3, STIR_MS = 30 };

/* So that nothing that is stuck here ends by itself within a test. */
static const char *const settings[] = {"POSTERN_STORE_TIMEOUT_MS=25000",
                                       "POSTERN_REQUEST_SECONDS=60", NULL};

static const char *const list[] = {"REQUEST_METHOD=GET", "PATH_INFO=/products", NULL};
static const char *const product[] = {"REQUEST_METHOD=GET", "PATH_INFO=/products/1", NULL};
static const char *const order[] = {"REQUEST_METHOD=POST", "PATH_INFO=/orders",
                                    "CONTENT_TYPE=application/json", NULL};

static bool start(const char *catalogue)
{
    return fixture_start(&(struct pair_options){
               .workers = WORKERS, .catalogue = catalogue, .env = settings}) == 0 &&
           process_wait_workers(&pair, WORKERS, NULL, 0, WAIT_MS);
}

/* One after the other come as many requests that nothing answers as there are other workers. */
static void check_reads_are_served(const char *const *variables, const char *body)
{
    int fds[WORKERS - 1];
    for (int i = 0; i < WORKERS - 1; i++) {
        fds[i] = fastcgi_begin(&pair, variables, body);
        CHECK_COMPARE(fds[i], >=, 0);
    }
    for (int i = 0; i < READS; i++) {
        client_get(client, "/products/1", &answer);
        REQUIRE_INT(answer.status, 200, "read %d", i);
    }
    for (int i = 0; i < WORKERS - 1; i++)
        close(fds[i]);
}

static void test_orders_wait_for_the_writer(void)
{
    pid_t writer;
    REQUIRE_TRUE(start(NULL));
    load_sleep_ms(SETTLE_MS);
    REQUIRE_INT(pair_children(&pair, "postern-writer", &writer, 1), 1);
    CHECK_TRUE(process_stop(writer));
    check_reads_are_served(order, "{\"items\":[{\"product_id\":1,\"quantity\":1}]}");
    kill(writer, SIGCONT);
    fixture_end();
}

/* Their readers are slow: nothing told that they were about to wait. */
static void test_all_but_one_are_stuck(void)
{
    REQUIRE_TRUE(start(catalogue_large()));
    load_sleep_ms(SETTLE_MS);
    check_reads_are_served(list, NULL);
    fixture_end();
}

/* Wakes all that wait (signal(7): a stop interrupts epoll_pwait). Those that can be spared then
 * are, and none looks by itself for most of a second. */
static void stir_workers(void)
{
    static const int signals[] = {SIGSTOP, SIGCONT};
    pid_t workers[WORKERS];
    size_t count = pair_workers(&pair, workers, WORKERS);
    for (int i = 0; i < STIRS * 2; i++) {
        for (size_t j = 0; j < count; j++)
            kill(workers[j], signals[i % 2]);
        load_sleep_ms(STIR_MS);
    }
}

/* How long a read takes that comes just after as many slow readers as there are other workers. */
static int64_t read_after_slow_readers(void)
{
    int fds[WORKERS - 1];
    struct fastcgi_answer got;
    stir_workers();
    for (int i = 0; i < WORKERS - 1; i++)
        fds[i] = fastcgi_begin(&pair, list, NULL);
    int64_t since = load_now_ms();
    CHECK_TRUE(fastcgi_call(&pair, product, NULL, &got));
    int64_t took = load_now_ms() - since;
    CHECK_INT(got.status, 200);
    fastcgi_free(&got);
    for (int i = 0; i < WORKERS - 1; i++) {
        CHECK_COMPARE(fds[i], >=, 0);
        close(fds[i]);
    }
    return took;
}

/* Who is about to write a long answer calls another worker: it is not found out later by the
 * master, which is stopped here, that it is stuck. */
static void test_slow_readers_hold_up_nobody(void)
{
    int64_t best = INT64_MAX;
    REQUIRE_TRUE(start(catalogue_large()));
    CHECK_TRUE(process_stop(pair.app));
    for (int i = 0; i < TRIES && best > PROMPT_MS; i++) {
        int64_t took = read_after_slow_readers();
        best = took < best ? took : best;
    }
    printf("acceptors: a read after %d slow readers took %d ms\n", WORKERS - 1, (int)best);
    CHECK_COMPARE(best, <=, PROMPT_MS);
    kill(pair.app, SIGCONT);
    fixture_end();
}

static void read_until(void *context, size_t thread)
{
    const atomic_bool *stop = context;
    struct client *mine = client_open(pair.port);
    struct client_answer got;
    while (!atomic_load(stop))
        client_call(mine,
                    &(struct client_request){.method = thread % 2 ? "GET" : "POST",
                                             .path = thread % 2 ? "/products/1" : "/orders",
                                             .body = thread % 2 ? NULL : "{}"},
                    &got);
    client_close(mine);
}

static void test_they_are_killed(void)
{
    static struct load load;
    static atomic_bool stop;
    uint64_t random = load_seed();
    REQUIRE_TRUE(start(NULL));
    CHECK_TRUE(load_start(&load, READERS, read_until, &stop));
    for (int i = 0; i < KILLS; i++) {
        pid_t workers[WORKERS];
        size_t count = pair_workers(&pair, workers, WORKERS);
        if (count > 0)
            kill(workers[load_random(&random, (uint32_t)count)], SIGKILL);
        load_sleep_ms(KILL_MS);
    }
    atomic_store(&stop, true);
    load_join(&load);
    CHECK_TRUE(process_wait_workers(&pair, WORKERS, NULL, 0, WAIT_MS));
    for (int i = 0; i < READS; i++) {
        client_get(client, "/products/1", &answer);
        REQUIRE_INT(answer.status, 200, "read %d", i);
    }
    fixture_end();
}

int main(void)
{
    static CU_TestInfo tests[] = {{"orders wait for the writer", test_orders_wait_for_the_writer},
                                  {"all but one are stuck", test_all_but_one_are_stuck},
                                  {"slow readers hold up nobody", test_slow_readers_hold_up_nobody},
                                  {"they are killed", test_they_are_killed},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/acceptors", NULL, NULL, tests);
}
