/* product: the calls that read products; see calls.def. */
#ifndef STORE_SQLITE_PRODUCT_H
#define STORE_SQLITE_PRODUCT_H

#include "store/driver.h"

store_product_get_call sqlite_product_get;
store_product_list_call sqlite_product_list;

#endif
