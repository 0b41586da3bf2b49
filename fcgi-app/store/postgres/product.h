/* product: the calls that read products; see calls.def. */
#ifndef STORE_POSTGRES_PRODUCT_H
#define STORE_POSTGRES_PRODUCT_H

#include "store/driver.h"

store_product_get_call postgres_product_get;
store_product_list_call postgres_product_list;

#endif
