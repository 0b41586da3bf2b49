/* constant SOCKET WORKERS ANSWER: a FastCGI application that does nothing but answer, every request
 * with the bytes of the file ANSWER (CGI header lines, an empty line, the body). It is what the
 * same web server and the same library reach with no application behind them, the measure for the
 * real one. Runs until it is killed, and its workers with it. */
#include <fcgiapp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONSTANT_WORKERS_MAX = 256, CONSTANT_BACKLOG = 1024, CONSTANT_ANSWER_MAX = 64 * 1024 };

static char constant_answer[CONSTANT_ANSWER_MAX];
static int constant_answer_len;

static bool constant_read_answer(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, constant_answer, sizeof constant_answer);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        perror(path);
    constant_answer_len = n > 0 ? (int)n : 0;
    return n > 0;
}

static int constant_listen(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (n >= (int)sizeof address.sun_path || fd < 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, CONSTANT_BACKLOG) < 0) {
        perror(path);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

static void constant_serve(int listen_fd)
{
    FCGX_Request request;
    if (FCGX_Init() != 0 || FCGX_InitRequest(&request, listen_fd, 0) != 0)
        return;
    while (FCGX_Accept_r(&request) >= 0) {
        FCGX_PutStr(constant_answer, constant_answer_len, request.out);
        FCGX_Finish_r(&request);
    }
}

static bool constant_spawn(int listen_fd, long workers)
{
    for (long i = 0; i < workers; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            constant_serve(listen_fd);
            _exit(EXIT_FAILURE);
        }
        if (pid < 0) {
            perror("fork");
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    long workers = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
    if (workers < 1 || workers > CONSTANT_WORKERS_MAX) {
        fputs("usage: constant SOCKET WORKERS ANSWER\n", stderr);
        return 2;
    }
    int listen_fd = constant_read_answer(argv[3]) ? constant_listen(argv[1]) : -1;
    if (listen_fd < 0 || !constant_spawn(listen_fd, workers))
        return EXIT_FAILURE;
    wait(NULL);
    fputs("constant: a worker ended, so all do\n", stderr);
    return EXIT_FAILURE;
}
