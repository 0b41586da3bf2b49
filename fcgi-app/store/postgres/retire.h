/* retire: the call that takes products out of sale, and brings them back; see calls.def. */
#ifndef STORE_POSTGRES_RETIRE_H
#define STORE_POSTGRES_RETIRE_H

#include "store/driver.h"

store_product_retire_call postgres_product_retire;

#endif
