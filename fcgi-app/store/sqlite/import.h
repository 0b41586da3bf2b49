/* import: the call that imports products; see calls.def. */
#ifndef STORE_SQLITE_IMPORT_H
#define STORE_SQLITE_IMPORT_H

#include "store/driver.h"

store_product_import_call sqlite_product_import;

#endif
