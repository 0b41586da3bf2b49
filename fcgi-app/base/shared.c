#include "base/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/socket.h"

/* Its size is fixed, and so is that. */
enum { SHARED_FIXED = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };

static void *shared_mmap(int fd, size_t size, int protection)
{
    void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void *shared_make(const char *name, size_t size, bool readable, int *fd)
{
    *fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*fd < 0)
        return NULL;
    void *memory =
        ftruncate(*fd, (off_t)size) == 0 ? shared_mmap(*fd, size, PROT_READ | PROT_WRITE) : NULL;
    /* What is mapped already stays writable. */
    int seals = SHARED_FIXED | (readable ? F_SEAL_FUTURE_WRITE : 0);
    if (memory && fcntl(*fd, F_ADD_SEALS, seals) == 0)
        return memory;
    shared_unmap(memory, size);
    *fd = socket_fail(*fd);
    return NULL;
}

void *shared_map(int fd, size_t size, bool writable)
{
    struct stat file;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || fstat(fd, &file) != 0)
        return NULL;
    if ((seals & SHARED_FIXED) != SHARED_FIXED || file.st_size != (off_t)size) {
        errno = EINVAL;
        return NULL;
    }
    return shared_mmap(fd, size, writable ? PROT_READ | PROT_WRITE : PROT_READ);
}

void *shared_inherit(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void shared_unmap(void *memory, size_t size)
{
    int error = errno;
    if (memory)
        munmap(memory, size);
    errno = error;
}
