/* The processes: who may serve on a socket, and what happens to workers that die, hang or loop. */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/catalogue.h"
#include "e2e/client.h"
#include "e2e/e2e_suite.h"
#include "e2e/fastcgi.h"
#include "e2e/load.h"
#include "e2e/pair.h"
#include "e2e/process.h"

enum {
    WAIT_MS = 15000,
    LOOP_MS = 3000,
    LOOP_STARTS_MIN = 3,
    LOOP_STARTS_MAX = 12, /* doubling from 50 ms on leaves room for eight */
    GROWTH_THREADS = 8,
    GROWTH_REQUESTS = 10000, /* twice */
    GROWTH_MAX_KB = 1024,    /* for both workers: a hundred bytes a request would show */
};

static struct pair pair;
static struct client *client;
static struct client_answer answer;

static bool start_with(const struct pair_options *options)
{
    if (!pair_start(&pair, options))
        return false;
    client = client_open(pair.port);
    /* Ready is the pair when one worker is. */
    return client && process_wait_workers(&pair, (size_t)options->workers, NULL, 0, WAIT_MS);
}

/* With a short quiet time, unless env says otherwise: there is no traffic to wait for. */
static bool start(int workers, const char *const *env)
{
    static const char *const quick[] = {"POSTERN_QUIET_MS=50", NULL};
    return start_with(&(struct pair_options){.workers = workers, .env = env ? env : quick});
}

static void finish(void)
{
    client_close(client);
    client = NULL;
    pair_end(&pair);
}

static bool serves(void)
{
    return client_get(client, "/products/1", &answer) && answer.status == 200;
}

static bool socket_stat(struct stat *st)
{
    return lstat(pair.socket, st) == 0;
}

static void test_second_server(void)
{
    char pid[64];
    struct stat before, after;
    REQUIRE_TRUE(start(2, NULL));
    CHECK_TRUE(socket_stat(&before));
    struct pair second = pair;
    CHECK_TRUE(pair_start_app(&second));
    CHECK_INT(process_exit(process_reap(second.app, WAIT_MS)), 1);
    snprintf(pid, sizeof pid, "\"pid\":\"%d\"", (int)pair.app);
    CHECK_LOG(&pair, "postern.log", "another postern serves on this socket", 0);
    CHECK_LOG(&pair, "postern.log", pid, 0);
    CHECK_TRUE(socket_stat(&after));
    CHECK_INT(before.st_ino, after.st_ino);
    for (int i = 0; i < 10; i++)
        CHECK_TRUE(serves());
    finish();
}

static void test_stale_socket(void)
{
    struct stat st;
    REQUIRE_TRUE(start(2, NULL));
    pair_stop_app(&pair, SIGKILL);
    CHECK_TRUE(socket_stat(&st));
    CHECK_TRUE(S_ISSOCK(st.st_mode));
    CHECK_TRUE(pair_start_app(&pair));
    CHECK_TRUE(pair_wait_ready(&pair));
    CHECK_TRUE(serves());
    finish();
}

static void test_file_in_the_way(void)
{
    struct stat st;
    REQUIRE_TRUE(start(2, NULL));
    pair_stop_app(&pair, SIGTERM);
    CHECK_TRUE(pair_write(&pair, "postern.sock", "precious"));
    CHECK_TRUE(pair_start_app(&pair));
    CHECK_INT(process_exit(process_reap(pair.app, WAIT_MS)), 1);
    pair.app = 0;
    char *text = pair_read(&pair, "postern.sock");
    CHECK_TEXT(text, "precious");
    free(text);
    CHECK_TRUE(socket_stat(&st));
    CHECK_TRUE(S_ISREG(st.st_mode));
    CHECK_LOG(&pair, "postern.log", "is in the way", 0);
    finish();
}

static void test_socket_mode(void)
{
    struct stat st;
    REQUIRE_TRUE(start(2, NULL));
    CHECK_TRUE(socket_stat(&st));
    CHECK_INT(st.st_mode & 07777, 0660);
    finish();
}

static void test_workers(void)
{
    pid_t old[8], now[8];
    REQUIRE_TRUE(start(5, NULL));
    CHECK_TRUE(process_wait_workers(&pair, 5, NULL, 0, WAIT_MS));
    size_t count = pair_workers(&pair, old, 8);
    CHECK_INT(count, 5);
    kill(old[2], SIGKILL);
    CHECK_TRUE(process_wait_workers(&pair, 5, &old[2], 1, WAIT_MS));
    count = pair_workers(&pair, now, 8);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < 5; j++)
            kept += now[i] == old[j];
    CHECK_INT(kept, 4);
    for (size_t i = 0; i < 5; i++)
        kill(old[i], SIGKILL);
    CHECK_TRUE(process_wait_workers(&pair, 5, old, 5, WAIT_MS));
    CHECK_TRUE(serves());
    CHECK_LOG(&pair, "postern.log", "\"worker ended\"", 0);
    finish();
}

static void test_crash_loop(void)
{
    pid_t last = 0, worker;
    int starts = 0;
    REQUIRE_TRUE(start(1, NULL));
    int64_t began = load_now_ms();
    for (; load_now_ms() < began + LOOP_MS ||
           (starts < LOOP_STARTS_MIN && load_now_ms() < began + WAIT_MS);
         load_sleep_ms(2)) {
        if (pair_workers(&pair, &worker, 1) != 1 || worker == last)
            continue;
        last = worker;
        starts++;
        kill(worker, SIGKILL);
    }
    CHECK_COMPARE(starts, >=, LOOP_STARTS_MIN);
    CHECK_COMPARE(starts, <=, LOOP_STARTS_MAX);
    CHECK_TRUE(process_wait_workers(&pair, 1, &last, 1, WAIT_MS));
    CHECK_TRUE(pair_wait_ready(&pair));
    CHECK_TRUE(serves());
    finish();
}

/* Every worker waits for who does not take its answer; the master kills them and service goes on.
 */
static void test_pinned_workers(void)
{
    static const char *const env[] = {"POSTERN_REQUEST_SECONDS=3", "POSTERN_STORE_TIMEOUT_MS=1400",
                                      "POSTERN_QUIET_MS=50", NULL};
    static const char *const variables[] = {"REQUEST_METHOD=GET", "PATH_INFO=/products", NULL};
    pid_t old[2];
    int fds[2];
    REQUIRE_TRUE(start_with(
        &(struct pair_options){.workers = 2, .env = env, .catalogue = catalogue_large()}));
    CHECK_INT(pair_workers(&pair, old, 2), 2);
    for (int i = 0; i < 2; i++)
        fds[i] = fastcgi_begin(&pair, variables, NULL);
    CHECK_TRUE(process_wait_workers(&pair, 2, old, 2, WAIT_MS));
    CHECK_LOG(&pair, "postern.log", "worker is stuck with one request", WAIT_MS);
    CHECK_TRUE(serves());
    for (int i = 0; i < 2; i++)
        close(fds[i]);
    finish();
}

static void pause_as_throttled(void)
{
    usleep(2500 * 1000);
}

/* A web server at the end of its share of the CPU stands still wherever it is, also between its
 * connecting and its first byte. */
static void test_late_first_byte(void)
{
    static const char *const variables[] = {"REQUEST_METHOD=GET", "PATH_INFO=/products/1",
                                            "REQUEST_URI=/products/1", NULL};
    struct fastcgi_answer got;
    REQUIRE_TRUE(start(2, NULL));
    fastcgi_call_parts(&pair, variables, NULL, 0, pause_as_throttled, &got);
    CHECK_INT(got.status, 200);
    fastcgi_free(&got);
    finish();
}

/* In the child: fd becomes standard input, as a service manager hands over a socket. */
static void exec_with_socket(int fd, const char *database)
{
    const char *binary = getenv("POSTERN");
    binary = binary && *binary ? binary : "build/release/postern";
    if (dup2(fd, STDIN_FILENO) < 0 || setenv("DATABASE_URL", database, 1) != 0 ||
        setenv("POSTERN_SOCKET", "/nonexistent/postern.sock", 1) != 0 ||
        setenv("POSTERN_WORKERS", "2", 1) != 0 || unsetenv("POSTERN") != 0 ||
        !freopen("/dev/null", "w", stderr))
        _exit(126);
    closefrom(3);
    execl(binary, binary, "serve", (char *)NULL);
    _exit(127);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        listen(fd, 64) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void test_inherited_socket(void)
{
    char database[PAIR_PATH_SIZE + 32];
    struct stat st;
    REQUIRE_TRUE(start(2, NULL));
    pair_stop_app(&pair, SIGTERM);
    snprintf(database, sizeof database, "sqlite:%s/postern.db", pair.dir);
    int fd = listen_at(pair.socket);
    REQUIRE_COMPARE(fd, >=, 0);
    pair.app = fork();
    if (pair.app == 0)
        exec_with_socket(fd, database);
    close(fd);
    CHECK_TRUE(pair_wait_ready(&pair));
    CHECK_TRUE(serves());
    int status = pair_stop_app(&pair, SIGTERM);
    CHECK_INT(process_exit(status), 0);
    CHECK_TRUE(socket_stat(&st));
    CHECK_TRUE(S_ISSOCK(st.st_mode));
    finish();
}

static void test_healthcheck(void)
{
    static const struct {
        int line;
        const char *argv[4];
        int up, down;
    } rows[] = {
        {__LINE__, {"healthcheck", NULL}, 0, 1},
        {__LINE__, {"healthcheck", "--ready", NULL}, 0, 1},
        {__LINE__, {"healthcheck", "--other", NULL}, 2, 2},
        {__LINE__, {"healthcheck", "--ready", "x", NULL}, 2, 2},
    };
    REQUIRE_TRUE(start(2, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(pair_command(&pair, rows[i].argv, NULL, 0), rows[i].up);
    }
    pair_stop_app(&pair, SIGTERM);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        CHECK_INT(pair_command(&pair, rows[i].argv, NULL, 0), rows[i].down);
    }
    /* A socket that listens and never answers is no health. */
    int fd = listen_at(pair.socket);
    CHECK_INT(pair_command(&pair, rows[0].argv, NULL, 0), 1);
    close(fd);
    finish();
}

static void test_orphans_leave(void)
{
    pid_t workers[4];
    REQUIRE_TRUE(start(4, NULL));
    CHECK_TRUE(process_wait_workers(&pair, 4, NULL, 0, WAIT_MS));
    CHECK_INT(pair_workers(&pair, workers, 4), 4);
    pair_stop_app(&pair, SIGKILL);
    for (size_t i = 0; i < 4; i++)
        CHECK_TRUE(process_wait_end(workers[i], WAIT_MS), "worker %d stays", (int)workers[i]);
    finish();
}

static atomic_int growth_wrong;

static void send_growth(void *context, size_t thread)
{
    static const char *const paths[] = {"/products", "/products/2", "/products?limit=1&pretty",
                                        "/orders",   "/nothing",    "/products/x"};
    struct client *own = client_open(pair.port);
    struct client_answer got;
    (void)context;
    for (size_t i = 0; own && i < GROWTH_REQUESTS / GROWTH_THREADS; i++) {
        bool post = (i + thread) % 8 == 0;
        if (post)
            client_post(own, "/orders", "{\"items\":[{\"product_id\":1,\"quantity\":11}]}", &got);
        else
            client_get(own, paths[i % (sizeof paths / sizeof paths[0])], &got);
        if (got.status != 200 && got.status != 404 && got.status != 409)
            atomic_fetch_add(&growth_wrong, 1);
    }
    client_close(own);
}

/* The first round fills caches and pools; from there on memory must stay. A sanitizer holds freed
 * memory back, so it is told to hold little. */
static void test_memory(void)
{
    static const char *const env[] = {"POSTERN_LOG_LEVEL=warn", "ASAN_OPTIONS=quarantine_size_mb=1",
                                      NULL};
    REQUIRE_TRUE(start(2, env));
    CHECK_TRUE(load_run(GROWTH_THREADS, send_growth, NULL));
    int64_t before = process_workers_memory_kb(&pair);
    CHECK_TRUE(load_run(GROWTH_THREADS, send_growth, NULL));
    int64_t after = process_workers_memory_kb(&pair);
    CHECK_INT(growth_wrong, 0);
    CHECK_COMPARE(before, >, 0, "memory went from %" PRId64 " to %" PRId64 " KiB", before, after);
    CHECK_COMPARE(after, >, 0, "memory went from %" PRId64 " to %" PRId64 " KiB", before, after);
    CHECK_COMPARE(after - before, <=, GROWTH_MAX_KB,
                  "memory went from %" PRId64 " to %" PRId64 " KiB", before, after);
    finish();
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"a second server", test_second_server},
        {"a stale socket", test_stale_socket},
        {"a file in the way", test_file_in_the_way},
        {"the socket's mode", test_socket_mode},
        {"workers are replaced", test_workers},
        {"a crash loop", test_crash_loop},
        {"pinned workers", test_pinned_workers},
        {"late first byte", test_late_first_byte},
        {"an inherited socket", test_inherited_socket},
        {"healthcheck", test_healthcheck},
        {"orphans leave", test_orphans_leave},
        {"memory", test_memory},
        CU_TEST_INFO_NULL,
    };
    return e2e_suite_run("e2e/process", NULL, NULL, tests);
}
