/* order: the calls on orders; see calls.def. */
#ifndef STORE_POSTGRES_ORDER_H
#define STORE_POSTGRES_ORDER_H

#include "store/driver.h"

store_order_place_call postgres_order_place;
store_order_get_call postgres_order_get;
store_order_list_call postgres_order_list;

#endif
