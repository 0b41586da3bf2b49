/* shared: memory that processes share: a process with its children, or in a file without a name,
 * which other programs can be given as a descriptor. */
#ifndef BASE_SHARED_H
#define BASE_SHARED_H

#include <stdbool.h>
#include <stddef.h>

/* Makes zeroed memory of that size and maps it for this process and its children. *fd is its
 * descriptor, close-on-exec and the caller's to close. Nobody can change its size any more, so none
 * who maps it is ended by SIGBUS. With readable, whoever gets the descriptor can only read it. NULL
 * and errno on failure. */
void *shared_make(const char *name, size_t size, bool readable, int *fd);

/* Maps memory that another program made so; writable or to read alone. NULL and errno if it has
 * another size, or one that can change (EINVAL), or cannot be mapped. */
void *shared_map(int fd, size_t size, bool writable);

/* Makes zeroed memory of that size, for this process and its children alone. NULL and errno on
 * failure. */
void *shared_inherit(size_t size);

/* NULL is let pass. */
void shared_unmap(void *memory, size_t size);

#endif
