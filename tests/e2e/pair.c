#include "e2e/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "e2e/catalogue.h"
#include "e2e/client.h"
#include "e2e/reports.h"
#include "port.h"

enum {
    PAIR_ENV_MAX = 512,
    PAIR_ARGS_MAX = 16,
    PAIR_WORKERS_MAX = 256,
    PAIR_READY_MS = 30000,
    PAIR_TICK_MS = 10
};

static const char pair_demo[] = CATALOGUE_HEADER "1,Product 1,Description for product 1,9.99,10\n"
                                                 "2,Product 2,Description for product 2,19.99,5\n"
                                                 "3,Product 3,Description for product 3,29.99,2\n";

static void pair_sleep(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAIR_TICK_MS * 1000000L}, NULL);
}

static const char *pair_binary(void)
{
    const char *path = getenv("POSTERN");
    return path && *path ? path : "build/release/postern";
}

bool pair_program(const char *name, char path[PATH_MAX])
{
    char beside[PATH_MAX];
    const char *binary = pair_binary(), *slash = strrchr(binary, '/');
    int n = snprintf(beside, sizeof beside, "%.*s/webserver-conf/programs/%s",
                     slash ? (int)(slash - binary) : 1, slash ? binary : ".", name);
    if (n > 0 && (size_t)n < sizeof beside && realpath(beside, path))
        return true;
    fprintf(stderr, "pair: no %s; `make web-programs` builds it\n", beside);
    return false;
}

static size_t pair_name_len(const char *setting)
{
    return strcspn(setting, "=");
}

bool pair_set(struct pair *pair, const char *setting)
{
    size_t i = 0, n = pair_name_len(setting) + 1;
    while (i < pair->settings_count && strncmp(pair->settings[i], setting, n) != 0)
        i++;
    if (i == PAIR_SETTINGS_MAX || strlen(setting) >= PAIR_SETTING_SIZE)
        return false;
    snprintf(pair->settings[i], PAIR_SETTING_SIZE, "%s", setting);
    if (i == pair->settings_count)
        pair->settings_count++;
    return true;
}

static bool pair_set_named(struct pair *pair, const char *name, const char *value)
{
    char setting[PAIR_SETTING_SIZE];
    int n = snprintf(setting, sizeof setting, "%s=%s", name, value);
    return n > 0 && (size_t)n < sizeof setting && pair_set(pair, setting);
}

static bool pair_find_modules(struct pair *pair)
{
    char path[PATH_MAX];
    const char *dir = getenv("WEBSERVER_MODULES");
    const char *found = realpath(dir && *dir ? dir : "build/release/webserver-conf/modules", path);
    int n = snprintf(pair->modules, sizeof pair->modules, "%s", found ? found : "");
    if (n > 0 && (size_t)n < sizeof pair->modules)
        return true;
    fprintf(stderr, "pair: no folder of lighttpd's modules; `make e2e` makes it\n");
    return false;
}

static bool pair_configure(struct pair *pair, const struct pair_options *options)
{
    char conf[4096], text[PAIR_SETTING_SIZE];
    const char *dir = getenv("WEBSERVER_CONF");
    if (!realpath(dir && *dir ? dir : "webserver-conf", conf)) {
        fprintf(stderr, "pair: no folder webserver-conf; run from the repository's root\n");
        return false;
    }
    bool ok = pair_set_named(pair, "WEBSERVER_CONF", conf) &&
              pair_set_named(pair, "VAR", pair->dir) && pair_set_named(pair, "TZ", "UTC") &&
              pair_set_named(pair, "POSTERN_SOCKET", pair->socket);
    snprintf(text, sizeof text, "%d", pair->port);
    ok = ok && pair_set_named(pair, "PORT", text);
    snprintf(text, sizeof text, "%s/access.log", pair->dir);
    ok = ok && pair_set_named(pair, "ACCESS_LOG", text);
    snprintf(text, sizeof text, "%s/uploads", pair->dir);
    ok = ok && pair_set_named(pair, "UPLOADS", text) && mkdir(text, 0700) == 0;
    snprintf(text, sizeof text, "sqlite:%s/postern.db", pair->dir);
    ok = ok && pair_set_named(pair, "DATABASE_URL", options->database ? options->database : text);
    snprintf(text, sizeof text, "%d", options->workers ? options->workers : 2);
    ok = ok && pair_set_named(pair, "POSTERN_WORKERS", text) &&
         pair_set(pair, "POSTERN_QUIET_MS=50");
    for (const char *const *e = options->env; ok && e && *e; e++)
        ok = pair_set(pair, *e);
    char lines[8192];
    int n = snprintf(lines, sizeof lines, "include \"%s/lighttpd-local.conf\"\n%s", conf,
                     options->lighttpd ? options->lighttpd : "");
    return ok && n > 0 && (size_t)n < sizeof lines && pair_write(pair, "lighttpd.conf", lines);
}

/* The pair's settings, and of this process's environment what cannot disturb them. */
static void pair_environment(const struct pair *pair, const char *env[PAIR_ENV_MAX + 1])
{
    size_t n = 0;
    for (; n < pair->settings_count; n++)
        env[n] = pair->settings[n];
    for (char **e = environ; *e && n < PAIR_ENV_MAX; e++) {
        bool set = strncmp(*e, "POSTERN_", strlen("POSTERN_")) == 0;
        for (size_t i = 0; i < pair->settings_count && !set; i++)
            set = strncmp(*e, pair->settings[i], pair_name_len(pair->settings[i]) + 1) == 0;
        if (!set)
            env[n++] = *e;
    }
    env[n] = NULL;
}

/* exec takes texts it does not change as texts it may. */
static char *const *pair_vector(const char *const *texts)
{
    union {
        const char *const *fixed;
        char *const *free;
    } v = {.fixed = texts};
    return v.free;
}

/* In the child, so nothing here may allocate. */
static void pair_exec(const char *const *argv, const char *const *env, int out, const char *log,
                      pid_t parent)
{
    int null = open("/dev/null", O_RDWR);
    int err = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    sigset_t none;
    sigemptyset(&none);
    if (null < 0 || err < 0 || dup2(null, 0) < 0 || dup2(out >= 0 ? out : null, 1) < 0 ||
        dup2(err, 2) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) != 0 ||
        prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
        _exit(126);
    closefrom(3);
    execvpe(argv[0], pair_vector(argv), pair_vector(env));
    _exit(127);
}

static pid_t pair_spawn(const struct pair *pair, const char *const *argv, int out, const char *log)
{
    const char *env[PAIR_ENV_MAX + 1];
    char path[PAIR_PATH_SIZE + 32];
    pair_environment(pair, env);
    snprintf(path, sizeof path, "%s/%s", pair->dir, log);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        pair_exec(argv, env, out, path, parent);
    if (pid < 0)
        perror("pair: fork");
    return pid < 0 ? 0 : pid;
}

bool pair_start_app(struct pair *pair)
{
    const char *argv[] = {pair_binary(), "serve", NULL};
    pair->refused = pair->refused || pair->web > 0;
    pair->app = pair_spawn(pair, argv, -1, "postern.log");
    return pair->app > 0;
}

bool pair_start_web(struct pair *pair)
{
    char conf[PAIR_PATH_SIZE + 32];
    pair->refused = false;
    snprintf(conf, sizeof conf, "%s/lighttpd.conf", pair->dir);
    const char *program = getenv("LIGHTTPD");
    const char *argv[] = {
        program && *program ? program : "/usr/sbin/lighttpd", "-D", "-f", conf, NULL, NULL, NULL};
    if (pair->modules[0]) {
        argv[4] = "-m";
        argv[5] = pair->modules;
    }
    pair->web = pair_spawn(pair, argv, -1, "lighttpd.log");
    return pair->web > 0;
}

static bool pair_alive(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

static int pair_stop_one(pid_t *pid, int signal)
{
    int status = -1;
    if (*pid <= 0)
        return -1;
    kill(*pid, signal);
    for (int ms = 0; ms < PAIR_STOP_MS; ms += PAIR_TICK_MS) {
        if (waitpid(*pid, &status, WNOHANG) == *pid) {
            *pid = 0;
            return status;
        }
        pair_sleep();
    }
    fprintf(stderr, "pair: process %d did not stop on signal %d\n", (int)*pid, signal);
    kill(*pid, SIGKILL);
    waitpid(*pid, &status, 0);
    *pid = 0;
    return -1;
}

int pair_stop_app(struct pair *pair, int signal)
{
    return pair_stop_one(&pair->app, signal);
}

int pair_stop_web(struct pair *pair, int signal)
{
    return pair_stop_one(&pair->web, signal);
}

static int pair_by_pid(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;
    return (x > y) - (x < y);
}

static bool pair_is_called(pid_t pid, const char *task)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    FILE *f = fopen(path, "re");
    bool same = f && fgets(name, sizeof name, f);
    if (f)
        fclose(f);
    name[strcspn(name, "\n")] = '\0';
    return same && strcmp(name, task) == 0;
}

size_t pair_children(const struct pair *pair, const char *task, pid_t *pids, size_t max)
{
    char path[64];
    size_t n = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pair->app, (int)pair->app);
    FILE *f = fopen(path, "re");
    int pid;
    /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote it. */
    while (f && n < max && fscanf(f, "%d", &pid) == 1) {
        if (!task || pair_is_called(pid, task))
            pids[n++] = pid;
    }
    if (f)
        fclose(f);
    qsort(pids, n, sizeof *pids, pair_by_pid);
    return n;
}

size_t pair_workers(const struct pair *pair, pid_t *pids, size_t max)
{
    return pair_children(pair, "postern-worker", pids, max);
}

/* What a setting is set to; "" if that is left to the application. */
static const char *pair_setting(const struct pair *pair, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < pair->settings_count; i++) {
        if (strncmp(pair->settings[i], name, n) == 0 && pair->settings[i][n] == '=')
            return pair->settings[i] + n + 1;
    }
    return "";
}

static bool pair_has(const struct pair *pair, const char *task, size_t wanted)
{
    pid_t pids[PAIR_WORKERS_MAX];
    return pair_children(pair, task, pids, PAIR_WORKERS_MAX) >= wanted;
}

/* Whether lighttpd asks the workers. The application answers 404, unless the caller is refused; 503
 * is lighttpd's own. Workers are asked only where lighttpd may have been refused by their socket,
 * since what asks them is logged and counted. */
static bool pair_asks_workers(const struct pair *pair, struct client *client,
                              struct client_answer *answer)
{
    return !pair->refused || (client_get(client, "/", answer) && answer->status != 503);
}

/* Not before it has its prober, which it begins once both sockets listen: lighttpd that is refused
 * does not try again for a second or two, and the prober of one that was killed may still answer.
 */
bool pair_wait_ready(const struct pair *pair)
{
    struct client *client = client_open(pair->port);
    struct client_answer answer = {.status = 0};
    bool ready = false;
    for (int ms = 0; client && !ready && ms < PAIR_READY_MS; ms += PAIR_TICK_MS) {
        if (!pair_alive(pair->app) || !pair_alive(pair->web))
            break;
        ready = pair_has(pair, "postern-prober", 1) && client_get(client, "/readyz", &answer) &&
                answer.status == 200 && pair_asks_workers(pair, client, &answer);
        if (!ready)
            pair_sleep();
    }
    client_close(client);
    return ready;
}

/* The prober says that the pair is ready, and needs none of the others for that. */
static bool pair_wait_children(const struct pair *pair)
{
    size_t workers = strtoul(pair_setting(pair, "POSTERN_WORKERS"), NULL, 10);
    bool traces = *pair_setting(pair, "POSTERN_TRACE_FILE") != '\0';
    bool publishes = strcmp(pair_setting(pair, "POSTERN_PUBLISH"), "off") != 0;
    for (int ms = 0; ms < PAIR_READY_MS; ms += PAIR_TICK_MS) {
        if (pair_has(pair, "postern-worker", workers) && pair_has(pair, "postern-writer", 1) &&
            pair_has(pair, "postern-prober", 1) && pair_has(pair, "postern-watcher", 1) &&
            pair_has(pair, "postern-metrics", 1) && pair_has(pair, "postern-tracer", traces) &&
            pair_has(pair, "postern-publish", publishes))
            return true;
        pair_sleep();
    }
    return false;
}

static size_t pair_drain(int fd, char *out, size_t size)
{
    char scrap[4096] = "";
    size_t len = 0;
    for (;;) {
        size_t room = out && len + 1 < size ? size - len - 1 : 0;
        ssize_t n = read(fd, room ? out + len : scrap, room ? room : sizeof scrap);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return len;
        len += room ? (size_t)n : 0;
    }
}

int pair_command(const struct pair *pair, const char *const *argv, char *out, size_t size)
{
    return pair_command_within(pair, argv, out, size, -1);
}

int pair_command_within(const struct pair *pair, const char *const *argv, char *out, size_t size,
                        int ms)
{
    const char *full[PAIR_ARGS_MAX + 1] = {pair_binary()};
    int ends[2], status = -1;
    for (size_t i = 0; argv[i] && i + 1 < PAIR_ARGS_MAX; i++)
        full[i + 1] = argv[i];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = pair_spawn(pair, full, ends[1], "command.log");
    close(ends[1]);
    if (pid > 0 && poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, ms) == 0)
        kill(pid, SIGKILL);
    size_t len = pair_drain(ends[0], out, size);
    close(ends[0]);
    if (out && size > 0)
        out[len] = '\0';
    if (pid <= 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

char *pair_read(const struct pair *pair, const char *name)
{
    char path[PAIR_PATH_SIZE + 64], *text = NULL;
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", pair->dir, name);
    /* A named pipe in a log's place may have no writer to wait for. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && (text = malloc((size_t)st.st_size + 1)) != NULL)
        text[pair_drain(fd, text, (size_t)st.st_size + 1)] = '\0';
    if (fd >= 0)
        close(fd);
    return text;
}

bool pair_write(const struct pair *pair, const char *name, const char *text)
{
    char path[PAIR_PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", pair->dir, name);
    FILE *f = fopen(path, "we");
    bool ok = f && fputs(text, f) >= 0;
    return f && fclose(f) == 0 && ok;
}

static bool pair_import(const struct pair *pair, const char *catalogue)
{
    char path[PAIR_PATH_SIZE + 32];
    const char *migrate[] = {"migrate", NULL};
    const char *import[] = {"import", path, NULL};
    snprintf(path, sizeof path, "%s/catalogue.csv", pair->dir);
    return pair_command(pair, migrate, NULL, 0) == 0 &&
           (!*catalogue || (pair_write(pair, "catalogue.csv", catalogue) &&
                            pair_command(pair, import, NULL, 0) == 0));
}

static void pair_complain(const struct pair *pair)
{
    static const char *const logs[] = {"command.log", "postern.log", "lighttpd.log"};
    fprintf(stderr, "pair: %s with %s did not start\n", pair_binary(), pair->dir);
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        char *text = pair_read(pair, logs[i]);
        size_t len = text ? strlen(text) : 0;
        if (len)
            fprintf(stderr, "%s ends:\n%s\n", logs[i], text + (len > 2000 ? len - 2000 : 0));
        free(text);
    }
}

bool pair_start(struct pair *pair, const struct pair_options *options)
{
    *pair = (struct pair){.dir = "/tmp/postern-e2e.XXXXXX", .port_fd = -1};
    if (!mkdtemp(pair->dir)) {
        perror("pair: mkdtemp");
        pair->dir[0] = '\0';
        return false;
    }
    snprintf(pair->socket, sizeof pair->socket, "%s/postern.sock", pair->dir);
    pair->port_fd = port_take(&pair->port);
    if (pair->port_fd >= 0 && (!options->module || pair_find_modules(pair)) &&
        pair_configure(pair, options) &&
        pair_import(pair, options->catalogue ? options->catalogue : pair_demo) &&
        pair_start_app(pair) && pair_start_web(pair) && pair_wait_ready(pair) &&
        pair_wait_children(pair))
        return true;
    pair_complain(pair);
    pair_end(pair);
    return false;
}

static int pair_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

void pair_end(struct pair *pair)
{
    pair_stop_web(pair, SIGTERM);
    pair_stop_app(pair, SIGTERM);
    if (!pair->dir[0])
        return;
    reports_show(pair);
    nftw(pair->dir, pair_remove, 16, FTW_DEPTH | FTW_PHYS);
    pair->dir[0] = '\0';
    if (pair->port_fd >= 0)
        close(pair->port_fd);
    pair->port_fd = -1;
}
