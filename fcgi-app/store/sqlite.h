/* sqlite: the embedded driver, for one machine. URL: sqlite:PATH or sqlite:///ABSOLUTE/PATH. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/driver.h"

extern const struct store_driver sqlite_driver;

#endif
