/* The programs that stand beside lighttpd in its container: web-health against servers of every
 * kind, web-log under the lighttpd of this machine and before a reader that pauses. */
#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/load.h"
#include "e2e/process.h"
#include "port.h"

/* A check gives up after two seconds, of a server that is silent for ever; the machine may be slow.
 */
enum { HEALTH_MS = 2000, SLOW_MS = 15000, WAIT_MS = 15000, REQUEST_SIZE = 512 };
enum { LINE_SIZE = 250, PIPE_GROWN = 1024 * 1024, BURST = 900 * 1024 };

#define REQUEST "GET /healthz HTTP/1."
#define NUMBER  "{\"number\":\""
#define LARGE                                                                                      \
    "POST /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 65537\r\n\r\n"

static char health[PATH_MAX], logger[PATH_MAX];

static int setup(void)
{
    static char lighttpd[2 * PATH_MAX + 64];
    const struct pair_options options = {.lighttpd = lighttpd};
    if (!pair_program("web-health", health) || !pair_program("web-log", logger) ||
        signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 1;
    snprintf(lighttpd, sizeof lighttpd,
             "accesslog.filename := \"|exec %s\"\nserver.errorlog = \"|exec %s\"\n", logger,
             logger);
    return fixture_start(&options);
}

/* web-health's exit, as process_exit has it. */
static int check(const char *port)
{
    char setting[64];
    char *argv[] = {health, NULL}, *envp[] = {setting, NULL};
    snprintf(setting, sizeof setting, "PORT=%s", port);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        execve(health, argv, envp);
        _exit(127);
    }
    int status = process_reap(pid, SLOW_MS);
    return process_exit(status);
}

static int check_port(int port)
{
    char text[16];
    snprintf(text, sizeof text, "%d", port);
    return check(text);
}

static int listen_on(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return -1;
    *port = ntohs(address.sin_port);
    return fd;
}

/* In a child: answers one request, a piece each pause, then waits to be left or closes at once. Its
 * exit status is 0 if the request was the right one. */
static void serve_one(int listener, const char *text, int pause_ms, bool close_after)
{
    char request[REQUEST_SIZE] = "", rest[REQUEST_SIZE];
    size_t used = 0;
    ssize_t n = 1;
    int fd = accept(listener, NULL, NULL);
    while (n > 0 && used < sizeof request - 1 && !strstr(request, "\r\n\r\n")) {
        n = recv(fd, request + used, sizeof request - 1 - used, 0);
        used += n > 0 ? (size_t)n : 0;
        request[used] = '\0';
    }
    for (size_t len = strlen(text), piece = pause_ms ? 1 : len; len > 0;
         len -= piece, text += piece) {
        if (send(fd, text, piece, MSG_NOSIGNAL) < 0)
            break;
        load_sleep_ms(pause_ms);
    }
    while (!close_after && recv(fd, rest, sizeof rest, 0) > 0)
        continue;
    _exit(strncmp(request, REQUEST, strlen(REQUEST)) == 0 && strstr(request, "\r\n\r\n") ? 0 : 1);
}

static void test_health_of_servers(void)
{
    static const struct {
        int line;
        int status;
        const char *text;
        int pause_ms;
        bool closes;
    } rows[] = {
        {__LINE__, 0, "HTTP/1.0 200 OK\r\n\r\n", 0, false},
        {__LINE__, 0, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, true},
        {__LINE__, 0, "HTTP/1.1 200 \r\n\r\n", 2, false},
        {__LINE__, 1, "HTTP/1.1 503 Service Unavailable\r\n\r\n", 0, true},
        {__LINE__, 1, "HTTP/1.1 404 Not Found\r\n\r\n", 0, true},
        {__LINE__, 1, "HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", 0, true},
        {__LINE__, 1, "HTTP/1.1 2000 OK\r\n\r\n", 0, true},
        {__LINE__, 1, "HTTP/2.0 200 OK\r\n\r\n", 0, true},
        {__LINE__, 1, "HTTP/1.1\t200 OK\r\n\r\n", 0, true},
        {__LINE__, 1, "HTTP/1.1 20", 0, true},
        {__LINE__, 1, "garbage, and more of it", 0, true},
        {__LINE__, 1, "\xff\xfe\xfd", 0, true},
        {__LINE__, 1, "", 0, true},
        {__LINE__, 1, "", 0, false},                          /* silent */
        {__LINE__, 1, "HTTP/1.1 200 OK\r\n\r\n", 250, false}, /* too slow as a whole */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        int port = 0, listener = listen_on(&port);
        pid_t server = fork();
        if (server == 0)
            serve_one(listener, rows[i].text, rows[i].pause_ms, rows[i].closes);
        close(listener);
        int64_t start = load_now_ms();
        CHECK_INT(check_port(port), rows[i].status);
        int64_t took = load_now_ms() - start;
        CHECK_COMPARE(took, <, SLOW_MS);
        if (!rows[i].closes && rows[i].status != 0)
            CHECK_COMPARE(took, >=, HEALTH_MS);
        CHECK_INT(process_exit(process_reap(server, WAIT_MS)), 0);
    }
}

static void test_health_without_a_server(void)
{
    static const char *const ports[] = {
        "", "0", "-1", "65536", "8080x", " 8080", "99999999999999999999"};
    int port = 0, port_fd = port_take(&port);
    CHECK_INT(check_port(port), 1);
    close(port_fd);
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        CHECK_INT(check(ports[i]), 1, "PORT=%s was taken", ports[i]);
}

static void test_health_of_the_pair(void)
{
    CHECK_INT(check_port(pair.port), 0);
    CHECK_COMPARE(pair_stop_app(&pair, SIGTERM), >=, 0);
    CHECK_INT(check_port(pair.port), 1);
    CHECK_TRUE(pair_start_app(&pair));
    CHECK_TRUE(pair_wait_ready(&pair));
    CHECK_INT(check_port(pair.port), 0);
}

/* Has lighttpd refuse a request, which it says in its error log. */
static bool make_error(void)
{
    char start[sizeof "HTTP/1.1 413"];
    int fd = client_raw_open(pair.port);
    bool sent = client_raw_send(fd, LARGE, sizeof LARGE - 1);
    client_raw_read(fd, start, sizeof start, WAIT_MS, NULL);
    close(fd);
    return sent && strcmp(start, "HTTP/1.1 413") == 0;
}

static size_t count_lines(const char *text, const char *with)
{
    size_t lines = 0;
    for (const char *at = strstr(text, with); at; at = strstr(at + 1, with))
        lines++;
    return lines;
}

/* The pair's lighttpd starts web-log, and its standard error is DIR/lighttpd.log. */
static void test_log_of_lighttpd(void)
{
    enum { REQUESTS = 500 };
    static const char *const headers[] = {"User-Agent: counted", NULL};
    static const struct client_request request = {
        .method = "GET", .path = "/products/2", .headers = headers};
    size_t lines = 0;
    for (int i = 0; i < REQUESTS; i++)
        client_call(client, &request, &answer);
    CHECK_INT(answer.status, 200);
    for (int64_t until = load_now_ms() + WAIT_MS; lines < REQUESTS && load_now_ms() < until;) {
        char *log = pair_read(&pair, "lighttpd.log");
        lines = log ? count_lines(log, "\"user_agent\":\"counted\"") : 0;
        free(log);
        load_sleep_ms(20);
    }
    CHECK_INT(lines, REQUESTS);
}

/* What lighttpd says by itself, too, in the application's form. */
static void test_errors_of_lighttpd(void)
{
    char *rest = NULL;
    REQUIRE_TRUE(make_error());
    CHECK_LOG(&pair, "lighttpd.log", "\"level\":\"warn\",\"message\":\"(", WAIT_MS);
    CHECK_LOG(&pair, "lighttpd.log", "\"level\":\"info\",\"message\":\"(server.c.", WAIT_MS);
    char *log = pair_read(&pair, "lighttpd.log");
    REQUIRE_NOT_NULL(log);
    char *end = strrchr(log, '\n'); /* the last line may not be whole yet */
    *(end ? end : log) = '\0';
    for (char *line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        cJSON *json = cJSON_ParseWithOpts(line, NULL, true);
        CHECK_TRUE(cJSON_IsString(cJSON_GetObjectItem(json, "time")), "no JSON: %s", line);
        cJSON_Delete(json);
    }
    free(log);
}

/* Starts web-log as lighttpd does, with this process for a server; returns when it is ready. */
static pid_t start_log(int in[2], int out[2])
{
    int saved = dup(STDERR_FILENO), null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        abort();
    dup2(out[1], STDERR_FILENO);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execl(logger, logger, (char *)NULL);
        _exit(127);
    }
    for (int64_t until = load_now_ms() + WAIT_MS; load_now_ms() < until;) {
        if (fcntl(in[1], F_GETPIPE_SZ) >= PIPE_GROWN)
            break;
        load_sleep_ms(5);
    }
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(null);
    close(in[0]);
    close(out[1]);
    return pid;
}

static void line_of(char line[LINE_SIZE + 1], int number)
{
    snprintf(line, LINE_SIZE + 1, NUMBER "%0*d\"}\n", LINE_SIZE - (int)sizeof NUMBER - 2, number);
}

/* As many lines as a second of traffic has, written as lighttpd does, before the reader looks. */
static void test_log_before_a_pause(void)
{
    char line[LINE_SIZE + 1], seen[LINE_SIZE + 1];
    int in[2], out[2], lost = 0, wrong = 0;
    pid_t pid = start_log(in, out);
    fcntl(in[1], F_SETFL, O_NONBLOCK);
    for (int i = 0; i < BURST / LINE_SIZE; i++) {
        line_of(line, i);
        lost += write(in[1], line, LINE_SIZE) != LINE_SIZE;
    }
    CHECK_INT(lost, 0);
    close(in[1]);
    FILE *reader = fdopen(out[0], "r");
    REQUIRE_NOT_NULL(reader);
    for (int i = 0; i < BURST / LINE_SIZE; i++) {
        line_of(line, i);
        wrong += !fgets(seen, sizeof seen, reader) || strcmp(seen, line) != 0;
    }
    CHECK_INT(wrong, 0);
    CHECK_INT(fgetc(reader), EOF);
    fclose(reader);
    CHECK_INT(process_exit(process_reap(pid, WAIT_MS)), 0);
}

/* A reader that pauses for longer stops nobody. It is told how many whole lines it has missed. */
static void test_log_during_a_pause(void)
{
    enum { LINES = 4 * PIPE_GROWN / LINE_SIZE };
    static const char note[] = "\"message\":\"log lines were dropped\",\"count\":";
    char line[LINE_SIZE + 1], seen[LINE_SIZE + 1];
    int in[2], out[2], wrong = 0, last = -1;
    unsigned long told = 0, whole = 0;
    pid_t pid = start_log(in, out);
    for (int i = 0; i < LINES; i++) {
        struct pollfd ready = {.fd = in[1], .events = POLLOUT};
        line_of(line, i);
        REQUIRE_INT(poll(&ready, 1, WAIT_MS), 1, "line %d", i);
        REQUIRE_INT(write(in[1], line, LINE_SIZE), LINE_SIZE);
    }
    close(in[1]);
    FILE *reader = fdopen(out[0], "r");
    REQUIRE_NOT_NULL(reader);
    while (fgets(seen, sizeof seen, reader)) {
        const char *count = strstr(seen, note);
        int number = count ? last : (int)strtol(seen + sizeof NUMBER - 1, NULL, 10);
        line_of(line, number);
        wrong += !count && (number <= last || strcmp(seen, line) != 0);
        last = number;
        whole += !count;
        told += count ? strtoul(count + sizeof note - 1, NULL, 10) : 0;
    }
    fclose(reader);
    CHECK_INT(wrong, 0);
    CHECK_COMPARE(told, >, 0);
    CHECK_INT(whole + told, LINES, "%lu lines, %lu dropped", whole, told);
    CHECK_INT(process_exit(process_reap(pid, WAIT_MS)), 0);
}

/* Errors that callers make do not stop lighttpd, although nobody reads what it says of them. */
static void test_errors_without_a_reader(void)
{
    enum { ERRORS = 1200 }; /* twice what a pipe holds */
    char path[PAIR_PATH_SIZE + 32];
    pair_stop_web(&pair, SIGINT);
    snprintf(path, sizeof path, "%s/lighttpd.log", pair.dir);
    REQUIRE_INT(unlink(path), 0);
    REQUIRE_INT(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE_TRUE(reader >= 0 && pair_start_web(&pair) && pair_wait_ready(&pair));
    for (int i = 0; i < ERRORS; i++)
        REQUIRE_TRUE(make_error(), "error %d", i);
    CHECK_TRUE(client_get(client, "/products/1", &answer));
    CHECK_INT(process_exit(pair_stop_web(&pair, SIGINT)), 0);
    close(reader);
    unlink(path);
    REQUIRE_TRUE(pair_start_web(&pair) && pair_wait_ready(&pair));
}

/* Callers choose what stands in lighttpd's lines. The last one has no end. */
static void test_log_of_any_bytes(void)
{
    static const char sent[] = "{\"user_agent\":\"caf\xe9 \xc3\xa9\xc3\",\"request\":\"\xff\"}\n"
                               "2026-01-31 23:59:00: (a.c.1) \"\xff\x01\n"
                               "2026-01-31 23:59:01: half";
    static const char wanted[] =
        "{\"user_agent\":\"caf\xef\xbf\xbd \xc3\xa9\xef\xbf\xbd\",\"request\":\"\xef\xbf\xbd\"}\n"
        "{\"time\":\"2026-01-31T23:59:00Z\",\"level\":\"warn\","
        "\"message\":\"(a.c.1) \\\"\xef\xbf\xbd\\u0001\"}\n"
        "{\"time\":\"2026-01-31T23:59:01Z\",\"level\":\"warn\",\"message\":\"half\"}\n";
    char seen[sizeof wanted + 16];
    int in[2], out[2];
    pid_t pid = start_log(in, out);
    REQUIRE_INT(write(in[1], sent, sizeof sent - 1), sizeof sent - 1);
    close(in[1]);
    CHECK_INT(process_exit(process_reap(pid, WAIT_MS)), 0);
    ssize_t n = read(out[0], seen, sizeof seen);
    CHECK_BYTES(seen, n > 0 ? (size_t)n : 0, wanted, sizeof wanted - 1);
    close(out[0]);
}

/* On a terminal it gets Ctrl-C with its server, which still has lines to write. */
static void test_log_outlives_an_interrupt(void)
{
    char line[LINE_SIZE + 1], seen[LINE_SIZE + 1] = "";
    int in[2], out[2];
    pid_t pid = start_log(in, out);
    kill(pid, SIGINT);
    load_sleep_ms(50);
    line_of(line, 1);
    CHECK_INT(write(in[1], line, LINE_SIZE), LINE_SIZE);
    close(in[1]);
    CHECK_INT(process_exit(process_reap(pid, WAIT_MS)), 0);
    CHECK_INT(read(out[0], seen, LINE_SIZE), LINE_SIZE);
    CHECK_TEXT(seen, line);
    close(out[0]);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"web-health judges a server by the status alone, in time", test_health_of_servers},
        {"web-health says so when nothing listens or PORT is no port",
         test_health_without_a_server},
        {"web-health follows the pair", test_health_of_the_pair},
        {"web-log carries lighttpd's access log to its standard error", test_log_of_lighttpd},
        {"web-log carries lighttpd's errors as JSON", test_errors_of_lighttpd},
        {"web-log holds what comes while its reader pauses", test_log_before_a_pause},
        {"web-log drops and counts while its reader pauses for longer", test_log_during_a_pause},
        {"lighttpd goes on while nobody reads its errors", test_errors_without_a_reader},
        {"web-log's lines are JSON whatever came", test_log_of_any_bytes},
        {"web-log outlives an interrupt", test_log_outlives_an_interrupt},
        CU_TEST_INFO_NULL,
    };
    return e2e_suite_run("e2e/web_programs", setup, fixture_end, tests);
}
