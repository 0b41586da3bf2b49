/* database: the database of the test that runs (store_fixture.h), seen beside the store. */
#ifndef TESTS_DATABASE_H
#define TESTS_DATABASE_H

#include "unit/store/store_fixture.h"

/* Its name. */
const char *database_name(void);

/* Writes its URL for a role, at the port of the server, or of what stands before it. */
void database_url(const char *role, int port, char url[FIXTURE_URL_SIZE]);

/* Opens a store at that port, such as a proxy's, with a deadline. */
struct store *database_open_at(int port, int timeout_ms);

/* Runs SQL, which must succeed. */
void database_sql(const char *sql);

/* The first value of what SQL returns, which must succeed; the next call overwrites it. */
const char *database_value(const char *sql);

/* What a store's driver said of its last failure. */
const char *database_said(const struct store *store);

#endif
