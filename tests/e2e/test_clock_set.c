/* The wall clock is set by hours, forwards and backwards, while the application and lighttpd run:
 * what lasts so long lasts as long as before. Ids and times of orders follow the clock, and on
 * SQLite the keys' expiry does. */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "e2e/answer.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "e2e/taker.h"
#include "e2e/wrong_clock.h"

#define ONE       "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"
#define PRODUCT   "/products/1"
#define PUBLISHER "postern-publish"
#define HOUR_US   (INT64_C(3600) * 1000000)

enum {
    WAIT_MS = 20000,
    TICK_MS = 5,
    TIMEOUT_MS = 600, /* the store's */
    BEFORE_MS = 100,  /* of a wait, before the clock is set */
    AFTER_US = 200 * 1000,
    ROUNDS = 5, /* a busy machine may let a lease pass without a read */
    RATE = 10,
    RATE_CALLS = 40
};

static char clock_file[] = "/tmp/postern-clock.XXXXXX", preload[PAIR_SETTING_SIZE];
static char consumers_file[] = "/tmp/postern-consumers.XXXXXX";
static struct taker taker;
static int wrong; /* hours */

static bool make_file(char *file, const char *name, char setting[PAIR_SETTING_SIZE])
{
    int fd = mkstemp(file);
    snprintf(setting, PAIR_SETTING_SIZE, "%s%s", name, file);
    return fd >= 0 && close(fd) == 0;
}

static int setup(void)
{
    static char clock[PAIR_SETTING_SIZE], consumers[PAIR_SETTING_SIZE];
    static const char *const env[] = {preload,
                                      clock,
                                      consumers,
                                      WRONG_CLOCK_ENVIRONMENT,
                                      "POSTERN_STORE_TIMEOUT_MS=600",
                                      "POSTERN_QUIET_MS=50",
                                      NULL};
    static const struct pair_options options = {
        .module = true,
        .env = env,
        .catalogue = "id,name,description,price,quantity\n1,Nut,,0.10,1000\n",
        .lighttpd = "include env.WEBSERVER_CONF + \"/published.conf\"\n"};
    return wrong_clock_load(preload) && make_file(clock_file, WRONG_CLOCK_FILE, clock) &&
                   make_file(consumers_file, "POSTERN_CONSUMERS_FILE=", consumers) &&
                   wrong_clock_set(clock_file, 0)
               ? fixture_start(&options)
               : 1;
}

static int teardown(void)
{
    taker_close(&taker);
    unlink(clock_file);
    unlink(consumers_file);
    return fixture_end();
}

static void set(int hours)
{
    wrong = hours;
    REQUIRE_TRUE(wrong_clock_set(clock_file, hours));
}

/* What the pair's clock says. */
static int64_t pair_now_us(void)
{
    return clock_now_us() + wrong * HOUR_US;
}

/* Places an order, with a key if it is not NULL; tells whether it was there before. */
static bool place(const char *key)
{
    char header[64];
    snprintf(header, sizeof header, "Idempotency-Key: %s", key ? key : "");
    const char *const headers[] = {"Content-Type: application/json", key ? header : NULL, NULL};
    client_call(client,
                &(struct client_request){
                    .method = "POST", .path = "/orders", .headers = headers, .body = ONE},
                &answer);
    CHECK_INT(answer.status, 201);
    return client_header(&answer, "Idempotent-Replayed");
}

/* The milliseconds since 1970 in a UUIDv7. */
static int64_t time_of_id(const char *id)
{
    char digits[16] = "";
    if (strlen(id) > 13)
        snprintf(digits, sizeof digits, "%.8s%.4s", id, id + 9);
    return strtoll(digits, NULL, 16);
}

/* lighttpd's clock, which it looks at once a second. */
static bool wait_date(void)
{
    for (int64_t until = load_now_ms() + WAIT_MS; load_now_ms() < until; load_sleep_ms(TICK_MS)) {
        struct tm tm = {0};
        client_get(client, PRODUCT, &answer);
        const char *date = client_header(&answer, "Date");
        if (date && strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm) &&
            labs((long)(timegm(&tm) - pair_now_us() / 1000000)) < 1800)
            return true;
    }
    return false;
}

static void test_times(void)
{
    static const int hours[] = {1, -1, 0};
    for (size_t i = 0; i < sizeof hours / sizeof hours[0]; i++) {
        char before[CLOCK_TEXT_SIZE], after[CLOCK_TEXT_SIZE];
        CHECK_OF("%d hours", hours[i]);
        set(hours[i]);
        int64_t from_us = pair_now_us();
        place(NULL);
        int64_t to_us = pair_now_us();
        clock_format(from_us, before);
        clock_format(to_us, after);
        cJSON *order = answer_json(&answer);
        const char *created = answer_text(order, "created_at"), *id = answer_text(order, "id");
        CHECK_TRUE(created && strcmp(created, before) >= 0 && strcmp(created, after) <= 0, "%s",
                   created ? created : "never");
        CHECK_TRUE(id && time_of_id(id) >= from_us / 1000 && time_of_id(id) <= to_us / 1000, "%s",
                   id ? id : "no id");
        cJSON_Delete(order);
    }
    set(1);
    CHECK_TRUE(wait_date());
}

static void test_keys(void)
{
    set(0);
    CHECK_FALSE(place("mine"));
    set(1);
    CHECK_TRUE(place("mine"));
    set(-1);
    CHECK_TRUE(place("mine"));
    set(25);
    CHECK_FALSE(place("mine"), "it is kept for 24 hours");
    set(0);
    CHECK_TRUE(place("mine"));
}

/* The product's stock as it is read now, or -1. */
static int64_t read_stock(void)
{
    if (!client_get(client, PRODUCT, &answer) || answer.status != 200)
        return -1;
    const char *at = strstr(answer.body, "\"quantity\":");
    return at ? strtoll(at + strlen("\"quantity\":"), NULL, 10) : -1;
}

static sqlite3 *open_store(const char *sql)
{
    char path[PAIR_PATH_SIZE + 16];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/postern.db", pair.dir);
    CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, WAIT_MS);
    CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    return db;
}

static void publish(void)
{
    REQUIRE_TRUE(taker_take(&taker, &pair));
    REQUIRE_TRUE(taker_wait_published(&taker, client, 1, &answer));
    for (int i = 0; i < 10; i++) /* lighttpd takes the memory with a request */
        client_get(client, PRODUCT, &answer);
}

/* The publisher stands still and the clock is set meanwhile. What is published is then the stock of
 * before. */
static bool is_served_within_lease(int hours)
{
    bool served = false;
    pid_t pid = 0;
    publish();
    int64_t old = read_stock(), us;
    REQUIRE_INT(pair_children(&pair, PUBLISHER, &pid, 1), 1);
    kill(pid, SIGSTOP);
    for (int64_t until = load_now_ms() + WAIT_MS; !process_is_stopped(pid);) {
        REQUIRE_COMPARE(load_now_ms(), <, until);
        load_sleep_ms(1);
    }
    int64_t since_us = clock_monotonic_us();
    set(hours);
    sqlite3_close(open_store("UPDATE products SET quantity = quantity + 1 WHERE id = 1"));
    while ((us = clock_monotonic_us() - since_us) < LAYOUT_LEASE_US + AFTER_US) {
        int64_t shown = read_stock();
        CHECK_FALSE(shown == old && us >= LAYOUT_LEASE_US);
        served = served || shown == old;
    }
    kill(pid, SIGCONT);
    return served;
}

static void test_lease(void)
{
    static const int hours[] = {1, -1};
    for (size_t i = 0; i < sizeof hours / sizeof hours[0]; i++) {
        bool served = false;
        CHECK_OF("%d hours", hours[i]);
        for (int round = 0; round < ROUNDS && !served; round++) {
            set(0);
            served = is_served_within_lease(hours[i]);
        }
        CHECK_TRUE(served);
    }
}

static void reload(const char *text)
{
    FILE *out = fopen(consumers_file, "we");
    REQUIRE_NOT_NULL(out);
    CHECK_COMPARE(fputs(text, out), >=, 0);
    CHECK_INT(fclose(out), 0);
    CHECK_INT(kill(pair.app, SIGHUP), 0);
}

/* Whether answers tell of a rate by now, or no more. */
static bool wait_rated(bool rated)
{
    for (int64_t until = load_now_ms() + WAIT_MS; load_now_ms() < until; load_sleep_ms(TICK_MS)) {
        client_get(client, PRODUCT, &answer);
        if (answer.status == 200 && rated == (client_header(&answer, "RateLimit") != NULL))
            return true;
    }
    return false;
}

static int admitted(int calls)
{
    int count = 0;
    for (int i = 0; i < calls; i++) {
        client_get(client, i % 2 ? PRODUCT : "/orders", &answer);
        count += answer.status == 200;
    }
    return count;
}

/* Of a clock that was set nobody gains an hour's worth, or waits for an hour. */
static void test_rate(void)
{
    publish();
    reload("- local rate=10 burst=10\n");
    REQUIRE_TRUE(wait_rated(true));
    int64_t start_ms = load_now_ms();
    int count = admitted(RATE_CALLS);
    set(1);
    count += admitted(RATE_CALLS);
    CHECK_COMPARE(count, <=, RATE + 1 + RATE * (load_now_ms() - start_ms) / 1000);
    set(-1);
    CHECK_TRUE(fixture_wait_status(PRODUCT, 200, WAIT_MS));
    reload("");
    CHECK_TRUE(wait_rated(false));
}

/* An order that waits, in a thread of its own. */
static struct {
    int status;
    int64_t us;
} waited;

static void wait_for_order(void *context, size_t thread)
{
    struct client *own = client_open(pair.port);
    struct client_answer got = {.status = 0};
    (void)context, (void)thread;
    int64_t start_us = clock_monotonic_us();
    if (own)
        client_post(own, "/orders", ONE, &got);
    waited.us = clock_monotonic_us() - start_us;
    waited.status = got.status;
    client_close(own);
}

/* Starts an order that waits for the store: what is returned holds it, until it is closed. */
static sqlite3 *start_waiting(struct load *load)
{
    set(0);
    sqlite3 *db = open_store("BEGIN IMMEDIATE");
    CHECK_TRUE(load_start(load, 1, wait_for_order, NULL));
    load_sleep_ms(BEFORE_MS);
    return db;
}

static void test_deadline(void)
{
    static const int hours[] = {1, -1};
    for (size_t i = 0; i < sizeof hours / sizeof hours[0]; i++) {
        struct load load;
        CHECK_OF("%d hours", hours[i]);
        sqlite3 *db = start_waiting(&load);
        set(hours[i]);
        load_join(&load);
        sqlite3_close(db);
        CHECK_INT(waited.status, 503);
        CHECK_COMPARE(waited.us, >=, (TIMEOUT_MS - BEFORE_MS) * 1000);
    }
    set(0);
    CHECK_TRUE(fixture_wait_status("/readyz", 200, WAIT_MS));
}

/* A drain neither ends at once, so that who waits is cut off, nor lasts for an hour. */
static void test_drain(void)
{
    static const int hours[] = {1, -1};
    for (size_t i = 0; i < sizeof hours / sizeof hours[0]; i++) {
        struct load load;
        CHECK_OF("%d hours", hours[i]);
        sqlite3 *db = start_waiting(&load);
        kill(pair.app, SIGTERM);
        load_sleep_ms(BEFORE_MS);
        set(hours[i]);
        load_sleep_ms(BEFORE_MS);
        sqlite3_close(db);
        load_join(&load);
        CHECK_TRUE(waited.status == 201 || waited.status == 503, "%d", waited.status);
        CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
        REQUIRE_TRUE(pair_start_app(&pair) && pair_wait_ready(&pair));
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"ids and times", test_times},
                           {"keys", test_keys},
                           {"lease", test_lease},
                           {"rate", test_rate},
                           {"deadline", test_deadline},
                           {"drain", test_drain},
                           CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/clock_set", setup, teardown, tests);
}
