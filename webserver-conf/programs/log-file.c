/* log-file FILE [BYTES [FILES]]: writes the lines that come on standard input to FILE, so that who
 * logs never waits for a disk. Starts a new file before one has more than BYTES, 64 MiB by default,
 * and keeps the last FILES, 4 by default: FILE, FILE.1, and on. One process a file.
 *
 * One thread reads and another writes, a block each quarter of a second; see line_blocks.h. While a
 * write waits, or fails and is tried again, lines gather in memory; what does not fit is dropped,
 * and a line says how many. HUP opens FILE anew. TERM, and the input's end, stop it when all that
 * has come is written. Status: 0 if it is, else 1, and standard error says why. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/streams.h"
#include "base/text.h"
#include "line_blocks.h"
#include "line_reader.h"
#include "rotated_file.h"

enum { FILE_BYTES = 64 * 1024 * 1024, FILE_BYTES_MIN = 2 * LINE_READER_MAX, FILE_COUNT = 4 };
/* The pipe: what fs.pipe-max-size allows by default. */
enum { PIPE_SIZE = 1024 * 1024 };
/* A read that finds less than this part of the pipe full is followed by a pause. Whoever logs wakes
 * nobody meanwhile, and there is room for many lines. */
enum { PIPE_FEW = 16, PAUSE_MS = 10 };
/* How long the last lines may take to be written. */
enum { LAST_SECONDS = 5 };

struct log_file {
    struct rotated_file file;
    struct line_blocks blocks;
    struct line_reader lines;
    int signals; /* readable if one has come */
    atomic_bool reopens;
    atomic_ulong lost; /* lines that were taken out of the blocks, and not written */
};

static bool log_file_fail(const struct log_file *log, const char *doing, int error)
{
    fprintf(stderr, "log-file: cannot %s %s: %s\n", doing, log->file.path, strerror(error));
    return false;
}

/* ---- The thread that writes */

static bool log_file_reopen(struct log_file *log, const struct line_block *block, size_t *done)
{
    if (!rotated_file_reopen(&log->file))
        return log_file_fail(log, log->file.doing, errno);
    *done = rotated_file_line_start(block->data, *done);
    return true;
}

/* Says what is in the way when that changes, and when it is over; error is 0 if nothing is. */
static void log_file_tell(const struct log_file *log, int error, int *told)
{
    if (error && error != *told)
        log_file_fail(log, log->file.doing, error);
    else if (!error && *told)
        fprintf(stderr, "log-file: %s is written again\n", log->file.path);
    *told = error;
}

static void *log_file_write(void *context)
{
    struct log_file *log = context;
    struct line_block *block = line_blocks_take(&log->blocks);
    size_t done = 0;
    int told = 0;
    for (bool more = true; more || block->len;) {
        more = line_blocks_wait(&log->blocks, done < block->len);
        if (atomic_exchange(&log->reopens, false))
            log_file_reopen(log, block, &done);
        if (done == block->len) {
            block = line_blocks_take(&log->blocks);
            done = 0;
        }
        atomic_store(&log->lost, line_blocks_lines(block->data + done, block->len - done));
        done = rotated_file_write(&log->file, block->data, block->len, done);
        log_file_tell(log, done < block->len ? errno : 0, &told);
        if (done < block->len && !more)
            break;
    }
    atomic_store(&log->lost, line_blocks_lines(block->data + done, block->len - done));
    return NULL;
}

/* ---- The thread that reads */

static void log_file_take_line(void *context, const char *line, size_t len)
{
    struct log_file *log = context;
    line_blocks_put(&log->blocks, line, len);
}

/* Reads once; false at the end. */
static bool log_file_read(struct log_file *log, size_t *n)
{
    ssize_t got = line_reader_read(&log->lines, STDIN_FILENO, log_file_take_line, log);
    *n = got > 0 ? (size_t)got : 0;
    if (got < 0 && errno != EINTR)
        fprintf(stderr, "log-file: cannot read what is for %s: %s\n", log->file.path,
                strerror(errno));
    return got > 0 || (got < 0 && errno == EINTR);
}

/* What is in the pipe now, and no more: who writes may never end. */
static void log_file_drain(struct log_file *log)
{
    int left = 0;
    size_t n;
    ioctl(STDIN_FILENO, FIONREAD, &left);
    while (left > 0 && log_file_read(log, &n))
        left -= n < (size_t)left ? (int)n : left;
}

/* False if it was TERM. */
static bool log_file_obey(struct log_file *log)
{
    struct signalfd_siginfo signal;
    if (read(log->signals, &signal, sizeof signal) != sizeof signal)
        return true;
    if (signal.ssi_signo == SIGTERM)
        return false;
    atomic_store(&log->reopens, true);
    line_blocks_hurry(&log->blocks);
    return true;
}

static void log_file_copy(struct log_file *log)
{
    int pipe_size = fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIPE_SIZE);
    /* If the pipe may not grow, it serves as it is. */
    if (pipe_size < 0)
        pipe_size = fcntl(STDIN_FILENO, F_GETPIPE_SZ);
    const size_t few = pipe_size > 0 ? (size_t)pipe_size / PIPE_FEW : 0;
    struct pollfd fds[] = {{.fd = log->signals, .events = POLLIN},
                           {.fd = STDIN_FILENO, .events = POLLIN}};
    size_t n = 0;
    for (;;) {
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[0].revents && !log_file_obey(log))
            break;
        if (fds[1].revents && !log_file_read(log, &n))
            return;
        if (fds[1].revents && n < few)
            poll(fds, 1, PAUSE_MS);
    }
    log_file_drain(log);
}

/* Ends the other thread, unless a disk holds it; then this process ends over its head. */
static int log_file_end(struct log_file *log, pthread_t writer)
{
    struct timespec until;
    line_reader_end(&log->lines, log_file_take_line, log);
    line_blocks_end(&log->blocks);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LAST_SECONDS;
    int stuck = pthread_timedjoin_np(writer, NULL, &until);
    unsigned long lost = atomic_load(&log->lost) + line_blocks_count(&log->blocks);
    if (stuck)
        log_file_fail(log, "write", stuck);
    if (lost)
        fprintf(stderr, "log-file: up to %lu lines were not written to %s\n", lost, log->file.path);
    if (!stuck)
        rotated_file_close(&log->file);
    return stuck || lost ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool log_file_start(struct log_file *log, pthread_t *writer)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    /* On a terminal Ctrl-C reaches the whole group, but what is still said must be written. */
    signal(SIGINT, SIG_IGN);
    /* Errors of a write, which is tried again. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    log->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (!rotated_file_open(&log->file))
        return log_file_fail(log, log->file.doing, errno);
    if (log->signals < 0 || !line_blocks_open(&log->blocks))
        return log_file_fail(log, "get ready for", errno);
    int error = pthread_create(writer, NULL, log_file_write, log);
    return error == 0 || log_file_fail(log, "start a thread for", error);
}

static bool log_file_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
    return text_number(text, strlen(text), min, max, out);
}

int main(int argc, char **argv)
{
    static struct log_file log;
    int64_t bytes = FILE_BYTES, count = FILE_COUNT;
    pthread_t writer;
    if (!streams_open())
        return EXIT_FAILURE;
    if (argc < 2 || argc > 4 || strlen(argv[1]) > ROTATED_FILE_PATH_MAX ||
        (argc > 2 && !log_file_number(argv[2], FILE_BYTES_MIN, INT64_MAX, &bytes)) ||
        (argc > 3 &&
         !log_file_number(argv[3], ROTATED_FILE_COUNT_MIN, ROTATED_FILE_COUNT_MAX, &count))) {
        fprintf(stderr,
                "usage: log-file FILE [BYTES [FILES]], with at least %d BYTES and from %d to %d "
                "FILES\n",
                FILE_BYTES_MIN, ROTATED_FILE_COUNT_MIN, ROTATED_FILE_COUNT_MAX);
        return EXIT_FAILURE;
    }
    log.file = (struct rotated_file){.path = argv[1], .bytes = bytes, .count = (int)count};
    if (!log_file_start(&log, &writer))
        return EXIT_FAILURE;
    log_file_copy(&log);
    return log_file_end(&log, writer);
}
