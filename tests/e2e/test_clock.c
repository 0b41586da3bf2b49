/* Two tasks on one PostgreSQL server, the clock of one of which is wrong: what is kept, and when it
 * was, is by the server's clock. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/wrong_clock.h"

#define ONE_NUT "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"
#define DAY_US  (INT64_C(86400) * 1000000)

static const char catalogue[] = CATALOGUE_NUTS("100");
static struct pair fast;
static struct client *fast_client;

/* More than the 24 hours that a key is kept. */
static bool start_fast(void)
{
    char url[POSTGRES_SERVER_URL_SIZE], preload[PAIR_SETTING_SIZE];
    const char *const env[] = {preload, "FAKETIME=+25h", WRONG_CLOCK_ENVIRONMENT, NULL};
    postgres_server_url(&fixture_server, "postgres", url);
    return wrong_clock_load(preload) &&
           pair_start(&fast, &(struct pair_options){.catalogue = "", .database = url, .env = env});
}

static int setup(void)
{
    if (fixture_start_postgres(&(struct pair_options){.catalogue = catalogue}) != 0 ||
        !start_fast())
        return 1;
    fast_client = client_open(fast.port);
    return fast_client ? 0 : 1;
}

static int teardown(void)
{
    client_close(fast_client);
    pair_end(&fast);
    return fixture_end();
}

/* Places an order, with a key if it is not NULL; tells whether it was there before. */
static bool place(struct client *by, const char *key)
{
    char header[64];
    snprintf(header, sizeof header, "Idempotency-Key: %s", key ? key : "");
    const char *const headers[] = {"Content-Type: application/json", key ? header : NULL, NULL};
    client_call(by,
                &(struct client_request){
                    .method = "POST", .path = "/orders", .headers = headers, .body = ONE_NUT},
                &answer);
    CHECK_INT(answer.status, 201);
    return client_header(&answer, "Idempotent-Replayed");
}

/* Or else the tests below would show nothing. */
static void test_wrong_clock(void)
{
    char tomorrow[CLOCK_TEXT_SIZE], *log = pair_read(&fast, "postern.log");
    const char *time = log ? strstr(log, "\"time\":\"") : NULL;
    clock_format(clock_now_us() + DAY_US, tomorrow);
    CHECK_TRUE(time && strncmp(time + strlen("\"time\":\""), tomorrow, strlen(tomorrow)) > 0,
               "%.40s", time ? time : "no line");
    free(log);
}

static void test_keys_are_kept(void)
{
    CHECK_FALSE(place(client, "mine"));
    CHECK_TRUE(place(fast_client, "mine"));
    /* Each clears away two that have expired. */
    CHECK_FALSE(place(fast_client, "first"));
    CHECK_FALSE(place(fast_client, "second"));
    CHECK_TRUE(place(client, "mine"));
    CHECK_TRUE(place(client, "first"));
}

static void test_times_are_the_servers(void)
{
    struct client *const clients[] = {client, fast_client};
    char before[CLOCK_TEXT_SIZE], after[CLOCK_TEXT_SIZE];
    for (int i = 0; i < 4; i++) {
        CHECK_OF("order %d", i);
        clock_format(clock_now_us(), before);
        CHECK_FALSE(place(clients[i % 2], NULL));
        clock_format(clock_now_us(), after);
        cJSON *order = answer_json(&answer);
        const char *created = answer_text(order, "created_at");
        CHECK_TRUE(created && strcmp(created, before) >= 0 && strcmp(created, after) <= 0,
                   "%s, not from %s to %s", created ? created : "never", before, after);
        cJSON_Delete(order);
    }
}

static CU_TestInfo tests[] = {
    {"a wrong clock", test_wrong_clock},
    {"keys are kept", test_keys_are_kept},
    {"times are the server's", test_times_are_the_servers},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    return e2e_suite_run("e2e/clock", setup, teardown, tests);
}
