/* disk FOLDER SECONDS: prints how many times a second the folder's disk takes 4 KiB for good, asked
 * by one process: append, fdatasync, again. No store that keeps its promises commits faster, unless
 * it commits several transactions at once. */
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DISK_BLOCK = 4096, DISK_SECONDS_MAX = 600, DISK_FILE_MAX = 1 << 30 };

static double disk_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool disk_measure(int fd, long seconds, double *rate)
{
    static char block[DISK_BLOCK];
    double start = disk_now(), now = start;
    long count = 0;
    memset(block, 'x', sizeof block);
    for (; now - start < (double)seconds && count < DISK_FILE_MAX / DISK_BLOCK; count++) {
        if (pwrite(fd, block, sizeof block, (off_t)count * DISK_BLOCK) != DISK_BLOCK ||
            fdatasync(fd) < 0)
            return false;
        now = disk_now();
    }
    *rate = (double)count / (now - start);
    return true;
}

int main(int argc, char **argv)
{
    long seconds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    double rate = 0;
    if (seconds < 1 || seconds > DISK_SECONDS_MAX) {
        fputs("usage: disk FOLDER SECONDS\n", stderr);
        return 2;
    }
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/disk.XXXXXX", argv[1]);
    int fd = n < (int)sizeof path ? mkostemp(path, O_CLOEXEC) : -1;
    bool ok = fd >= 0 && disk_measure(fd, seconds, &rate);
    if (!ok)
        perror(argv[1]);
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    if (ok)
        printf("%.0f\n", rate);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
