/* backup: the store's copy in a file of its own; see store_backup in store.h. */
#ifndef STORE_SQLITE_BACKUP_H
#define STORE_SQLITE_BACKUP_H

#include "store/driver.h"

bool sqlite_backup(struct store *store, const char *file, char *error, size_t size);

#endif
