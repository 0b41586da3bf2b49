/* driver: the driver for PostgreSQL, which many machines can share. URL: as libpq takes it, with
 * all its parameters: postgresql://[USER[:PASSWORD]@][HOST[:PORT]][,…][/DATABASE][?NAME=VALUE[&…]].
 */
#ifndef STORE_POSTGRES_DRIVER_H
#define STORE_POSTGRES_DRIVER_H

#include "store/driver.h"

extern const struct store_driver postgres_driver;

#endif
