/* web-log: carries lighttpd's logs to lighttpd's standard error, which in a container is where logs
 * go, each line as one JSON object: see json_line.h. It is the reader of a piped log:
 * accesslog.filename = "|/path/web-log", and server.errorlog likewise; for two that are alike
 * lighttpd starts one. Since the command is one word, lighttpd starts it without a shell. A
 * lighttpd that starts a shell even so (1.4.69) needs
 * "|exec /path/web-log".
 *
 * lighttpd writes to the pipe without blocking, and what does not fit is lost. So web-log always
 * reads. While its own reader pauses it holds so many lines, drops whole ones beyond that, and says
 * how many when the reader is back. See decisions/0018. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "dropped_note.h"
#include "json_line.h"
#include "line_reader.h"

/* The pipe: what fs.pipe-max-size allows by default. */
enum { LOG_PIPE_SIZE = 1024 * 1024, LOG_HELD_SIZE = 1024 * 1024 };
enum { LOG_OUT_SIZE = 3 * LINE_READER_MAX + JSON_LINE_ROOM };
enum { LOG_PATH_SIZE = 64, LOG_LAST_MS = 3000 };

struct log {
    int out;
    size_t held_from, held_len;
    unsigned long dropped; /* lines, since the reader was last told */
    struct line_reader lines;
    char held[LOG_HELD_SIZE]; /* whole lines, but for the first, of which a part is written */
};

/* Opens standard error anew, since it must not block here, and may elsewhere. -1 if it cannot. */
static int log_open(pid_t server)
{
    char path[LOG_PATH_SIZE];
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)server, STDERR_FILENO);
    return open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);
}

static bool log_hold(struct log *log, const char *line, size_t len)
{
    if (len > LOG_HELD_SIZE - log->held_len)
        return false;
    if (log->held_from + log->held_len + len > LOG_HELD_SIZE) {
        memmove(log->held, log->held + log->held_from, log->held_len);
        log->held_from = 0;
    }
    memcpy(log->held + log->held_from + log->held_len, line, len);
    log->held_len += len;
    return true;
}

/* Tells what was dropped as soon as there is room for it. */
static void log_tell_dropped(struct log *log)
{
    char note[DROPPED_NOTE_SIZE];
    size_t len = dropped_note_write(log->dropped, note);
    note[len++] = '\n';
    if (log_hold(log, note, len))
        log->dropped = 0;
}

/* The line without its newline. */
static void log_take_line(void *context, const char *line, size_t len)
{
    static char out[LOG_OUT_SIZE];
    struct log *log = context;
    char now[CLOCK_TEXT_SIZE];
    clock_format(clock_now_us(), now);
    len = json_line_write(line, len, now, out);
    if (log->dropped)
        log_tell_dropped(log);
    if (log->dropped || !log_hold(log, out, len))
        log->dropped++;
}

/* Reads once; false if the server has closed its end, or nothing can be read. */
static bool log_read(struct log *log, int from)
{
    ssize_t n = line_reader_read(&log->lines, from, log_take_line, log);
    return n > 0 || (n < 0 && errno == EINTR);
}

/* Writes once, and tells what was dropped when all else is written; false if nobody can read. */
static bool log_write(struct log *log)
{
    ssize_t n = write(log->out, log->held + log->held_from, log->held_len);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    log->held_from += (size_t)n;
    log->held_len -= (size_t)n;
    if (log->held_len == 0 && log->dropped)
        log_tell_dropped(log);
    return true;
}

/* Until the server has closed its end; false if the log cannot be written. */
static bool log_copy(struct log *log, int from)
{
    struct pollfd fds[] = {{.fd = from, .events = POLLIN}, {.fd = log->out, .events = POLLOUT}};
    for (;;) {
        fds[1].fd = log->held_len ? log->out : -1;
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return false;
        if (fds[1].fd >= 0 && fds[1].revents && !log_write(log))
            return false;
        if (fds[0].revents && !log_read(log, from))
            return true;
    }
}

/* What is held still goes out, if the reader takes it soon. */
static bool log_finish(struct log *log)
{
    struct pollfd out = {.fd = log->out, .events = POLLOUT};
    line_reader_end(&log->lines, log_take_line, log);
    while (log->held_len && poll(&out, 1, LOG_LAST_MS) == 1)
        if (!log_write(log))
            return false;
    return log->held_len == 0;
}

int main(void)
{
    static struct log log;
    /* On a terminal Ctrl-C reaches the whole group, but what the server still writes must be
     * read. */
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    log.out = log_open(getppid());
    if (log.out < 0)
        return EXIT_FAILURE;
    /* If the pipe may not grow, it serves as it is. */
    fcntl(STDIN_FILENO, F_SETPIPE_SZ, LOG_PIPE_SIZE);
    return log_copy(&log, STDIN_FILENO) && log_finish(&log) ? EXIT_SUCCESS : EXIT_FAILURE;
}
