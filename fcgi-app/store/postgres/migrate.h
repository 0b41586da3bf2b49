/* migrate: the call that brings a database's schema up to this program's; see calls.def. */
#ifndef STORE_POSTGRES_MIGRATE_H
#define STORE_POSTGRES_MIGRATE_H

#include "store/driver.h"

store_migrate_call postgres_migrate;

#endif
