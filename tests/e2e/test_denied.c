/* Denied consumers: refused everywhere at once, on every worker, and nobody else with them. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "config/denylist.h"
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
    snprintf(dir, sizeof dir, "/tmp/postern-denied.XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    snprintf(file, sizeof file, "%s/denied", dir);
    return 0;
}

static int teardown(void)
{
    unlink(file);
    return rmdir(dir);
}

/* As an operator should: the file is never there in part. */
static void write_denied(const char *text)
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
                         text ? "POSTERN_CONSUMERS_DENIED=" : "POSTERN_CONSUMERS_DENIED=vpce-0e",
                         NULL};
    snprintf(setting, sizeof setting, "POSTERN_CONSUMERS_DENIED_FILE=%s", text ? file : "");
    if (text)
        write_denied(text);
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
        (status == 403) != (strstr(got.body, "urn:postern:problem:consumer-denied") != NULL)) {
        fprintf(stderr, "denied: %s: %s\n", consumer, got.text.data ? got.text.data : "nothing");
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
        {__LINE__, "vpce-0E", "GET", "/products/1", NULL, 200},
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
              "\"consumer\":\"vpce-0e\",\"method\":\"POST\","
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
            fprintf(stderr, "denied: thread %zu got %d\n", thread, status);
    }
}

/* Every call after the log's line, whichever worker takes it, must find the new list. */
static void test_reread(void)
{
    pid_t before[PROCESS_WORKERS_MAX], after[PROCESS_WORKERS_MAX];
    REQUIRE_TRUE(start("vpce-0d\n", NULL));
    size_t count = pair_workers(&pair, before, PROCESS_WORKERS_MAX);
    atomic_store(&stop, false);
    CHECK_TRUE(load_start(&load, THREADS, send_traffic, NULL));
    for (int flip = 1; flip <= FLIPS; flip++) {
        CHECK_OF("flip %d", flip);
        write_denied(flip % 2 ? "# both\nvpce-0a\nvpce-0d\n" : "vpce-0d # alone\n");
        kill(pair.app, SIGHUP);
        REQUIRE_TRUE(wait_log("\"denied consumers read again\"", flip));
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
    CHECK_LOG(&pair, "postern.log", "\"denied\":2}", 0);
    pair_end(&pair);
}

static void test_bad_reread(void)
{
    static const char stays[] = "the old list stays in force";
    REQUIRE_TRUE(start("vpce-0a\n", NULL));
    write_denied("vpce-0b\n\nvpce-0c;\n");
    kill(pair.app, SIGHUP);
    CHECK_TRUE(wait_log(stays, 1));
    CHECK_LOG(&pair, "postern.log", "\"line\":3,\"error\":\"\\\"vpce-0c;\\\" is", 0);
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
    write_denied("vpce-0b\n");
    kill(pair.app, SIGHUP);
    CHECK_TRUE(wait_log("\"denied consumers read again\"", 1));
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
    CHECK_TRUE(refuses_to_start("POSTERN_CONSUMERS_DENIED=vpce-0a,vpce-svc-0b",
                                "postern: POSTERN_CONSUMERS_DENIED: \"vpce-svc-0b\" is no VPC "
                                "endpoint's id"));
    CHECK_TRUE(pair_set(&pair, "POSTERN_CONSUMERS_DENIED="));
    write_denied("vpce-0a\nvpce-0B\n");
    snprintf(setting, sizeof setting, "POSTERN_CONSUMERS_DENIED_FILE=%s", file);
    snprintf(why, sizeof why, "postern: POSTERN_CONSUMERS_DENIED_FILE: %s: line 2: \"vpce-0B\" is",
             file);
    CHECK_TRUE(refuses_to_start(setting, why));
    unlink(file);
    snprintf(why, sizeof why, "%s: cannot be opened: No such file", file);
    CHECK_TRUE(refuses_to_start(setting, why));
    CHECK_TRUE(pair_set(&pair, "POSTERN_CONSUMERS_DENIED_FILE="));
    CHECK_TRUE(refuses_to_start("POSTERN_DRAIN_MIN_MS=22501",
                                "POSTERN_DRAIN_MIN_MS: 22501 ms are over nine tenths"));
    CHECK_INT(get("vpce-0e"), 403);
    pair_end(&pair);
}

static void test_most(void)
{
    enum { MOST = DENYLIST_MAX };
    static char text[(MOST + 1) * ENDPOINT_ID_SIZE + 1];
    char id[ENDPOINT_ID_SIZE];
    size_t used = 0;
    for (int i = 0; i < MOST; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "vpce-%059x\n", 2 * (MOST - i));
    REQUIRE_TRUE(start(text, NULL));
    CHECK_LOG(&pair, "postern.log", "\"denied\":1000,", 0);
    for (int i = 1; i <= 2 * MOST + 1; i++) {
        snprintf(id, sizeof id, "vpce-%059x", i);
        int status = get(id);
        CHECK_INT(status, i % 2 == 0 ? 403 : 200, "%s: %d", id, status);
    }
    snprintf(text + used, sizeof text - used, "vpce-0a\n");
    write_denied(text);
    kill(pair.app, SIGHUP);
    CHECK_TRUE(wait_log("more than 1000 endpoints", 1));
    CHECK_LOG(&pair, "postern.log", "\"line\":1001,", 0);
    CHECK_INT(get("vpce-0a"), 200);
    CHECK_INT(get(id), 200);
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
    REQUIRE_TRUE(start("vpce-0a\n", lighttpd));
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
                                  {"the longest list", test_most},
                                  {"the connection ends", test_connection_ends},
                                  CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/denied", setup, teardown, tests);
}
