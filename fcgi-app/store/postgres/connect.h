/* connect: makes connections: to one host after the other, with the settings that every call needs.
 */
#ifndef STORE_POSTGRES_CONNECT_H
#define STORE_POSTGRES_CONNECT_H

#include "store/postgres/session.h"

/* Sees to it that there is a connection. Its schema is not checked, and no statement prepared.
 * After a failure there is no new attempt for a short time, but the failure again. */
enum store_result postgres_connect(struct postgres *p);

#endif
