/* The server does the same however it was started: without its standard streams, in the background
 * of a script, in a pod beside a Service of its name; and signals that other servers know do it no
 * harm. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "e2e/answer.h"
#include "e2e/e2e_suite.h"
#include "e2e/fixture.h"
#include "e2e/process.h"

enum { REQUESTS = 20, WAIT_MS = 30000, WORKERS = 2 };

static char binary[PATH_MAX];

static int setup(void)
{
    const char *named = getenv("POSTERN");
    if (!realpath(named && *named ? named : "build/release/postern", binary))
        return 1;
    return fixture_start(&(struct pair_options){.workers = WORKERS});
}

/* Restarts the application as the shell's command says, in which "$0" is the program. */
static bool restart_by(const char *command)
{
    char text[PATH_MAX + 256], path[PAIR_PATH_SIZE + 16];
    const char *named = getenv("POSTERN");
    char *before = named ? strdup(named) : NULL;
    snprintf(text, sizeof text, "#!/bin/sh\nset -- '%s' \"$@\"\n%s\n", binary, command);
    snprintf(path, sizeof path, "%s/starter", pair.dir);
    pair_stop_app(&pair, SIGTERM);
    bool ok = pair_write(&pair, "starter", text) && chmod(path, 0700) == 0 &&
              pair_write(&pair, "postern.log", "") && setenv("POSTERN", path, 1) == 0 &&
              pair_start_app(&pair) && pair_wait_ready(&pair) &&
              process_wait_workers(&pair, WORKERS, NULL, 0, WAIT_MS);
    if (before)
        setenv("POSTERN", before, 1);
    else
        unsetenv("POSTERN");
    free(before);
    return ok;
}

static void check_serves(void)
{
    for (int i = 0; i < REQUESTS; i++) {
        CHECK_TRUE(client_get(client, "/products/1", &answer));
        CHECK_INT(answer.status, 200);
        CHECK_START(answer.body, "{\"description\":");
    }
}

static void check_stream(pid_t pid, int fd)
{
    char path[64], target[PATH_MAX] = "";
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
    ssize_t n = readlink(path, target, sizeof target - 1);
    CHECK_COMPARE(n, >, 0, "descriptor %d is closed", fd);
    CHECK_TEXT(target, "/dev/null", "descriptor %d", fd);
}

static void test_closed_streams(void)
{
    static const char *const commands[] = {"exec \"$@\" <&- >&- 2>&-", "exec \"$@\" >&-",
                                           "exec \"$@\" 2>&-", "exec \"$@\" <&- 2>&-"};
    pid_t workers[2];
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        CHECK_OF("%s", commands[i]);
        REQUIRE_TRUE(restart_by(commands[i]));
        check_serves();
        if (i > 0)
            continue;
        REQUIRE_INT(pair_workers(&pair, workers, 2), 2);
        for (int fd = 0; fd <= 2; fd++) {
            check_stream(pair.app, fd);
            check_stream(workers[0], fd);
        }
    }
}

/* A command whose output nobody gets says that by its status. */
static void test_command_without_output(void)
{
    static const struct {
        int line;
        const char *command;
        int status;
    } rows[] = {
        {__LINE__, "exec \"$0\" export >&-", 1},
        {__LINE__, "exec \"$0\" export >&- 2>&-", 1},
        {__LINE__, "exec \"$0\" import - <&-", 1},
        {__LINE__, "exec \"$0\" export 2>&- >/dev/null", 0},
        {__LINE__, "exec \"$0\" healthcheck <&- >&- 2>&-", 0},
        {__LINE__, "exec \"$0\" nonsense <&- >&- 2>&-", 2},
    };
    char text[2 * PATH_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        snprintf(text, sizeof text,
                 "cd %s && unset POSTERN && POSTERN_SOCKET=%s DATABASE_URL=sqlite:%s/postern.db "
                 "sh -c '%s' %s 2>command.log",
                 pair.dir, pair.socket, pair.dir, rows[i].command, binary);
        CHECK_INT(process_run((const char *const[]){"sh", "-c", text, NULL}, WAIT_MS),
                  rows[i].status);
    }
}

/* As a script's shell starts what it puts in the background. */
static void test_ignored_interrupt(void)
{
    static const int signals[] = {SIGINT, SIGQUIT, SIGTERM};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        CHECK_OF("signal %d", signals[i]);
        REQUIRE_TRUE(restart_by("trap '' INT QUIT TERM; exec \"$@\""));
        CHECK_INT(process_exit(pair_stop_app(&pair, signals[i])), 0);
        CHECK_LOG(&pair, "postern.log", "\"stopped\"", 0);
    }
}

static void test_signals_of_other_servers(void)
{
    static const int signals[] = {SIGUSR1, SIGUSR2, SIGWINCH, SIGPIPE};
    pid_t workers[2];
    REQUIRE_TRUE(restart_by("exec \"$@\""));
    REQUIRE_INT(pair_workers(&pair, workers, 2), 2);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        CHECK_OF("signal %d", signals[i]);
        CHECK_INT(kill(pair.app, signals[i]), 0);
        for (int k = 0; k < 2; k++)
            CHECK_INT(kill(workers[k], signals[i]), 0);
        check_serves();
        CHECK_TRUE(process_runs(pair.app));
        CHECK_TRUE(process_runs(workers[0]) && process_runs(workers[1]));
    }
    CHECK_INT(process_exit(pair_stop_app(&pair, SIGTERM)), 0);
    CHECK_INT(access(pair.socket, F_OK), -1, "the socket is left");
}

static void test_beside_a_service(void)
{
    static const char *const links[] = {
        "POSTERN_SERVICE_HOST=10.0.0.11", "POSTERN_SERVICE_PORT=8080",
        "POSTERN_PORT=tcp://10.0.0.11:8080", "POSTERN_PORT_8080_TCP=tcp://10.0.0.11:8080",
        "POSTERN_PORT_8080_TCP_ADDR=10.0.0.11"};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        REQUIRE_TRUE(pair_set(&pair, links[i]));
    REQUIRE_TRUE(restart_by("exec \"$@\""));
    check_serves();
    CHECK_LOG(&pair, "postern.log", "enableServiceLinks: false in the pod", WAIT_MS);
    CHECK_LOG(&pair, "postern.log", "\"variables\":5", 0);
    char *log = pair_read(&pair, "postern.log");
    REQUIRE_NOT_NULL(log);
    const char *first = strstr(log, "enableServiceLinks");
    CHECK_NULL(first ? strstr(first + 1, "enableServiceLinks") : NULL);
    free(log);
}

/* A named pipe that nobody writes to would hold whoever opens it. */
static void test_pipe_in_a_files_place(void)
{
    static const char *const settings[] = {"DATABASE_PASSWORD_FILE", "POSTERN_CONSUMERS_FILE"};
    static const char *const commands[] = {"migrate", "serve"};
    char text[PAIR_PATH_SIZE + 64], path[PAIR_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/pipe", pair.dir);
    REQUIRE_INT(mkfifo(path, 0600), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_OF("%s", settings[i]);
        struct pair with = pair;
        const char *const argv[] = {commands[i], NULL};
        snprintf(text, sizeof text, "%s=%s", settings[i], path);
        CHECK_TRUE(pair_set(&with, text));
        snprintf(text, sizeof text, "POSTERN_SOCKET=%s/other.sock", pair.dir);
        CHECK_TRUE(pair_set(&with, text));
        if (i == 0)
            CHECK_TRUE(pair_set(&with, "DATABASE_URL=postgresql://u@127.0.0.1:1/d"));
        CHECK_TRUE(pair_write(&pair, "command.log", ""));
        CHECK_INT(pair_command(&with, argv, NULL, 0), 1);
        CHECK_LOG(&pair, "command.log", "no regular file", 0);
    }
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"it serves without standard streams", test_closed_streams},
        {"a command says that nobody gets its output", test_command_without_output},
        {"INT, QUIT and TERM stop it though its starter ignored them", test_ignored_interrupt},
        {"what other servers do at a signal does it no harm", test_signals_of_other_servers},
        {"variables of a Kubernetes Service are passed over", test_beside_a_service},
        {"a named pipe in a file's place holds nobody", test_pipe_in_a_files_place},
        CU_TEST_INFO_NULL};
    return e2e_suite_run("e2e/started", setup, fixture_end, tests);
}
