#include "server/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "suite.h"

enum { PATH_SIZE = 96, TEXT_SIZE = 32, BACKLOG = 16, LATE_US = 100000 };

static char folder[] = "/tmp/postern-listener-XXXXXX";
static char path[PATH_SIZE], lock[PATH_SIZE + sizeof ".lock"];
static char probe[PATH_SIZE + sizeof LISTENER_PROBE_SUFFIX];
static struct config config;

static int setup(void)
{
    /* Standard input must be no listening socket. */
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (!mkdtemp(folder) || null < 0 || dup2(null, STDIN_FILENO) < 0)
        return -1;
    close(null);
    snprintf(path, sizeof path, "%s/s.sock", folder);
    snprintf(lock, sizeof lock, "%s.lock", path);
    snprintf(probe, sizeof probe, "%s" LISTENER_PROBE_SUFFIX, path);
    config.socket = path;
    config.socket_group = "";
    config.backlog = BACKLOG;
    return 0;
}

static int teardown(void)
{
    unlink(path);
    unlink(lock);
    return rmdir(folder);
}

static bool exists(const char *file)
{
    struct stat st;
    return lstat(file, &st) == 0;
}

static bool answers(const char *at)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", at);
    int connected = connect(fd, (const struct sockaddr *)&address, sizeof address);
    close(fd);
    return connected == 0;
}

static bool serve(struct listener *listener)
{
    return listener_open(listener, &config) && listener_listen(listener, &config);
}

static void test_open_and_close(void)
{
    struct listener listener;
    struct stat st;
    char pid[TEXT_SIZE] = "";
    mode_t mask = umask(022);
    REQUIRE_TRUE(listener_open(&listener, &config));
    CHECK_INT(umask(mask), 022);
    CHECK_FALSE(answers(path));
    CHECK_TRUE(listener_listen(&listener, &config));
    CHECK_TRUE(answers(path));
    CHECK_INT(stat(path, &st), 0);
    CHECK_TRUE(S_ISSOCK(st.st_mode));
    CHECK_INT(st.st_mode & 0777, 0660);
    CHECK_INT(stat(lock, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0600);
    CHECK_TRUE(fcntl(listener.fd, F_GETFL) & O_NONBLOCK);
    CHECK_TRUE(fcntl(listener.fd, F_GETFD) & FD_CLOEXEC);
    CHECK_TRUE(fcntl(listener.lock_fd, F_GETFD) & FD_CLOEXEC);
    CHECK_COMPARE(pread(listener.lock_fd, pid, sizeof pid - 1, 0), >, 0);
    CHECK_INT(strtol(pid, NULL, 10), getpid());
    listener_close(&listener);
    CHECK_FALSE(exists(path));
    CHECK_FALSE(exists(lock));
    CHECK_INT(listener.fd, -1);
    CHECK_INT(listener.lock_fd, -1);
    CHECK_INT(listener.probe_fd, -1);
    listener_close(&listener);
}

/* The second server is refused, and what the first one has is left as it was. */
static void test_second_is_refused(void)
{
    struct listener first, second;
    REQUIRE_TRUE(serve(&first));
    CHECK_FALSE(serve(&second));
    CHECK_INT(second.fd, -1);
    CHECK_INT(second.lock_fd, -1);
    CHECK_TRUE(answers(path));
    CHECK_TRUE(exists(lock));
    listener_close(&first);
    REQUIRE_TRUE(serve(&second));
    CHECK_TRUE(answers(path));
    listener_close(&second);
}

/* A killed server leaves its socket, and its lock file without the lock. */
static void test_after_a_kill(void)
{
    struct listener killed, next;
    REQUIRE_TRUE(serve(&killed));
    close(killed.fd);
    close(killed.lock_fd);
    CHECK_TRUE(exists(path));
    CHECK_TRUE(exists(lock));
    CHECK_FALSE(answers(path));
    REQUIRE_TRUE(serve(&next));
    CHECK_TRUE(answers(path));
    listener_close(&next);
}

/* A worker that outlives its master holds the socket, not the lock. */
static void test_keep_socket_only(void)
{
    struct listener worker, next;
    REQUIRE_TRUE(serve(&worker));
    listener_keep(&worker, LISTENER_REQUESTS);
    CHECK_INT(worker.lock_fd, -1);
    REQUIRE_TRUE(serve(&next));
    CHECK_TRUE(answers(path));
    close(worker.fd);
    CHECK_TRUE(answers(path));
    listener_close(&next);
}

/* One that had no time to let go of the lock before its master was killed. */
static void test_lock_comes_free(void)
{
    struct listener killed, next;
    REQUIRE_TRUE(serve(&killed));
    pid_t worker = fork();
    if (worker == 0) {
        clock_sleep_us(LATE_US);
        _exit(0);
    }
    close(killed.fd);
    close(killed.lock_fd);
    CHECK_COMPARE(worker, >, 0);
    CHECK_TRUE(serve(&next));
    CHECK_INT(waitpid(worker, NULL, 0), worker);
    CHECK_TRUE(answers(path));
    listener_close(&next);
}

static void test_file_in_the_way(void)
{
    struct listener listener;
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    REQUIRE_COMPARE(fd, >=, 0);
    close(fd);
    CHECK_FALSE(serve(&listener));
    CHECK_TRUE(exists(path));
    CHECK_FALSE(exists(lock));
    unlink(path);
}

/* Another server's. Made while the first one is there, each has another inode. */
static int make_file(const char *at)
{
    return open(at, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
}

static int make_socket(const char *at)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", at);
    CHECK_INT(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void put(const char *at, int (*make)(const char *at))
{
    char new[sizeof probe + sizeof ".new"];
    snprintf(new, sizeof new, "%s.new", at);
    int fd = make(new);
    CHECK_COMPARE(fd, >=, 0);
    close(fd);
    CHECK_INT(rename(new, at), 0);
}

/* Somebody put something else where a socket was: that is not the server's to delete. */
static void test_others_in_its_place(void)
{
    static const struct {
        int line;
        const char *at, *other;
        int (*make)(const char *at);
    } rows[] = {
        {__LINE__, path, probe, make_file},
        {__LINE__, path, probe, make_socket},
        {__LINE__, probe, path, make_file},
        {__LINE__, probe, path, make_socket},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct listener listener;
        CHECK_ROW(rows[i].line);
        REQUIRE_TRUE(serve(&listener));
        CHECK_TRUE(exists(rows[i].other));
        put(rows[i].at, rows[i].make);
        listener_hide(&listener);
        listener_hide_probes(&listener);
        CHECK_TRUE(exists(rows[i].at), "it is gone when nobody may connect any more");
        listener_close(&listener);
        CHECK_TRUE(exists(rows[i].at), "it is gone when the server left");
        CHECK_FALSE(exists(rows[i].other));
        CHECK_FALSE(exists(lock));
        unlink(rows[i].at);
    }
}

/* Nor the lock file of a server that comes after one whose own was deleted. */
static void test_lock_in_its_place(void)
{
    struct listener listener;
    REQUIRE_TRUE(serve(&listener));
    REQUIRE_INT(unlink(lock), 0);
    int fd = open(lock, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    REQUIRE_COMPARE(fd, >=, 0);
    listener_close(&listener);
    CHECK_TRUE(exists(lock));
    close(fd);
    unlink(lock);
}

/* And if nothing is there, nothing is wrong. */
static void test_nothing_in_its_place(void)
{
    struct listener listener;
    REQUIRE_TRUE(serve(&listener));
    REQUIRE_INT(unlink(path), 0);
    listener_hide(&listener);
    listener_close(&listener);
    CHECK_FALSE(exists(lock));
}

static void test_group_unknown(void)
{
    struct listener listener;
    config.socket_group = "no-such-group";
    CHECK_FALSE(serve(&listener));
    CHECK_FALSE(exists(path));
    CHECK_FALSE(exists(lock));
    config.socket_group = "";
}

static void test_folder_missing(void)
{
    struct listener listener;
    config.socket = "/nonexistent/s.sock";
    CHECK_FALSE(serve(&listener));
    CHECK_INT(listener.fd, -1);
    CHECK_INT(listener.lock_fd, -1);
    config.socket = path;
}

/* A socket on fd 0 is taken as it is, and left where it is. */
static void test_inherited(void)
{
    struct listener outer, inner;
    REQUIRE_TRUE(serve(&outer));
    REQUIRE_INT(fcntl(outer.fd, F_SETFL, 0), 0);
    REQUIRE_INT(dup2(outer.fd, STDIN_FILENO), 0);
    REQUIRE_TRUE(serve(&inner));
    CHECK_INT(inner.fd, STDIN_FILENO);
    CHECK_INT(inner.lock_fd, -1);
    CHECK_FALSE(inner.path);
    CHECK_TRUE(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK);
    listener_close(&inner);
    CHECK_COMPARE(fcntl(STDIN_FILENO, F_GETFL), <, 0);
    CHECK_INT(errno, EBADF);
    CHECK_TRUE(answers(path));
    CHECK_TRUE(exists(lock));
    listener_close(&outer);
}

/* Over TCP an answer's end waits for nobody, and a limit that nobody would heed is refused. */
static void test_inherited_tcp(void)
{
    struct listener listener;
    int on = 0;
    socklen_t size = sizeof on;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE_INT(listen(fd, 1), 0);
    REQUIRE_INT(dup2(fd, STDIN_FILENO), 0);
    setenv("FCGI_WEB_SERVER_ADDRS", "127.0.0.1", 1);
    CHECK_FALSE(listener_open(&listener, &config));
    setenv("FCGI_WEB_SERVER_ADDRS", "", 1);
    REQUIRE_TRUE(serve(&listener));
    CHECK_INT(listener.fd, STDIN_FILENO);
    CHECK_INT(listener.probe_fd, -1);
    CHECK_INT(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
    CHECK_TRUE(on);
    listener_close(&listener);
    unsetenv("FCGI_WEB_SERVER_ADDRS");
    close(fd);
}

int main(void)
{
    CU_TestInfo tests[] = {{"open and close", test_open_and_close},
                           {"second is refused", test_second_is_refused},
                           {"after a kill", test_after_a_kill},
                           {"keep the socket only", test_keep_socket_only},
                           {"lock comes free", test_lock_comes_free},
                           {"file in the way", test_file_in_the_way},
                           {"others in its place", test_others_in_its_place},
                           {"lock in its place", test_lock_in_its_place},
                           {"nothing in its place", test_nothing_in_its_place},
                           {"group unknown", test_group_unknown},
                           {"folder missing", test_folder_missing},
                           {"inherited", test_inherited},
                           {"inherited over TCP", test_inherited_tcp},
                           CU_TEST_INFO_NULL};
    return suite_run("unit/server/listener", setup, teardown, tests);
}
