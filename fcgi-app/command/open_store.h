/* open_store: the store that the environment names, for the commands that use one. */
#ifndef COMMAND_OPEN_STORE_H
#define COMMAND_OPEN_STORE_H

#include "config/config.h"
#include "store/store.h"

/* For commands that a person waits for: ten minutes for each call. */
enum { OPEN_STORE_PATIENT_MS = 600 * 1000 };

/* Reads the configuration, checks that there is a driver for the store's URL, and sets the log's
 * level. False after saying everything that is wrong. */
bool open_store_configure(struct config *config);

/* open_store_configure, and then opens the store. timeout_ms is each call's deadline; 0 is the
 * configured one. NULL after saying what is wrong. */
struct store *open_store(struct config *config, int timeout_ms);

/* After a change of products: has the server here, if there is one, publish no more what was before
 * it. Waits at most until it would count no more anyway. */
void open_store_show(const struct config *config);

/* Says in one sentence on standard error what a result means and what to do about it. */
void open_store_explain(const struct config *config, enum store_result result);

#endif
