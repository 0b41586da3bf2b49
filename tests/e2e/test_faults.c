/* Orders while processes are killed without warning: what was acknowledged stays, nothing is there
 * by half, and an order repeated with its key until it is acknowledged is there exactly once. */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/ledger.h"
#include "e2e/load.h"
#include "e2e/pair.h"
#include "e2e/process.h"

enum {
    CLIENTS = 8,
    WORKERS = 8,
    PRODUCTS = 8,
    STOCK = 1000000000,
    LINES_MAX = 4,
    BODY_SIZE = 1024,
    ORDERS_MAX = 4096, /* a thread */
    KILL_EACH_MS =
        150, /* a worker then lives for over a second, and its successor starts at once */
    WORKERS_DIE_MS = 6000,
    WORKER_DEATHS = 10, /* at least */
    WRITER_DIES_MS = 4000,
    WRITER_DEATHS = 3,
    WAIT_MS = 30000, /* for what a busy machine may not have done by then */
    MASTER_DEATHS = 3,
    REPEAT_MS = 30000 /* until then a repeated order must be acknowledged */
};

#define MESSAGE ",\"message\":\"Order created\""

/* An acknowledged order, as GET must show it. */
struct placed {
    char location[64];
    char *body;
};

struct buyer {
    struct placed *placed;
    atomic_size_t count;
    atomic_int failures; /* answers other than 201, or none */
    int given_up;        /* orders never acknowledged */
};

static struct pair pair;
static struct load load;
static atomic_bool stop;
static uint64_t seed;
static struct buyer buyers[CLIENTS];

static bool start(void)
{
    char catalogue[1024];
    catalogue_write(catalogue, sizeof catalogue, PRODUCTS, STOCK);
    atomic_store(&stop, false);
    for (size_t i = 0; i < CLIENTS; i++) {
        buyers[i] = (struct buyer){.placed = calloc(ORDERS_MAX, sizeof(struct placed))};
        if (!buyers[i].placed)
            return false;
    }
    static const char *const env[] = {"POSTERN_QUIET_MS=1000", NULL};
    return pair_start(
        &pair, &(struct pair_options){.workers = WORKERS, .catalogue = catalogue, .env = env});
}

static void finish(void)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        for (size_t j = 0; j < buyers[i].count; j++)
            free(buyers[i].placed[j].body);
        free(buyers[i].placed);
    }
    pair_end(&pair);
}

static void make_order(uint64_t *random, char body[BODY_SIZE])
{
    uint32_t lines = 1 + load_random(random, LINES_MAX), first = load_random(random, PRODUCTS);
    size_t n = (size_t)snprintf(body, BODY_SIZE, "{\"items\":[");
    for (uint32_t i = 0; i < lines; i++)
        n += (size_t)snprintf(body + n, BODY_SIZE - n,
                              "%s{\"product_id\":%" PRIu32 ",\"quantity\":%" PRIu32 "}",
                              i ? "," : "", 1 + (first + i) % PRODUCTS, 1 + load_random(random, 9));
    snprintf(body + n, BODY_SIZE - n, "]}");
}

/* Keeps what the 201 said, less the message that GET does not repeat. */
static void keep(struct buyer *buyer, const struct client_answer *answer)
{
    struct placed *placed = &buyer->placed[buyer->count];
    const char *location = client_header(answer, "Location");
    char *body = strdup(answer->body);
    char *message = body ? strstr(body, MESSAGE) : NULL;
    if (!message || !location) {
        free(body);
        buyer->given_up++;
        return;
    }
    memmove(message, message + strlen(MESSAGE), strlen(message + strlen(MESSAGE)) + 1);
    placed->body = body;
    snprintf(placed->location, sizeof placed->location, "%s", location);
    buyer->count++;
}

/* Sends one order with its key until it is acknowledged, as a careful client does. */
static void buy(struct buyer *buyer, struct client *client, const char *key, const char *body)
{
    const char *const headers[] = {"Content-Type: application/json", key, NULL};
    const struct client_request request = {
        .method = "POST", .path = "/orders", .headers = headers, .body = body};
    struct client_answer answer = {.body = "", .error = ""};
    int64_t until = load_now_ms() + REPEAT_MS;
    while (load_now_ms() < until) {
        client_call(client, &request, &answer);
        if (answer.status == 201) {
            keep(buyer, &answer);
            return;
        }
        buyer->failures++;
        load_sleep_ms(20);
    }
    fprintf(stderr, "faults: %s: %d %s%s\n", key, answer.status, answer.body, answer.error);
    buyer->given_up++;
}

static void buy_on(void *context, size_t thread)
{
    struct buyer *buyer = &buyers[thread];
    uint64_t random = seed + thread;
    struct client *client = client_open(pair.port);
    (void)context;
    for (size_t n = 0; client && !atomic_load(&stop) && buyer->count < ORDERS_MAX; n++) {
        char key[64], body[BODY_SIZE];
        snprintf(key, sizeof key, "Idempotency-Key: faults-%zu-%zu", thread, n);
        make_order(&random, body);
        buy(buyer, client, key, body);
    }
    client_close(client);
}

static void check_acknowledged(void)
{
    struct client_answer answer;
    struct client *client = client_open(pair.port);
    REQUIRE_NOT_NULL(client);
    int wrong = 0;
    for (size_t i = 0; i < CLIENTS; i++) {
        for (size_t j = 0; j < buyers[i].count; j++) {
            const struct placed *placed = &buyers[i].placed[j];
            client_get(client, placed->location, &answer);
            if (answer.status == 200 && strcmp(answer.body, placed->body) == 0)
                continue;
            if (wrong++ == 0)
                fprintf(stderr, "faults: %s: %d %s\nwas %s\n", placed->location, answer.status,
                        answer.body, placed->body);
        }
    }
    CHECK_INT(wrong, 0);
    client_close(client);
}

static int count_failures(void)
{
    int failures = 0;
    for (size_t i = 0; i < CLIENTS; i++)
        failures += atomic_load(&buyers[i].failures);
    return failures;
}

/* Call when every buyer has stopped. Unless faulty, the deaths need not have been felt. */
static void check_books(bool faulty)
{
    int64_t count = 0;
    int failures = count_failures();
    for (size_t i = 0; i < CLIENTS; i++) {
        CHECK_COMPARE(buyers[i].count, >, 0, "client %zu placed nothing", i);
        CHECK_INT(buyers[i].given_up, 0, "client %zu", i);
        count += (int64_t)buyers[i].count;
    }
    printf("%" PRId64 " orders, %d failures on the way\n", count, failures);
    if (faulty)
        CHECK_COMPARE(failures, >, 0);
    check_acknowledged();
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders"), count);
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM idempotency_keys"), count);
    CHECK_TRUE(ledger_balances(&pair, STOCK));
}

/* Whether that time has not passed, or too little has come about in it. */
static bool goes_on(int64_t began_ms, int ms, bool too_little)
{
    int64_t took = load_now_ms() - began_ms;
    return took < ms || (too_little && took < WAIT_MS);
}

/* Each buyer has something to lose. */
static void stop_buyers(void)
{
    bool all = false;
    for (int64_t until = load_now_ms() + WAIT_MS; !all && load_now_ms() < until;
         load_sleep_ms(10)) {
        all = true;
        for (size_t i = 0; i < CLIENTS; i++)
            all = all && atomic_load(&buyers[i].count) > 0;
    }
    atomic_store(&stop, true);
    load_join(&load);
}

/* A worker that is killed between two requests is not missed, so it goes on until one was. */
static void test_workers_die(void)
{
    uint64_t random = seed;
    int deaths = 0;
    REQUIRE_TRUE(start());
    CHECK_TRUE(load_start(&load, CLIENTS, buy_on, NULL));
    for (int64_t began = load_now_ms();
         goes_on(began, WORKERS_DIE_MS, deaths < WORKER_DEATHS || count_failures() == 0);) {
        pid_t workers[PROCESS_WORKERS_MAX];
        size_t count = pair_workers(&pair, workers, PROCESS_WORKERS_MAX);
        load_sleep_ms(KILL_EACH_MS / 2 + (int)load_random(&random, KILL_EACH_MS));
        /* The lowest number is, but for a wrap-around, the oldest. */
        if (count > 0 && kill(workers[0], SIGKILL) == 0)
            deaths++;
    }
    stop_buyers();
    CHECK_COMPARE(deaths, >=, WORKER_DEATHS);
    check_books(true);
    finish();
}

/* Workers live on and hand their orders to the next writer, so few of them fail, or none. */
static void test_writer_dies(void)
{
    uint64_t random = seed;
    int deaths = 0;
    pid_t writer;
    REQUIRE_TRUE(start());
    CHECK_TRUE(load_start(&load, CLIENTS, buy_on, NULL));
    for (int64_t began = load_now_ms(); goes_on(began, WRITER_DIES_MS, deaths < WRITER_DEATHS);) {
        load_sleep_ms(1 + (int)load_random(&random, KILL_EACH_MS));
        if (pair_children(&pair, "postern-writer", &writer, 1) == 1 && kill(writer, SIGKILL) == 0)
            deaths++;
    }
    stop_buyers();
    CHECK_COMPARE(deaths, >=, WRITER_DEATHS);
    check_books(false);
    finish();
}

static void end_master(void)
{
    int status = pair_stop_app(&pair, SIGKILL);
    CHECK_INT(process_exit(status), -SIGKILL);
}

/* The old workers are still leaving when the new master starts. */
static void test_master_dies(void)
{
    pid_t old[MASTER_DEATHS][PROCESS_WORKERS_MAX];
    size_t old_count[MASTER_DEATHS];
    REQUIRE_TRUE(start());
    CHECK_TRUE(load_start(&load, CLIENTS, buy_on, NULL));
    for (int i = 0; i < MASTER_DEATHS; i++) {
        CHECK_OF("death %d", i);
        load_sleep_ms(500);
        old_count[i] = pair_workers(&pair, old[i], PROCESS_WORKERS_MAX);
        end_master();
        REQUIRE_TRUE(pair_start_app(&pair));
        CHECK_TRUE(pair_wait_ready(&pair));
    }
    load_sleep_ms(300);
    stop_buyers();
    for (int i = 0; i < MASTER_DEATHS; i++) {
        for (size_t j = 0; j < old_count[i]; j++)
            CHECK_TRUE(process_wait_end(old[i][j], WAIT_MS), "worker %d outlives its master",
                       (int)old[i][j]);
    }
    check_books(false);
    finish();
}

/* Everything at once: no process of the application is left to finish anything. */
static void test_all_die(void)
{
    pid_t workers[PROCESS_WORKERS_MAX];
    REQUIRE_TRUE(start());
    CHECK_TRUE(load_start(&load, CLIENTS, buy_on, NULL));
    for (int i = 0; i < MASTER_DEATHS; i++) {
        CHECK_OF("death %d", i);
        load_sleep_ms(500);
        size_t count = pair_workers(&pair, workers, PROCESS_WORKERS_MAX - 1);
        count += pair_children(&pair, "postern-writer", &workers[count], 1);
        kill(pair.app, SIGSTOP);
        for (size_t j = 0; j < count; j++)
            kill(workers[j], SIGKILL);
        end_master();
        REQUIRE_TRUE(pair_start_app(&pair));
        CHECK_TRUE(pair_wait_ready(&pair));
    }
    stop_buyers();
    check_books(true);
    finish();
}

int main(void)
{
    static CU_TestInfo tests[] = {{"workers die", test_workers_die},
                                  {"the writer dies", test_writer_dies},
                                  {"the master dies", test_master_dies},
                                  {"all die", test_all_die},
                                  CU_TEST_INFO_NULL};
    seed = load_seed();
    return e2e_suite_run("e2e/faults", NULL, NULL, tests);
}
