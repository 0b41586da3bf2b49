/* Loaded before PostgreSQL: makes each fdatasync, and so each commit, take SYNC_MICROSECONDS
 * longer, as a commit does that waits for other zones. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SYNC_US_MAX = 1000000 };

static void sync_wait(void)
{
    const char *text = getenv("SYNC_MICROSECONDS");
    long us = text ? strtol(text, NULL, 10) : 0;
    if (us <= 0 || us > SYNC_US_MAX)
        return;
    struct timespec left = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR) {
    }
}

int fdatasync(int fd) /* NOLINT(readability-inconsistent-declaration-parameter-name) */
{
    static int (*next)(int);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "fdatasync");
    sync_wait();
    return next(fd);
}
