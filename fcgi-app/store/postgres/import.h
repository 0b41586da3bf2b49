/* import: the call that imports products; see calls.def. */
#ifndef STORE_POSTGRES_IMPORT_H
#define STORE_POSTGRES_IMPORT_H

#include "store/driver.h"

store_product_import_call postgres_product_import;

#endif
