/* sqlite: the embedded keeper, for one machine. URL: sqlite:PATH or sqlite:///ABSOLUTE/PATH. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/store.h"

extern const struct store_keeper store_sqlite;

#endif
