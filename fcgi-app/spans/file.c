#include "spans/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "metrics/metrics.h"

enum { FILE_AGAIN_US = 1000 * 1000, FILE_MODE = 0640 };

void spans_file_init(struct spans_file *file, const char *path)
{
    *file = (struct spans_file){.path = path, .fd = -1};
}

void spans_file_close(struct spans_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    file->tried_us = 0;
}

static void spans_file_tell(struct spans_file *file, const char *call)
{
    if (!file->told)
        log_write(LOG_ERROR, "cannot write spans; they are dropped",
                  LOG_FIELDS(LOG_TEXT("file", file->path), LOG_TEXT("call", call),
                             LOG_TEXT("error", strerror(errno))));
    file->told = true;
}

/* Whoever wrote it last may have been killed within a line. */
static bool spans_file_is_torn(int fd)
{
    struct stat st;
    char last;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
           pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

/* A named pipe whose reader is away must not hold this process up, so it is opened for both. */
static bool spans_file_open(struct spans_file *file)
{
    int64_t now_us = clock_monotonic_us();
    if (file->fd >= 0)
        return true;
    if (file->tried_us && now_us - file->tried_us < FILE_AGAIN_US)
        return false;
    file->tried_us = now_us;
    file->fd = open(file->path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                    FILE_MODE);
    if (file->fd < 0) {
        spans_file_tell(file, "open");
        return false;
    }
    file->torn = spans_file_is_torn(file->fd);
    return true;
}

static int64_t spans_file_count(const char *lines, size_t len)
{
    int64_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += lines[i] == '\n';
    return count;
}

/* How many bytes the file took. */
static size_t spans_file_put(struct spans_file *file, const char *lines, size_t len)
{
    size_t done = 0;
    /* A part of a line is left to stand as a line of its own. */
    if (file->torn && write(file->fd, "\n", 1) == 1)
        file->torn = false;
    while (done < len && !file->torn) {
        ssize_t n = write(file->fd, lines + done, len - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (done > 0)
        file->torn = lines[done - 1] != '\n';
    return done;
}

void spans_file_write(struct spans_file *file, const char *lines, size_t len)
{
    size_t done = spans_file_open(file) ? spans_file_put(file, lines, len) : 0;
    int64_t written = spans_file_count(lines, done), all = spans_file_count(lines, len);
    if (done == len)
        file->told = false;
    else if (file->fd >= 0)
        spans_file_tell(file, "write");
    metrics_add(METRIC_SPANS, written, METRICS_WITH(IS_WRITTEN));
    metrics_add(METRIC_SPANS, all - written, METRICS_WITH(IS_DROPPED));
}
