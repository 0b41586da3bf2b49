/* migrate: the call that brings a file's schema up to this program's; see calls.def. */
#ifndef STORE_SQLITE_MIGRATE_H
#define STORE_SQLITE_MIGRATE_H

#include "store/driver.h"

store_migrate_call sqlite_migrate;

#endif
