/* order: the calls on orders; see calls.def. */
#ifndef STORE_SQLITE_ORDER_H
#define STORE_SQLITE_ORDER_H

#include "store/driver.h"

store_order_place_call sqlite_order_place;
store_order_get_call sqlite_order_get;
store_order_list_call sqlite_order_list;

#endif
