/* pipeline: several statements in one transaction and one round trip (libpq's pipeline mode). They
 * are queued by postgres_query_queue, between postgres_pipeline_begin and postgres_pipeline_send. A
 * failure on the way is kept until postgres_pipeline_finish tells it. */
#ifndef STORE_POSTGRES_PIPELINE_H
#define STORE_POSTGRES_PIPELINE_H

#include "store/postgres/session.h"

/* Takes the rows of the statement with that number, from 0, in the order in which they were queued.
 * STORE_OK, or a failure to read them. */
typedef enum store_result (*postgres_pipeline_take)(struct postgres *p, void *context,
                                                    size_t number, const PGresult *rows);

/* Begins a pipeline. False: the connection failed. */
bool postgres_pipeline_begin(struct postgres *p);

/* Sends what was queued, as far as that goes without waiting. queued: whether all was; if not,
 * nothing is done, and the remedy is POSTGRES_RECONNECT. */
void postgres_pipeline_send(struct postgres *p, bool queued);

/* Without waiting, sends more, and has the rows taken of each statement that has been answered.
 * Returns what has to be waited for, as for poll, or 0: all is there, or it failed. */
short postgres_pipeline_read(struct postgres *p, postgres_pipeline_take take, void *context);

/* Waits for the rest, has it taken, and waits for the commit. STORE_OK: all is committed. Any other
 * result is the first failure: then nothing is, unless the remedy is POSTGRES_LOST or the failure
 * is take's. What was taken counts only after STORE_OK. */
enum store_result postgres_pipeline_finish(struct postgres *p, postgres_pipeline_take take,
                                           void *context);

#endif
