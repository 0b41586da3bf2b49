#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { FILE_US_PER_MS = 1000, FILE_WAITS_MAX = 20, FILE_WAIT_US = 5000 };

/* What the child says first; len bytes follow. */
struct file_head {
    enum file_result result;
    int error;
    size_t len;
};

static enum file_result file_fill(int fd, char *bytes, size_t size, size_t *len)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return FILE_UNOPENED;
    if (!S_ISREG(st.st_mode))
        return FILE_IRREGULAR;
    while (*len < size) {
        ssize_t n = read(fd, bytes + *len, size - *len);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return FILE_UNREAD;
        *len += n > 0 ? (size_t)n : 0;
    }
    return FILE_OK;
}

static bool file_send(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno != EINTR)
            return false;
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* The child. What it has inherited it lets go, so that one that hangs for good keeps no socket and
 * no lock. */
static void file_run(const char *path, char *bytes, size_t size, int out)
{
    struct file_head head = {.len = 0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (out > 0 && close_range(0, (unsigned)out - 1, 0) != 0)
        _exit(EXIT_FAILURE);
    if (close_range((unsigned)out + 1, ~0U, 0) != 0)
        _exit(EXIT_FAILURE);
    /* Without O_NONBLOCK a named pipe would hold the open itself. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    head.result = file_fill(fd, bytes, size, &head.len);
    head.error = errno;
    bool sent = file_send(out, &head, sizeof head) && file_send(out, bytes, head.len);
    _exit(sent ? EXIT_SUCCESS : EXIT_FAILURE);
}

static enum file_result file_receive(int fd, void *bytes, size_t len, int64_t deadline_us)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    char *at = bytes;
    while (len > 0) {
        int64_t left_us = deadline_us - clock_monotonic_us();
        int n = left_us > 0 ? poll(&ready, 1, (int)(left_us / FILE_US_PER_MS) + 1) : 0;
        if (n == 0)
            return FILE_LATE;
        ssize_t got = n > 0 ? read(fd, at, len) : -1;
        if (got == 0)
            errno = ECHILD; /* it died */
        if (got == 0 || (got < 0 && errno != EINTR))
            return FILE_UNREAD;
        at += got > 0 ? got : 0;
        len -= got > 0 ? (size_t)got : 0;
    }
    return FILE_OK;
}

/* A mount that lets nobody go, not even who is killed, keeps the child; but not its parent. */
static void file_end(pid_t pid)
{
    kill(pid, SIGKILL);
    for (int i = 0; i < FILE_WAITS_MAX && waitpid(pid, NULL, WNOHANG) == 0; i++)
        clock_sleep_us(FILE_WAIT_US);
}

enum file_result file_read(const char *path, char *bytes, size_t size, size_t *len,
                           int64_t deadline_us)
{
    struct file_head head = {.len = 0};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return FILE_UNREAD;
    pid_t pid = fork();
    if (pid == 0)
        file_run(path, bytes, size, ends[1]);
    int error = errno;
    close(ends[1]);
    enum file_result result = FILE_UNREAD;
    if (pid > 0) {
        result = file_receive(ends[0], &head, sizeof head, deadline_us);
        if (result == FILE_OK)
            result = file_receive(ends[0], bytes, head.len, deadline_us);
        error = errno;
        file_end(pid);
    }
    close(ends[0]);
    if (result == FILE_OK) {
        result = head.result;
        error = head.error;
        *len = head.len;
    }
    errno = error;
    return result;
}
