/* reach: sees to it that the store can be used. */
#ifndef STORE_POSTGRES_REACH_H
#define STORE_POSTGRES_REACH_H

#include "store/postgres/session.h"

/* Sees to it that there is a connection, that the schema is this program's and that the statements
 * are prepared. */
enum store_result postgres_reach(struct postgres *p);

#endif
