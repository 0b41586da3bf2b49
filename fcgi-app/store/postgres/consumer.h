/* consumer: the call on consumers; see calls.def. */
#ifndef STORE_POSTGRES_CONSUMER_H
#define STORE_POSTGRES_CONSUMER_H

#include "store/driver.h"

store_consumer_rename_call postgres_consumer_rename;

#endif
