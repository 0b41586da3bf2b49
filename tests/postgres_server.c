#include "postgres_server.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port.h"

enum { START_MS = 30000, STEP_MS = 10, PATH_SIZE = 256, ARGUMENTS_MAX = 24 };

#define USER "postgres"

/* The newest version's folder of programs. */
static bool find_programs(char out[PATH_SIZE])
{
    glob_t found;
    bool ok = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0;
    if (ok) {
        const char *last = found.gl_pathv[found.gl_pathc - 1];
        snprintf(out, PATH_SIZE, "%.*s", (int)(strrchr(last, '/') - last), last);
    } else {
        fputs("no PostgreSQL in /usr/lib/postgresql; install the package postgresql\n", stderr);
    }
    globfree(&found);
    return ok;
}

/* PostgreSQL refuses to run as root. */
static const struct passwd *other_user(void)
{
    const struct passwd *user = getuid() == 0 ? getpwnam(USER) : NULL;
    return user || getuid() != 0 ? user : getpwnam("nobody");
}

/* In the child: runs a program as its user, its output in the log, and goes when the parent does.
 */
static void become(const struct postgres_server *server, pid_t parent, char *const *argv)
{
    char log[PATH_SIZE];
    const struct passwd *user = other_user();
    snprintf(log, sizeof log, "%s/log", server->folder);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666), none = open("/dev/null", O_RDONLY);
    if (fd < 0 || none < 0 || dup2(none, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 ||
        (user && (setgroups(0, NULL) < 0 || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0)))
        _exit(126);
    /* A Ctrl-C is the test's; and the new user's right to this comes after the change of user. */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (getppid() != parent || chdir(server->folder) < 0)
        _exit(126);
    closefrom(3);
    execv(argv[0], argv);
    _exit(127);
}

static pid_t run(const struct postgres_server *server, char *const *argv)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        become(server, parent, argv);
    return pid;
}

static void show_log(const struct postgres_server *server)
{
    char path[PATH_SIZE], line[1024];
    snprintf(path, sizeof path, "%s/log", server->folder);
    FILE *log = fopen(path, "r");
    while (log && fgets(line, sizeof line, log))
        fputs(line, stderr);
    if (log)
        fclose(log);
}

pid_t postgres_server_spawn(const struct postgres_server *server, const char *program,
                            const char *const *arguments)
{
    char programs[PATH_SIZE], path[PATH_SIZE + 64], texts[ARGUMENTS_MAX][PATH_SIZE];
    char *argv[ARGUMENTS_MAX + 2] = {path};
    if (!find_programs(programs))
        return -1;
    snprintf(path, sizeof path, "%s%s%s", *program == '/' ? "" : programs,
             *program == '/' ? "" : "/", program);
    for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i]; i++) {
        argv[i + 1] = texts[i];
        snprintf(texts[i], sizeof texts[i], "%s", arguments[i]);
    }
    return run(server, argv);
}

bool postgres_server_run(const struct postgres_server *server, const char *program,
                         const char *const *arguments)
{
    int status;
    pid_t pid = postgres_server_spawn(server, program, arguments);
    if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    show_log(server);
    return false;
}

static void remove_folder(const char *folder)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/rm", "rm", "-rf", "--", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

/* Waits for the test's end, then for the server's, and removes the folder. */
static void sweep(const struct postgres_server *server, int lifeline)
{
    char byte, path[PATH_SIZE];
    setsid();
    for (int i = 0; i < 1024; i++) {
        if (i != lifeline)
            close(i);
    }
    signal(SIGTERM, SIG_IGN);
    while (read(lifeline, &byte, 1) > 0)
        continue;
    snprintf(path, sizeof path, "%s/data/postmaster.pid", server->folder);
    for (int waited = 0; waited < START_MS && access(path, F_OK) == 0; waited += STEP_MS)
        usleep(STEP_MS * 1000);
    remove_folder(server->folder);
    _exit(0);
}

static bool set_janitor(struct postgres_server *server)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    /* Twice, so that it is nobody's child to wait for. */
    pid_t pid = fork();
    if (pid == 0) {
        if (fork() == 0)
            sweep(server, ends[0]);
        _exit(0);
    }
    close(ends[0]);
    waitpid(pid, NULL, 0);
    server->lifeline = ends[1];
    return pid > 0;
}

/* A folder and a port, and no data yet. */
static bool prepare(struct postgres_server *server)
{
    const struct passwd *user = other_user();
    *server =
        (struct postgres_server){.folder = "/tmp/postern-pg-XXXXXX", .lifeline = -1, .port_fd = -1};
    if (!mkdtemp(server->folder) ||
        (user && chown(server->folder, user->pw_uid, user->pw_gid) < 0)) {
        perror(server->folder);
        return false;
    }
    server->port_fd = port_take(&server->port);
    return server->port_fd >= 0 && set_janitor(server);
}

static bool make_data(const struct postgres_server *server)
{
    static const char *const arguments[] = {
        "-D", "data", "-U", USER, "-N", "-A", "trust", "--encoding=UTF8", "--locale=C.UTF-8", NULL};
    return postgres_server_run(server, "initdb", arguments) &&
           postgres_server_configure(server, "fsync = off\n");
}

static bool copy_folder(const char *from, const char *to)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/cp", "cp", "-a", "--sparse=always", "--", from, to, (char *)NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* The first that comes makes the data for all. Whoever comes meanwhile waits for it, and copies: a
 * copy takes a tenth of what initdb does. */
static bool share_data(const struct postgres_server *server, const char *shared)
{
    char data[PATH_SIZE], part[PATH_SIZE], whole[PATH_SIZE];
    snprintf(data, sizeof data, "%s/data", server->folder);
    snprintf(part, sizeof part, "%s/part", shared);
    snprintf(whole, sizeof whole, "%s/data", shared);
    int lock = open(shared, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = lock >= 0 && flock(lock, LOCK_EX) == 0;
    if (ok && access(whole, F_OK) != 0)
        ok = make_data(server) && copy_folder(data, part) && rename(part, whole) == 0;
    else if (ok)
        ok = flock(lock, LOCK_UN) == 0 && copy_folder(whole, data);
    if (!ok)
        perror(shared);
    if (lock >= 0)
        close(lock);
    return ok;
}

bool postgres_server_make(struct postgres_server *server)
{
    const char *shared = getenv("POSTGRES_SHARED");
    return prepare(server) &&
           (shared && *shared ? share_data(server, shared) : make_data(server)) &&
           postgres_server_start(server);
}

bool postgres_server_follow(struct postgres_server *standby, const struct postgres_server *primary)
{
    char url[POSTGRES_SERVER_URL_SIZE];
    postgres_server_url(primary, USER, url);
    const char *const arguments[] = {"-D", "data", "-d", url, "-R", "-N", "-c", "fast", NULL};
    return prepare(standby) && postgres_server_run(standby, "pg_basebackup", arguments) &&
           postgres_server_start(standby);
}

bool postgres_server_configure(const struct postgres_server *server, const char *lines)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/data/postgresql.conf", server->folder);
    FILE *file = fopen(path, "ae");
    bool ok = file && fputs(lines, file) >= 0;
    return file && fclose(file) == 0 && ok;
}

static bool answers(const struct postgres_server *server)
{
    char url[POSTGRES_SERVER_URL_SIZE];
    postgres_server_url(server, USER, url);
    PGconn *conn = PQconnectdb(url);
    bool ok = PQstatus(conn) == CONNECTION_OK;
    PQfinish(conn);
    return ok;
}

bool postgres_server_start(struct postgres_server *server)
{
    char programs[PATH_SIZE], program[PATH_SIZE + 16], data[PATH_SIZE], port[16],
        sockets[PATH_SIZE];
    if (!find_programs(programs))
        return false;
    snprintf(program, sizeof program, "%s/postgres", programs);
    snprintf(data, sizeof data, "%s/data", server->folder);
    snprintf(port, sizeof port, "%d", server->port);
    snprintf(sockets, sizeof sockets, "unix_socket_directories=%s", server->folder);
    char *argv[] = {program,        (char[]){"-D"},        data,           (char[]){"-p"}, port,
                    (char[]){"-h"}, (char[]){"127.0.0.1"}, (char[]){"-c"}, sockets,        NULL};
    server->pid = run(server, argv);
    for (int waited = 0; server->pid > 0 && waited < START_MS; waited += STEP_MS) {
        if (answers(server))
            return true;
        if (waitpid(server->pid, NULL, WNOHANG) != 0)
            break;
        usleep(STEP_MS * 1000);
    }
    show_log(server);
    return false;
}

void postgres_server_stop(struct postgres_server *server, int signal)
{
    if (server->pid <= 0)
        return;
    kill(server->pid, signal);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void postgres_server_remove(struct postgres_server *server)
{
    if (!server->folder[0])
        return;
    postgres_server_stop(server, SIGQUIT);
    if (server->lifeline >= 0)
        close(server->lifeline);
    server->lifeline = -1;
    if (server->port_fd >= 0)
        close(server->port_fd);
    server->port_fd = -1;
    remove_folder(server->folder);
    server->folder[0] = '\0';
}

void postgres_server_url(const struct postgres_server *server, const char *database,
                         char out[POSTGRES_SERVER_URL_SIZE])
{
    snprintf(out, POSTGRES_SERVER_URL_SIZE, "postgresql://" USER "@127.0.0.1:%d/%s", server->port,
             database);
}

bool postgres_server_sql(const struct postgres_server *server, const char *database,
                         const char *sql, char *out, size_t size)
{
    char url[POSTGRES_SERVER_URL_SIZE];
    postgres_server_url(server, database, url);
    PGconn *conn = PQconnectdb(url);
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    if (!ok)
        fprintf(stderr, "%s: %s", sql, PQerrorMessage(conn));
    if (ok && out)
        snprintf(out, size, "%s",
                 status == PGRES_TUPLES_OK && PQntuples(result) > 0 ? PQgetvalue(result, 0, 0)
                                                                    : "");
    PQclear(result);
    PQfinish(conn);
    return ok;
}
