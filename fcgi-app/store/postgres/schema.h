/* schema: the version of a database's schema, and whether this program can use it. */
#ifndef STORE_POSTGRES_SCHEMA_H
#define STORE_POSTGRES_SCHEMA_H

#include "store/postgres/session.h"

/* The schema version this program needs. */
int postgres_schema_version(void);

/* Reads the schema's version, and the oldest one whose programs it still serves: 0 if there is
 * none. */
enum store_result postgres_schema_read(struct postgres *p, int *version, int *serves);

/* Tells whether a schema without a table of versions may be given a store: STORE_OK, or
 * STORE_UNSUITABLE with the reason, such as that the store is in another schema. */
enum store_result postgres_schema_vacant(struct postgres *p);

/* Compares it with this program's: STORE_OK, STORE_OLD_SCHEMA or STORE_NEW_SCHEMA, or how it
 * failed. */
enum store_result postgres_schema_check(struct postgres *p);

#endif
