/* The consumers: named as the file says, or refused everywhere at once, on every worker, and nobody
 * else with them. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "config/consumers.h"
#include "e2e/answer.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/ledger.h"
#include "e2e/load.h"
#include "e2e/pair.h"
#include "e2e/process.h"
#include "e2e/wire.h"

#define ORDER "{\"items\":[{\"product_id\":1,\"quantity\":1}]}"

enum {
    WORKERS = 4,
    THREADS = 6,
    FLIPS = 20,
    CALLS = 60, /* after a change: enough to meet every worker */
    WAIT_MS = 15000,
    SETTING_SIZE = 128
};

static struct pair pair;
static struct load load;
static char dir[32], file[64];

static int setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/postern-consumers.XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    snprintf(file, sizeof file, "%s/consumers", dir);
    return 0;
}

static int teardown(void)
{
    unlink(file);
    return rmdir(dir);
}

/* As an operator should: the file is never there in part. */
static void write_consumers(const char *text)
{
    char fresh[sizeof file + 8];
    snprintf(fresh, sizeof fresh, "%s.new", file);
    FILE *out = fopen(fresh, "we");
    REQUIRE_NOT_NULL(out);
    CHECK_COMPARE(fputs(text, out), >=, 0);
    CHECK_INT(fclose(out), 0);
    CHECK_INT(rename(fresh, file), 0);
}

static bool start(const char *text, const char *lighttpd)
{
    char setting[SETTING_SIZE];
    const char *env[] = {"POSTERN_QUIET_MS=50", setting,
                         text ? "POSTERN_CONSUMERS=" : "POSTERN_CONSUMERS=vpce-0e evil denied",
                         NULL};
    snprintf(setting, sizeof setting, "POSTERN_CONSUMERS_FILE=%s", text ? file : "");
    if (text)
        write_consumers(text);
    return pair_start(
               &pair,
               &(struct pair_options){.workers = WORKERS, .env = env, .lighttpd = lighttpd}) &&
           process_wait_workers(&pair, WORKERS, NULL, 0, WAIT_MS);
}

static int status_of(const char *consumer, const char *method, const char *path, const char *body)
{
    char who[SETTING_SIZE], what[SETTING_SIZE], where[SETTING_SIZE];
    const char *variables[] = {who, what, where, "CONTENT_TYPE=application/json", NULL};
    struct fastcgi_answer got;
    snprintf(who, sizeof who, "PP2_AWS_VPCE_ID=%s", consumer);
    snprintf(what, sizeof what, "REQUEST_METHOD=%s", method);
    snprintf(where, sizeof where, "PATH_INFO=%s", path);
    fastcgi_call(&pair, variables, body, &got);
    int status = got.status;
    char connection[16];
    bool closes = fastcgi_header(&got, "Connection", connection, sizeof connection);
    if (closes != (status == 403) || (closes && strcmp(connection, "close") != 0) ||
        (status == 403) != (strstr(got.body, "urn:postern:problem:consumer-") != NULL)) {
        fprintf(stderr, "consumers: %s: %s\n", consumer, got.text.data ? got.text.data : "nothing");
        status = -1;
    }
    fastcgi_free(&got);
    return status;
}

static int get(const char *consumer)
{
    return status_of(consumer, "GET", "/products/1", NULL);
}

/* The n-th time, from 1. */
static bool wait_log(const char *message, int n)
{
    for (int64_t end = load_now_ms() + WAIT_MS; load_now_ms() < end; load_sleep_ms(5)) {
        char *log = pair_read(&pair, "postern.log");
        int found = 0;
        for (const char *at = log; at && (at = strstr(at, message)); at++)
            found++;
        free(log);
        if (found >= n)
            return true;
    }
    return false;
}

static void test_refused(void)
{
    static const struct {
        int line;
        const char *consumer, *method, *path, *body;
        int status;
    } rows[] = {
        {__LINE__, "vpce-0e", "GET", "/products", NULL, 403},
        {__LINE__, "vpce-0e", "GET", "/products/1", NULL, 403},
        {__LINE__, "vpce-0e", "POST", "/orders", ORDER, 403},
        {__LINE__, "vpce-0e", "GET", "/orders", NULL, 403},
        {__LINE__, "vpce-0e", "OPTIONS", "/orders", NULL, 403},
        {__LINE__, "vpce-0e", "GET", "/nothing", NULL, 403},
        {__LINE__, "vpce-0e", "GET", "/-/error", NULL, 403},
        {__LINE__, "vpce-0e", "GET", "/healthz/", NULL, 403},
        {__LINE__, "vpce-0e", "GET", "/healthz", NULL, 200},
        {__LINE__, "vpce-0e", "GET", "/readyz", NULL, 200},
        {__LINE__, "vpce-0", "GET", "/products/1", NULL, 200},
        {__LINE__, "vpce-0e0", "GET", "/products/1", NULL, 200},
        {__LINE__, "-", "GET", "/products/1", NULL, 200},
        {__LINE__, "vpce-0f", "POST", "/orders", ORDER, 201},
    };
    REQUIRE_TRUE(start(NULL, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        int status = status_of(rows[i].consumer, rows[i].method, rows[i].path, rows[i].body);
        CHECK_INT(status, rows[i].status);
    }
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders"), 1);
    CHECK_LOG(&pair, "postern.log",
              "\"consumer\":\"evil\",\"method\":\"POST\","
              "\"route\":\"/orders\",\"status\":403",
              WAIT_MS);
    /* Without a file HUP has nothing to read. */
    kill(pair.app, SIGHUP);
    CHECK_TRUE(wait_log("HUP: nothing to read again", 1));
    CHECK_INT(get("vpce-0e"), 403);
    pair_end(&pair);
}

/* What the threads saw: how often an admitted consumer was not served, or a denied one was. */
static atomic_bool stop;
static atomic_int wrong, served;

static void send_traffic(void *context, size_t thread)
{
    (void)context;
    while (!atomic_load(&stop)) {
        bool denied = thread % 3 == 2;
        int status = denied       ? get("vpce-0d")
                     : thread % 2 ? status_of("vpce-0f", "GET", "/products", NULL)
                                  : get("vpce-0b");
        atomic_fetch_add(&served, 1);
        if (status != (denied ? 403 : 200) && atomic_fetch_add(&wrong, 1) == 0)
            fprintf(stderr, "consumers: thread %zu got %d\n", thread, status);
    }
}

/* Every call after the log's line, whichever worker takes it, must find the new list. */
static void test_reread(void)
{
    pid_t before[PROCESS_WORKERS_MAX], after[PROCESS_WORKERS_MAX];
    REQUIRE_TRUE(start("vpce-0d d denied\n", NULL));
    size_t count = pair_workers(&pair, before, PROCESS_WORKERS_MAX);
    atomic_store(&stop, false);
    CHECK_TRUE(load_start(&load, THREADS, send_traffic, NULL));
    for (int flip = 1; flip <= FLIPS; flip++) {
        CHECK_OF("flip %d", flip);
        write_consumers(flip % 2 ? "# both\nvpce-0a a denied\nvpce-0d d denied\n"
                                 : "vpce-0d d denied # alone\n");
        kill(pair.app, SIGHUP);
        REQUIRE_TRUE(wait_log("\"consumers read again\"", flip));
        for (int i = 0; i < CALLS; i++) {
            int status = get("vpce-0a");
            CHECK_INT(status, flip % 2 ? 403 : 200);
        }
    }
    atomic_store(&stop, true);
    load_join(&load);
    CHECK_INT(atomic_load(&wrong), 0);
    CHECK_COMPARE(atomic_load(&served), >, FLIPS);
    CHECK_INT(pair_workers(&pair, after, PROCESS_WORKERS_MAX), count);
    CHECK_BYTES(before, count * sizeof before[0], after, count * sizeof before[0]);
    CHECK_LOG(&pair, "postern.log", "\"consumers\":2}", 0);
    pair_end(&pair);
}

static void test_bad_reread(void)
{
    static const char stays[] = "the old ones stay in force";
    REQUIRE_TRUE(start("vpce-0a a denied\n", NULL));
    write_consumers("vpce-0b b denied\n\nvpce-0c c dennied\n");
    kill(pair.app, SIGHUP);
    CHECK_TRUE(wait_log(stays, 1));
    CHECK_LOG(&pair, "postern.log", "\"line\":3,\"error\":\"\\\"dennied\\\" is", 0);
    CHECK_INT(get("vpce-0a"), 403);
    CHECK_INT(get("vpce-0b"), 200);
    unlink(file);
    kill(pair.app, SIGHUP);
    CHECK_TRUE(wait_log(stays, 2));
    CHECK_INT(get("vpce-0a"), 403);
    CHECK_INT(get("vpce-0b"), 200);
    /* A worker that is born now has the same list. */
    pid_t old[PROCESS_WORKERS_MAX];
    size_t count = pair_workers(&pair, old, PROCESS_WORKERS_MAX);
    for (size_t i = 0; i < count; i++)
        kill(old[i], SIGKILL);
    CHECK_TRUE(process_wait_workers(&pair, WORKERS, old, count, WAIT_MS));
    for (int i = 0; i < CALLS; i++)
        CHECK_INT(get("vpce-0a"), 403);
    write_consumers("vpce-0b b denied\n");
    kill(pair.app, SIGHUP);
    CHECK_TRUE(wait_log("\"consumers read again\"", 1));
    CHECK_INT(get("vpce-0a"), 200);
    CHECK_INT(get("vpce-0b"), 403);
    pair_end(&pair);
}

static bool refuses_to_start(const char *setting, const char *why)
{
    static const char *const serve[] = {"serve", NULL};
    return pair_set(&pair, setting) && pair_command(&pair, serve, NULL, 0) == 1 &&
           process_wait_log(&pair, "command.log", why, 0);
}

static void test_bad_start(void)
{
    char setting[SETTING_SIZE], why[SETTING_SIZE * 2];
    REQUIRE_TRUE(start(NULL, NULL));
    CHECK_TRUE(refuses_to_start("POSTERN_CONSUMERS=vpce-0a a; vpce-svc-0b b",
                                "postern: POSTERN_CONSUMERS: line 2: \"vpce-svc-0b\" is no VPC "
                                "endpoint's id"));
    CHECK_TRUE(pair_set(&pair, "POSTERN_CONSUMERS=vpce-0a a"));
    write_consumers("vpce-0b b\nvpce-0a c\n");
    snprintf(setting, sizeof setting, "POSTERN_CONSUMERS_FILE=%s", file);
    snprintf(why, sizeof why,
             "postern: POSTERN_CONSUMERS_FILE: %s: line 2: vpce-0a is on line 1 of "
             "POSTERN_CONSUMERS already",
             file);
    CHECK_TRUE(refuses_to_start(setting, why));
    unlink(file);
    snprintf(why, sizeof why, "%s: cannot be opened: No such file", file);
    CHECK_TRUE(refuses_to_start(setting, why));
    CHECK_TRUE(pair_set(&pair, "POSTERN_CONSUMERS_FILE="));
    CHECK_TRUE(refuses_to_start("POSTERN_CONSUMERS_DENIED=vpce-0a",
                                "POSTERN_CONSUMERS_DENIED: no such setting"));
    CHECK_TRUE(pair_set(&pair, "POSTERN_CONSUMERS_DENIED="));
    CHECK_INT(get("vpce-0e"), 403);
    pair_end(&pair);
}

/* The table as the web server finds it. */
static void check_published(const char *wanted)
{
    char *text = pair_read(&pair, "postern.sock.consumers");
    CHECK_TEXT(text, wanted);
    free(text);
}

static void test_published(void)
{
    static const char table[] = "postern-consumers 1\n* - rate=3 burst=6\nvpce-0a a denied\n";
    char path[sizeof pair.socket + 16];
    struct stat st;
    REQUIRE_TRUE(start("vpce-0a a denied\n* - rate=3\n", NULL));
    check_published(table);
    snprintf(path, sizeof path, "%s.consumers", pair.socket);
    CHECK_INT(stat(path, &st), 0);
    CHECK_INT(st.st_mode & 07777, 0640);
    write_consumers("vpce-0a a denied\nvpce-0b\n");
    kill(pair.app, SIGHUP);
    CHECK_TRUE(wait_log("the old ones stay in force", 1));
    check_published(table);
    write_consumers("vpce-0b b\n");
    kill(pair.app, SIGHUP);
    CHECK_TRUE(wait_log("\"consumers read again\"", 1));
    check_published("postern-consumers 1\nvpce-0b b\n");
    /* Where it cannot be published, nothing changes. */
    snprintf(path, sizeof path, "%s.consumers.new", pair.socket);
    CHECK_INT(mkdir(path, 0700), 0);
    write_consumers("vpce-0b b denied\n");
    kill(pair.app, SIGHUP);
    CHECK_TRUE(wait_log("the old ones stay in force", 2));
    check_published("postern-consumers 1\nvpce-0b b\n");
    CHECK_INT(get("vpce-0b"), 200);
    CHECK_INT(rmdir(path), 0);
    pair_stop_app(&pair, SIGTERM);
    check_published(NULL);
    pair_end(&pair);
}

/* Orders and keys are a consumer's, whichever of its endpoints they come from. */
static void test_names(void)
{
    static const struct {
        int line;
        const char *endpoint;
        int orders;
    } rows[] = {
        {__LINE__, "vpce-0a", 2}, {__LINE__, "vpce-0b", 2}, {__LINE__, "vpce-0c", 1},
        {__LINE__, "vpce-0d", 0}, {__LINE__, "-", 0},
    };
    REQUIRE_TRUE(start("vpce-0a acme\nvpce-0b acme\nvpce-0c -\n* other\n- local\n", NULL));
    CHECK_INT(status_of("vpce-0a", "POST", "/orders", ORDER), 201);
    CHECK_INT(status_of("vpce-0b", "POST", "/orders", ORDER), 201);
    CHECK_INT(status_of("vpce-0c", "POST", "/orders", ORDER), 201);
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders WHERE consumer = 'acme'"), 2);
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders WHERE consumer = 'vpce-0c'"), 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char who[SETTING_SIZE];
        const char *variables[] = {who, "REQUEST_METHOD=GET", "PATH_INFO=/orders", NULL};
        struct fastcgi_answer got;
        int orders = 0;
        CHECK_ROW(rows[i].line);
        snprintf(who, sizeof who, "PP2_AWS_VPCE_ID=%s", rows[i].endpoint);
        fastcgi_call(&pair, variables, NULL, &got);
        for (const char *at = got.body; (at = strstr(at, "\"created_at\"")); at++)
            orders++;
        CHECK_INT(got.status, 200);
        CHECK_INT(orders, rows[i].orders);
        fastcgi_free(&got);
    }
    CHECK_LOG(&pair, "postern.log", "\"consumer\":\"acme\",\"method\":\"GET\"", WAIT_MS);
    CHECK_LOG(&pair, "postern.log", "\"consumer\":\"vpce-0d\"", WAIT_MS);
    CHECK_LOG(&pair, "postern.log", "\"consumer\":\"local\"", WAIT_MS);
    pair_end(&pair);
}

static int rename_consumer(const char *from, const char *to, const char *option, const char *says)
{
    const char *argv[] = {"consumer", "rename", from, to, option, NULL};
    char out[256];
    int status = pair_command(&pair, argv, out, sizeof out);
    if (status == 0)
        CHECK_TEXT(out, says);
    else
        CHECK_LOG(&pair, "command.log", says, 0);
    return status;
}

/* An endpoint gets a name while the pair serves: denied meanwhile, so that nothing is placed twice.
 */
static void test_rename(void)
{
    REQUIRE_TRUE(start("* other\n", NULL));
    CHECK_INT(status_of("vpce-0a", "POST", "/orders", ORDER), 201);
    CHECK_INT(status_of("vpce-0a", "POST", "/orders", ORDER), 201);
    write_consumers("vpce-0a acme denied\n");
    kill(pair.app, SIGHUP);
    REQUIRE_TRUE(wait_log("\"consumers read again\"", 1));
    CHECK_INT(get("vpce-0a"), 403);
    CHECK_INT(rename_consumer("vpce-0a", "acme", NULL, "filed under acme: 2 orders, 0 keys\n"), 0);
    write_consumers("vpce-0a acme\nvpce-0b globex\n");
    kill(pair.app, SIGHUP);
    REQUIRE_TRUE(wait_log("\"consumers read again\"", 2));
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders WHERE consumer = 'acme'"), 2);
    CHECK_INT(status_of("vpce-0b", "POST", "/orders", ORDER), 201);
    CHECK_INT(rename_consumer("acme", "globex", NULL, "globex has orders or keys already"), 1);
    CHECK_INT(rename_consumer("vpce-0a", "acme", NULL, "vpce-0a has no orders and no keys"), 1);
    CHECK_INT(rename_consumer("acme", "Globex", NULL, "\"Globex\" is no consumer"), 2);
    CHECK_INT(rename_consumer("acme", "acme", NULL, "both are the same consumer"), 2);
    CHECK_INT(rename_consumer("acme", "globex", "--merg", "usage: postern consumer rename"), 2);
    CHECK_INT(
        rename_consumer("acme", "globex", "--merge", "filed under globex: 2 orders, 0 keys\n"), 0);
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders WHERE consumer = 'globex'"), 3);
    pair_end(&pair);
}

/* A variable that is no endpoint's id: nobody is served under it, and one line a second counts. */
static void test_unidentified(void)
{
    static const char *const bad[] = {"vpce-0A", "acme", "vpce-", "*", "vpce-0a,vpce-0b"};
    REQUIRE_TRUE(start("vpce-0a acme\n- local denied\n", NULL));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_OF("%s", bad[i]);
        CHECK_INT(get(bad[i]), 403);
        CHECK_INT(status_of(bad[i], "POST", "/orders", ORDER), 403);
        CHECK_INT(status_of(bad[i], "OPTIONS", "/orders", NULL), 403);
        CHECK_INT(status_of(bad[i], "GET", "/readyz", NULL), 200);
    }
    CHECK_INT(get("vpce-0a"), 200);
    CHECK_INT(get("-"), 403);
    CHECK_INT(ledger_number(&pair, "SELECT count(*) FROM orders"), 0);
    CHECK_LOG(&pair, "postern.log", "their endpoint's id is none\",\"count\":1}", WAIT_MS);
    pair_end(&pair);
}

static void test_most(void)
{
    enum { MOST = CONSUMERS_MAX };
    static char text[(MOST + 1) * CONSUMERS_LINE_SIZE];
    char id[ENDPOINT_ID_SIZE];
    size_t used = 0;
    for (int i = 0; i < MOST; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "vpce-%059x n%062d denied\n",
                                 2 * (MOST - i), i);
    REQUIRE_TRUE(start(text, NULL));
    CHECK_LOG(&pair, "postern.log", "\"consumers\":1000,", 0);
    for (int i = 1; i <= 2 * MOST + 1; i += 7) {
        snprintf(id, sizeof id, "vpce-%059x", i);
        int status = get(id);
        CHECK_INT(status, i % 2 == 0 ? 403 : 200, "%s: %d", id, status);
    }
    snprintf(text + used, sizeof text - used, "vpce-0a a denied\n");
    write_consumers(text);
    kill(pair.app, SIGHUP);
    CHECK_TRUE(wait_log("more than 1000 endpoints", 1));
    CHECK_LOG(&pair, "postern.log", "\"line\":1001,", 0);
    CHECK_INT(get("vpce-0a"), 200);
    pair_end(&pair);
}

/* Over lighttpd, which here stands for its module as well: the user agent is the endpoint. */
static void test_connection_ends(void)
{
    static const char lighttpd[] = "server.modules += (\"mod_setenv\")\n"
                                   "$HTTP[\"user-agent\"] == \"a\" {\n"
                                   "setenv.set-environment = (\"PP2_AWS_VPCE_ID\" => \"vpce-0a\")\n"
                                   "}\n";
    static const char admitted[] = "GET /products/1 HTTP/1.1\r\nHost: x\r\nUser-Agent: b\r\n\r\n";
    static const char denied[] = "GET /products/1 HTTP/1.1\r\nHost: x\r\nUser-Agent: a\r\n\r\n";
    char answers[8192];
    bool closed = false;
    REQUIRE_TRUE(start("vpce-0a a denied\n", lighttpd));
    int fd = client_raw_open(pair.port);
    CHECK_TRUE(client_raw_send(fd, admitted, strlen(admitted)));
    CHECK_TRUE(client_raw_send(fd, denied, strlen(denied)));
    client_raw_read(fd, answers, sizeof answers, WIRE_TIMEOUT_MS, &closed);
    close(fd);
    const char *second = strstr(answers + 1, "HTTP/1.1 403 ");
    CHECK_START(answers, "HTTP/1.1 200 ");
    CHECK_NOT_NULL(second, "%s", answers);
    const char *close_line = strcasestr(answers, "\r\nConnection: close\r\n");
    if (CHECK_NOT_NULL(close_line))
        CHECK_TRUE(close_line > second);
    CHECK_TRUE(closed);
    pair_end(&pair);
}

int main(void)
{
    static CU_TestInfo tests[] = {{"refused everywhere, and nobody else", test_refused},
                                  {"HUP changes the list under load", test_reread},
                                  {"a bad file changes nothing", test_bad_reread},
                                  {"a bad list keeps it from starting", test_bad_start},
                                  {"what the web server is told", test_published},
                                  {"names scope orders", test_names},
                                  {"a consumer gets another name", test_rename},
                                  {"an endpoint's id that is none", test_unidentified},
                                  {"the longest list", test_most},
                                  {"the connection ends", test_connection_ends},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/consumers", setup, teardown, tests);
}
