/* connect: makes connections: to one host after the other, with the settings that every call needs.
 */
#ifndef STORE_POSTGRES_CONNECT_H
#define STORE_POSTGRES_CONNECT_H

#include "store/postgres/session.h"

/* Sees to it that there is a connection. Its schema is not checked, and no statement prepared.
 * After a failure there is no new attempt for a short time, but the failure again. */
enum store_result postgres_connect(struct postgres *p);

/* Ends the session of the server's that holds the lock of that number, if there is one, over a
 * connection that is there; does not wait for its end. */
enum store_result postgres_connect_end(struct postgres *p, int64_t session);

#endif
