/* change: the calls that make changes for requests, alone or in groups; see calls.def. */
#ifndef STORE_SQLITE_CHANGE_H
#define STORE_SQLITE_CHANGE_H

#include "store/driver.h"

store_changes_make_call sqlite_changes_make;
store_order_place_call sqlite_order_place;
store_order_cancel_call sqlite_order_cancel;

#endif
