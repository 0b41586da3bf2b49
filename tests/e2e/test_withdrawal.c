/* What is published counts no more once a caller, or a command's end, has told of a change; nor
 * 500 ms after anybody's. This process reads the memory as lighttpd's module would. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/socket.h"
#include "check.h"
#include "e2e/catalogue.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "e2e/taker.h"

#define PRODUCT   "/products/1"
#define ORDER     "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"
#define PUBLISHER "postern-publish"

enum { LATE_MS = 20000, TICK_MS = 5, ORDERS = 100, PATH_SIZE = 128 };

static const char catalogue[] = CATALOGUE_NUTS("1000000");

static struct pair other; /* another task on the same database */
static struct client *other_client;
static struct taker here, there;

static void publish(struct taker *taker, struct client *through)
{
    REQUIRE_TRUE(taker_wait_published(taker, through, 1, &answer));
}

static void check_gone(const char *before)
{
    if (taker_finds(&here, 1))
        CHECK_OTHER_TEXT(here.body, before);
}

static int setup(void)
{
    if (fixture_start_postgres(&(struct pair_options){.catalogue = catalogue}) != 0)
        return 1;
    char url[POSTGRES_SERVER_URL_SIZE];
    postgres_server_url(&fixture_server, "postgres", url);
    if (!pair_start(&other, &(struct pair_options){.catalogue = "", .database = url}))
        return 1;
    other_client = client_open(other.port);
    return other_client ? 0 : 1;
}

static int teardown(void)
{
    taker_close(&here);
    taker_close(&there);
    client_close(other_client);
    pair_end(&other);
    return fixture_end();
}

static void test_order(void)
{
    char before[TAKER_BODY_SIZE];
    REQUIRE_TRUE(taker_take(&here, &pair));
    for (int i = 0; i < ORDERS; i++) {
        publish(&here, client);
        snprintf(before, sizeof before, "%s", here.body);
        client_post(client, "/orders", ORDER, &answer);
        REQUIRE_INT(answer.status, 201);
        check_gone(before);
    }
}

static void test_cancellation(void)
{
    char before[TAKER_BODY_SIZE], path[PATH_SIZE];
    for (int i = 0; i < 2; i++) {
        client_post(client, "/orders", ORDER, &answer);
        REQUIRE_INT(answer.status, 201);
        snprintf(path, sizeof path, "%s/cancel", client_header(&answer, "Location"));
        publish(&here, client);
        snprintf(before, sizeof before, "%s", here.body);
        client_post(client, path, "{}", &answer);
        REQUIRE_INT(answer.status, 200);
        check_gone(before);
    }
}

/* A command that has ended was told of by its end. */
static void check_command(const char *const *argv)
{
    char before[TAKER_BODY_SIZE];
    publish(&here, client);
    snprintf(before, sizeof before, "%s", here.body);
    CHECK_INT(pair_command(&pair, argv, NULL, 0), 0, "%s", argv[0]);
    check_gone(before);
}

static void test_commands(void)
{
    static const char *const stock[] = {"stock", "1", "+5", NULL},
                             *const retire[] = {"retire", "1", NULL},
                             *const back[] = {"retire", "--back", "1", NULL},
                             *const import[] = {"import", "--set-stock", NULL, NULL};
    const char *argv[] = {import[0], import[1], NULL, NULL};
    char file[PATH_SIZE];
    check_command(stock);
    check_command(retire);
    CHECK_FALSE(taker_finds(&here, 1), "nothing of a retired product is published");
    CHECK_INT(pair_command(&pair, back, NULL, 0), 0);
    REQUIRE_TRUE(pair_write(&pair, "new.csv", "id,quantity\n1,777\n"));
    snprintf(file, sizeof file, "%s/new.csv", pair.dir);
    argv[2] = file;
    check_command(argv);
}

/* Another task shows it within the lease's length. */
static void test_other_task(void)
{
    char before[TAKER_BODY_SIZE];
    int64_t worst_us = 0;
    REQUIRE_TRUE(taker_take(&there, &other));
    for (int i = 0; i < ORDERS / 5; i++) {
        publish(&there, other_client);
        snprintf(before, sizeof before, "%s", there.body);
        client_post(client, "/orders", ORDER, &answer);
        int64_t told_us = clock_monotonic_us();
        REQUIRE_INT(answer.status, 201);
        /* found_us is before it was found, and so no later than when it counted. */
        for (int64_t found_us = told_us; taker_finds(&there, 1) && strcmp(there.body, before) == 0;
             found_us = clock_monotonic_us()) {
            int64_t us = found_us - told_us;
            worst_us = us > worst_us ? us : worst_us;
            REQUIRE_COMPARE(us, <, LAYOUT_LEASE_US);
            load_sleep_ms(1);
        }
    }
    printf("withdrawal: another task's stock was published for %" PRId64 " us at most\n", worst_us);
}

static pid_t publisher(void)
{
    pid_t pid = 0;
    REQUIRE_INT(pair_children(&pair, PUBLISHER, &pid, 1), 1);
    return pid;
}

/* From that time on nothing counts, however late it is looked at. */
static void check_over(int64_t since_us)
{
    int64_t left_us = since_us + LAYOUT_LEASE_US - clock_monotonic_us();
    if (left_us > 0)
        clock_sleep_us(left_us);
    CHECK_FALSE(taker_is_live(&here));
    CHECK_FALSE(taker_finds(&here, 1));
}

static void stop(pid_t pid)
{
    int64_t until = load_now_ms() + LATE_MS;
    kill(pid, SIGSTOP);
    while (!process_is_stopped(pid) && load_now_ms() < until)
        load_sleep_ms(TICK_MS);
    REQUIRE_TRUE(process_is_stopped(pid));
}

static void test_publisher_stopped(void)
{
    static const char *const stock[] = {"stock", "1", "+5", NULL};
    pid_t pid = publisher();
    publish(&here, client);
    stop(pid);
    check_over(clock_monotonic_us());
    kill(pid, SIGCONT);
    REQUIRE_TRUE(taker_wait_live(&here));
    stop(pid);
    check_command(stock);
    kill(pid, SIGCONT);
    REQUIRE_TRUE(taker_wait_live(&here));
}

/* Its successor does not know what was changed meanwhile. */
static void test_publisher_killed(void)
{
    pid_t pid = publisher();
    publish(&here, client);
    kill(pid, SIGKILL);
    REQUIRE_TRUE(process_wait_end(pid, LATE_MS));
    REQUIRE_TRUE(taker_take(&there, &pair));
    CHECK_FALSE(taker_finds(&there, 1), "nothing of before");
    publish(&there, client);
    REQUIRE_TRUE(taker_take(&here, &pair));
}

/* A command that finds nobody to look for it waits for the end of the lease. */
static void test_publisher_dead(void)
{
    static const char *const stock[] = {"stock", "1", "+5", NULL};
    char before[TAKER_BODY_SIZE];
    pid_t pid = publisher();
    publish(&here, client);
    snprintf(before, sizeof before, "%s", here.body);
    stop(pair.app); /* so that there is no other one */
    kill(pid, SIGKILL);
    CHECK_TRUE(process_wait_end(pid, LATE_MS));
    CHECK_INT(pair_command(&pair, stock, NULL, 0), 0);
    check_gone(before);
    kill(pair.app, SIGCONT);
    REQUIRE_TRUE(taker_take(&here, &pair));
    check_gone(before);
}

static void test_no_store(void)
{
    publish(&here, client);
    postgres_server_stop(&fixture_server, SIGQUIT);
    check_over(clock_monotonic_us());
    REQUIRE_TRUE(postgres_server_start(&fixture_server));
    REQUIRE_TRUE(taker_wait_live(&here));
    REQUIRE_TRUE(fixture_wait_status("/readyz", 200, LATE_MS));
    REQUIRE_TRUE(fixture_wait_status(PRODUCT, 200, LATE_MS));
    publish(&here, client);
}

/* Requests may come to another application by now. */
static void test_socket_taken(void)
{
    char aside[sizeof pair.socket + sizeof ".aside"];
    snprintf(aside, sizeof aside, "%s.aside", pair.socket);
    publish(&here, client);
    REQUIRE_INT(rename(pair.socket, aside), 0);
    check_over(clock_monotonic_us());
    REQUIRE_INT(rename(aside, pair.socket), 0);
    REQUIRE_TRUE(taker_wait_live(&here));
}

/* The whole application stands still. */
static void test_stopped(void)
{
    pid_t pids[PROCESS_WORKERS_MAX];
    publish(&here, client);
    size_t n = pair_children(&pair, PUBLISHER, pids, PROCESS_WORKERS_MAX);
    n += pair_workers(&pair, pids + n, PROCESS_WORKERS_MAX - n);
    for (size_t i = 0; i < n; i++)
        stop(pids[i]);
    check_over(clock_monotonic_us());
    for (size_t i = 0; i < n; i++)
        kill(pids[i], SIGCONT);
    REQUIRE_TRUE(taker_wait_live(&here));
}

static void test_drain(void)
{
    struct stat left;
    publish(&here, client);
    kill(pair.app, SIGTERM);
    CHECK_LOG(&pair, "postern.log", "\"message\":\"draining\"", LATE_MS);
    CHECK_FALSE(taker_is_live(&here));
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
    CHECK_INT(stat(here.path, &left), -1, "the socket is removed");
    REQUIRE_TRUE(pair_start_app(&pair) && pair_wait_ready(&pair));
    REQUIRE_TRUE(taker_take(&here, &pair));
}

/* Waits until a new application takes connections; *old is the socket of the one before. */
static void wait_listening(const struct stat *old)
{
    struct stat now = *old;
    int fd = -1;
    for (int64_t until = load_now_ms() + LATE_MS; fd < 0 && load_now_ms() < until;) {
        if (stat(pair.socket, &now) == 0 &&
            (now.st_ino != old->st_ino || now.st_ctim.tv_nsec != old->st_ctim.tv_nsec))
            fd = socket_connect(pair.socket, LATE_MS);
        if (fd < 0)
            load_sleep_ms(TICK_MS);
    }
    REQUIRE_COMPARE(fd, >=, 0);
    socket_fail(fd);
}

/* Where all were killed at once, the next one changes nothing before the lease is over. */
static void test_killed(void)
{
    pid_t pid = publisher();
    struct stat left;
    publish(&here, client);
    stop(pid);
    int64_t stopped_us = clock_monotonic_us();
    pair_stop_app(&pair, SIGKILL);
    kill(pid, SIGKILL);
    REQUIRE_TRUE(process_wait_end(pid, LATE_MS));
    CHECK_INT(stat(here.path, &left), 0);
    REQUIRE_INT(stat(pair.socket, &left), 0);
    int64_t started_us = clock_monotonic_us();
    REQUIRE_TRUE(pair_start_app(&pair));
    wait_listening(&left);
    CHECK_COMPARE(clock_monotonic_us() - started_us, >=, LAYOUT_LEASE_US);
    check_over(stopped_us);
    REQUIRE_TRUE(pair_wait_ready(&pair));
    REQUIRE_TRUE(taker_take(&here, &pair));
}

static void test_off(void)
{
    struct stat left;
    pid_t pid;
    pair_stop_app(&pair, SIGTERM);
    REQUIRE_TRUE(pair_set(&pair, "POSTERN_PUBLISH=off"));
    REQUIRE_TRUE(pair_start_app(&pair) && pair_wait_ready(&pair));
    CHECK_INT(stat(here.path, &left), -1);
    CHECK_INT(pair_children(&pair, PUBLISHER, &pid, 1), 0);
    client_get(client, PRODUCT, &answer);
    CHECK_INT(answer.status, 200);
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"order", test_order},
        {"cancellation", test_cancellation},
        {"commands", test_commands},
        {"other task", test_other_task},
        {"publisher stopped", test_publisher_stopped},
        {"publisher killed", test_publisher_killed},
        {"publisher dead", test_publisher_dead},
        {"no store", test_no_store},
        {"socket taken", test_socket_taken},
        {"stopped", test_stopped},
        {"drain", test_drain},
        {"killed", test_killed},
        {"off", test_off},
        CU_TEST_INFO_NULL,
    };
    return e2e_suite_run("e2e/withdrawal", setup, teardown, tests);
}
