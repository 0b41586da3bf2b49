/* driver: the driver for an SQLite file, on one machine. URL: sqlite:PATH or
 * sqlite:///ABSOLUTE/PATH. */
#ifndef STORE_SQLITE_DRIVER_H
#define STORE_SQLITE_DRIVER_H

#include "store/driver.h"

extern const struct store_driver sqlite_driver;

#endif
