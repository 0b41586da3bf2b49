/* change: the calls that make changes for requests, alone or in groups; see calls.def. */
#ifndef STORE_SQLITE_CHANGE_H
#define STORE_SQLITE_CHANGE_H

#include "store/driver.h"

store_changes_make_call sqlite_changes_make;

#endif
