/* pooler: whether the connection has one session of the server's to itself, as settings, prepared
 * statements and advisory locks need it. */
#ifndef STORE_POSTGRES_POOLER_H
#define STORE_POSTGRES_POOLER_H

#include "store/postgres/session.h"

/* Asks that of a new connection: STORE_OK; STORE_UNSUITABLE if a pooler may give each transaction
 * another session; or how it failed. Behind a pooler the trial ends the connection of a session of
 * its own: then *spent is true, and the next connection to the host needs no trial. */
enum store_result postgres_pooler_check(struct postgres *p, bool *spent);

#endif
