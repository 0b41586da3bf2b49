/* sparse: zeroed memory of which only the pages that are touched take room. calloc clears what it
 * takes of a heap that was used before, and in a child that copies every page of it. */
#ifndef BASE_SPARSE_H
#define BASE_SPARSE_H

#include <stddef.h>

/* Makes zeroed memory of that size, for what is large and mostly unused. NULL and errno on failure.
 */
void *sparse_make(size_t size);

/* Gives it back; NULL is let pass. */
void sparse_free(void *memory, size_t size);

#endif
