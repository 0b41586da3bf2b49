/* schema: the version of a file's schema, and whether this program can use it. */
#ifndef STORE_SQLITE_SCHEMA_H
#define STORE_SQLITE_SCHEMA_H

#include "store/sqlite/connection.h"

/* "PSTR", in the header of every file of ours (PRAGMA application_id). */
#define SQLITE_APPLICATION_ID 0x50535452

/* The schema version this program needs. */
int sqlite_schema_version(void);

/* Reads the schema's version from the open file: STORE_OK if it is ours and not newer than this
 * program. An empty file is of version 0. */
enum store_result sqlite_schema_read(struct sqlite *s, int *version);

/* Compares it with this program's: STORE_OK, STORE_OLD_SCHEMA or STORE_NEW_SCHEMA, or how it
 * failed. */
enum store_result sqlite_schema_check(struct sqlite *s);

#endif
