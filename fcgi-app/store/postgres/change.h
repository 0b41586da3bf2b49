/* change: the calls that make changes for requests, alone or in groups; see calls.def. */
#ifndef STORE_POSTGRES_CHANGE_H
#define STORE_POSTGRES_CHANGE_H

#include "store/driver.h"

store_changes_make_call postgres_changes_make;

#endif
