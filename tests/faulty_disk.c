#include "faulty_disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum { FAULTY_DISK_PATH_MAX = 512 };

static const struct {
    const char *end;
    unsigned file;
} faulty_disk_files[] = {
    {".db", FAULTY_DISK_DB}, {".db-wal", FAULTY_DISK_WAL}, {".db-shm", FAULTY_DISK_SHM}};

struct faulty_disk *faulty_disk_map(const char *file)
{
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *at = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof(struct faulty_disk)) == 0)
        at = mmap(NULL, sizeof(struct faulty_disk), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    return at == MAP_FAILED ? NULL : at;
}

void faulty_disk_break(struct faulty_disk *disk, unsigned files, unsigned calls, int error,
                       unsigned each, unsigned times)
{
    faulty_disk_mend(disk);
    atomic_store(&disk->files, files);
    atomic_store(&disk->calls, calls);
    atomic_store(&disk->error, error);
    atomic_store(&disk->left, times);
    atomic_store(&disk->each, each);
}

void faulty_disk_mend(struct faulty_disk *disk)
{
    atomic_store(&disk->each, 0);
}

struct faulty_disk *faulty_disk_own(void)
{
    static struct faulty_disk here, *own;
    static atomic_flag once = ATOMIC_FLAG_INIT;
    const char *file = getenv("FAULTY_DISK");
    /* faulty_disk_map itself comes here. */
    if (file && !atomic_flag_test_and_set(&once))
        own = faulty_disk_map(file);
    return own ? own : &here;
}

void faulty_disk_settings(const char *file, char preload[FAULTY_DISK_SETTING_SIZE],
                          char setting[FAULTY_DISK_SETTING_SIZE])
{
    const char *library = getenv("FAULTY_DISK_LIBRARY");
    char *path =
        realpath(library && *library ? library : "build/release/tests/faulty_disk.so", NULL);
    snprintf(preload, FAULTY_DISK_SETTING_SIZE, "LD_PRELOAD=%s", path ? path : "");
    snprintf(setting, FAULTY_DISK_SETTING_SIZE, "FAULTY_DISK=%s", file);
    free(path);
}

static unsigned faulty_disk_file(int fd)
{
    char descriptor[32], file[FAULTY_DISK_PATH_MAX];
    snprintf(descriptor, sizeof descriptor, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(descriptor, file, sizeof file);
    for (size_t i = 0; i < sizeof faulty_disk_files / sizeof faulty_disk_files[0]; i++) {
        ssize_t end = (ssize_t)strlen(faulty_disk_files[i].end);
        if (len >= end && memcmp(file + len - end, faulty_disk_files[i].end, (size_t)end) == 0)
            return faulty_disk_files[i].file;
    }
    return 0;
}

/* Whether this call is to fail; errno is set then. */
static bool faulty_disk_fails(unsigned call, int fd)
{
    struct faulty_disk *disk = faulty_disk_own();
    unsigned each = atomic_load(&disk->each);
    if (each == 0 || !(atomic_load(&disk->calls) & call) ||
        !(atomic_load(&disk->files) & faulty_disk_file(fd)) ||
        atomic_fetch_add(&disk->seen, 1) % each != 0)
        return false;
    unsigned left = atomic_load(&disk->left);
    if (left == 1)
        faulty_disk_mend(disk);
    else if (left > 1)
        atomic_fetch_sub(&disk->left, 1);
    atomic_fetch_add(&disk->faults, 1);
    errno = atomic_load(&disk->error);
    return true;
}

/* The C library's function behind one of ours. ISO C has no conversion from an object's pointer. */
#define FAULTY_DISK_REAL(name, type)                                                               \
    static type real;                                                                              \
    if (!real)                                                                                     \
    *(void **)&real = dlsym(RTLD_NEXT, name)

typedef ssize_t (*faulty_disk_write)(int, const void *, size_t);
typedef ssize_t (*faulty_disk_pwrite)(int, const void *, size_t, off_t);
typedef int (*faulty_disk_sync)(int);
typedef int (*faulty_disk_truncate)(int, off_t);

/* A call that fails has done nothing. The C library's own names for the parameters are reserved. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
ssize_t write(int fd, const void *bytes, size_t len)
{
    FAULTY_DISK_REAL("write", faulty_disk_write);
    return faulty_disk_fails(FAULTY_DISK_WRITE, fd) ? -1 : real(fd, bytes, len);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    FAULTY_DISK_REAL("pwrite", faulty_disk_pwrite);
    return faulty_disk_fails(FAULTY_DISK_WRITE, fd) ? -1 : real(fd, bytes, len, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    FAULTY_DISK_REAL("pwrite64", faulty_disk_pwrite);
    return faulty_disk_fails(FAULTY_DISK_WRITE, fd) ? -1 : real(fd, bytes, len, at);
}

int fsync(int fd)
{
    FAULTY_DISK_REAL("fsync", faulty_disk_sync);
    return faulty_disk_fails(FAULTY_DISK_SYNC, fd) ? -1 : real(fd);
}

int fdatasync(int fd)
{
    FAULTY_DISK_REAL("fdatasync", faulty_disk_sync);
    return faulty_disk_fails(FAULTY_DISK_SYNC, fd) ? -1 : real(fd);
}

int ftruncate(int fd, off_t len)
{
    FAULTY_DISK_REAL("ftruncate", faulty_disk_truncate);
    return faulty_disk_fails(FAULTY_DISK_TRUNCATE, fd) ? -1 : real(fd, len);
}

int ftruncate64(int fd, off_t len)
{
    FAULTY_DISK_REAL("ftruncate64", faulty_disk_truncate);
    return faulty_disk_fails(FAULTY_DISK_TRUNCATE, fd) ? -1 : real(fd, len);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
