/* web-log: carries lighttpd's access log to lighttpd's standard error, which in a container is
 * where logs go. It is the reader of a piped log: accesslog.filename = "|/path/web-log". Since the
 * command is one word, lighttpd starts it without a shell. A lighttpd that starts a shell even so
 * (1.4.69) needs "|exec /path/web-log".
 *
 * lighttpd writes to the pipe without blocking, and what does not fit is lost. So the pipe is made
 * as large as an ordinary user may, and this end of it blocks. See decisions/0018. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What fs.pipe-max-size allows by default. The buffer takes a few dozen lines at once. */
enum { LOG_PIPE_SIZE = 1024 * 1024, LOG_BUFFER_SIZE = 16 * 1024, LOG_PATH_SIZE = 64 };

/* Opens standard error anew, since lighttpd's descriptor may be one that does not block. -1 if it
 * cannot. */
static int log_open(pid_t server)
{
    char path[LOG_PATH_SIZE];
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)server, STDERR_FILENO);
    return open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
}

static bool log_write(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return true;
}

/* Until the server has closed its end; false if the log cannot be written. */
static bool log_copy(int from, int to)
{
    char buffer[LOG_BUFFER_SIZE];
    for (;;) {
        ssize_t n = read(from, buffer, sizeof buffer);
        if (n == 0 || (n < 0 && errno != EINTR))
            return n == 0;
        if (n > 0 && !log_write(to, buffer, (size_t)n))
            return false;
    }
}

int main(void)
{
    /* On a terminal Ctrl-C reaches the whole group, but what the server still writes must be
     * read. */
    signal(SIGINT, SIG_IGN);
    int out = log_open(getppid());
    if (out < 0)
        return EXIT_FAILURE;
    /* If the pipe may not grow, it serves as it is. */
    fcntl(STDIN_FILENO, F_SETPIPE_SZ, LOG_PIPE_SIZE);
    return log_copy(STDIN_FILENO, out) ? EXIT_SUCCESS : EXIT_FAILURE;
}
