/* consumer: the call on consumers; see calls.def. */
#ifndef STORE_SQLITE_CONSUMER_H
#define STORE_SQLITE_CONSUMER_H

#include "store/driver.h"

store_consumer_rename_call sqlite_consumer_rename;

#endif
