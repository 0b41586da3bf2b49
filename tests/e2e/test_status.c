/* postern status tells what a server did and how it is, and ends also if nobody answers it. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/socket.h"
#include "check.h"
#include "e2e/answer.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"

enum {
    WORKERS = 3,
    SOON_MS = 15000,
    QUEUE_MS = 50,
    QUEUE_MAX = 256, /* more than a socket's queue takes */
    VARIABLE_SIZE = 64,
    COMMAND_SIZE = 512,
    OUT_SIZE = 1024 * 1024
};

#define ORDER "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"

static const char *const consumers[] = {"vpce-0a", "vpce-0b", "-"};
enum { CONSUMERS = sizeof consumers / sizeof consumers[0] };

static char exporter_socket[PAIR_PATH_SIZE + 32];

/* The exporter makes its socket a moment after the pair is ready. */
static int setup(void)
{
    if (fixture_start(&(struct pair_options){.workers = WORKERS}) != 0)
        return 1;
    snprintf(exporter_socket, sizeof exporter_socket, "%s.stats", pair.socket);
    int fd = -1;
    for (int64_t until = load_now_ms() + SOON_MS; fd < 0 && load_now_ms() < until;
         load_sleep_ms(10))
        fd = socket_connect(exporter_socket, SOON_MS);
    if (fd < 0)
        return 1;
    close(fd);
    return 0;
}

static cJSON *status_json(void)
{
    static const char *const argv[] = {"status", "--json", NULL};
    static char out[OUT_SIZE];
    CHECK_INT(pair_command(&pair, argv, out, sizeof out), 0);
    return cJSON_Parse(out);
}

static void place_orders(void)
{
    for (size_t i = 0; i < CONSUMERS; i++) {
        char who[VARIABLE_SIZE];
        const char *const variables[] = {"REQUEST_METHOD=POST", "PATH_INFO=/orders",
                                         "CONTENT_TYPE=application/json", who, NULL};
        struct fastcgi_answer got;
        snprintf(who, sizeof who, "PP2_AWS_VPCE_ID=%s", consumers[i]);
        CHECK_TRUE(fastcgi_call(&pair, variables, ORDER, &got));
        CHECK_INT(got.status, 201);
        fastcgi_free(&got);
    }
}

/* A person sees what the numbers say. */
static void test_numbers(void)
{
    place_orders();
    cJSON *status = status_json();
    REQUIRE_NOT_NULL(status);
    CHECK_INT(answer_number(status, "orders_placed"), CONSUMERS);
    CHECK_INT(answer_number(status, "workers_idle"), WORKERS);
    CHECK_INT(answer_number(status, "store_ready"), 1);
    CHECK_TEXT(answer_text(status, "store"), "sqlite");
    CHECK_COMPARE(cJSON_GetArraySize(cJSON_GetObjectItem(status, "consumers")), >=, CONSUMERS);
    CHECK_INT(cJSON_GetArraySize(cJSON_GetObjectItem(status, "errors")), 0);
    cJSON_Delete(status);
}

/* And what the log said last. */
static void test_trouble(void)
{
    char away[PAIR_PATH_SIZE + 32], here[PAIR_PATH_SIZE + 32];
    snprintf(here, sizeof here, "%s/postern.db", pair.dir);
    snprintf(away, sizeof away, "%s/away.db", pair.dir);
    REQUIRE_INT(rename(here, away), 0);
    CHECK_TRUE(fixture_wait_status("/readyz", 503, SOON_MS));
    cJSON *status = status_json();
    CHECK_INT(answer_number(status, "store_ready"), 0);
    CHECK_COMPARE(cJSON_GetArraySize(cJSON_GetObjectItem(status, "errors")), >=, 1);
    cJSON_Delete(status);
    REQUIRE_INT(rename(away, here), 0);
    CHECK_TRUE(fixture_wait_status("/readyz", 200, SOON_MS));
}

static void test_usage(void)
{
    static const char *const wrong[] = {"status", "--always", NULL};
    CHECK_INT(pair_command(&pair, wrong, NULL, 0), 2);
}

/* Whoever asked must not take a status that is cut short for a whole one. */
static void test_no_room(void)
{
    char command[COMMAND_SIZE];
    const char *const argv[] = {"sh", "-c", command, NULL};
    snprintf(command, sizeof command,
             "POSTERN_SOCKET=%s $POSTERN status 2>&1 >/dev/full | "
             "grep -q '^postern: cannot write the status: No space left'",
             pair.socket);
    CHECK_INT(process_run(argv, SOON_MS), 0);
}

/* The queue of its socket is full: then a plain connect would wait without end. */
static void test_exporter_is_stopped(void)
{
    static const char *const argv[] = {"status", NULL};
    int fds[QUEUE_MAX];
    size_t count = 0;
    pid_t exporter;
    REQUIRE_INT(pair_children(&pair, "postern-metrics", &exporter, 1), 1);
    CHECK_TRUE(process_stop(exporter));
    while (count < QUEUE_MAX && (fds[count] = socket_connect(exporter_socket, QUEUE_MS)) >= 0)
        count++;
    CHECK_COMPARE(count, <, QUEUE_MAX);
    CHECK_INT(pair_command_within(&pair, argv, NULL, 0, SOON_MS), 1);
    while (count-- > 0)
        close(fds[count]);
    kill(exporter, SIGCONT);
}

int main(void)
{
    static CU_TestInfo tests[] = {{"numbers", test_numbers},
                                  {"trouble", test_trouble},
                                  {"usage", test_usage},
                                  {"no room", test_no_room},
                                  {"exporter is stopped", test_exporter_is_stopped},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/status", setup, fixture_end, tests);
}
