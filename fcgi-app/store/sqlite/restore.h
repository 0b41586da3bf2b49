/* restore: puts a copy in the store's place; see store_restore in store.h. */
#ifndef STORE_SQLITE_RESTORE_H
#define STORE_SQLITE_RESTORE_H

#include "store/driver.h"

bool sqlite_restore(struct store *store, const char *file, char *said, size_t size);

#endif
