/* privilege: what the role must be allowed to do, and how it is told what to grant. */
#ifndef STORE_POSTGRES_PRIVILEGE_H
#define STORE_POSTGRES_PRIVILEGE_H

#include "store/postgres/session.h"

/* Tells whether orders can be placed: STORE_OK; STORE_UNSUITABLE if the role lacks a privilege for
 * it; STORE_UNREACHABLE if the session is read only, and then it is closed; or how it failed. */
enum store_result postgres_privilege_check(struct postgres *p);

/* Adds what to run, as the owner, to the server's message of a missing privilege. */
void postgres_privilege_advise(struct postgres *p, bool migrates);

#endif
