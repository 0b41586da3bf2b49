#include "store/postgres/pipeline.h"

#include <poll.h>

#include "store/postgres/query.h"

bool postgres_pipeline_begin(struct postgres *p)
{
    p->idle = false;
    p->reading = (struct postgres_reading){.result = STORE_OK};
    return PQenterPipelineMode(p->conn);
}

/* The connection is closed. */
static void postgres_pipeline_lose(struct postgres *p)
{
    p->reading.result = postgres_query_lose(p, PQerrorMessage(p->conn));
}

void postgres_pipeline_send(struct postgres *p, bool queued)
{
    if (queued && PQpipelineSync(p->conn))
        return;
    postgres_pipeline_lose(p);
    /* Nothing is done before the pipeline's end is sent. */
    if (!queued)
        p->remedy = POSTGRES_RECONNECT;
}

/* The first failure stays the one told, unless the connection is lost by now. */
static void postgres_pipeline_fail(struct postgres *p, const PGresult *got)
{
    struct postgres_error error = p->error;
    enum postgres_remedy remedy = p->remedy;
    enum store_result result = postgres_query_fail(p, got);
    if (p->reading.result == STORE_OK) {
        p->reading.result = result;
    } else if (p->remedy != POSTGRES_LOST) {
        p->error = error;
        p->remedy = remedy;
    }
}

static void postgres_pipeline_note(struct postgres *p, const PGresult *got,
                                   postgres_pipeline_take take, void *context)
{
    struct postgres_reading *reading = &p->reading;
    reading->empty = got ? 0 : reading->empty + 1;
    if (!got)
        return;
    switch (PQresultStatus(got)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        if (reading->result == STORE_OK)
            reading->result = take(p, context, reading->number++, got);
        break;
    case PGRES_PIPELINE_SYNC:
        reading->over = true;
        break;
    case PGRES_PIPELINE_ABORTED:
        break;
    default:
        postgres_pipeline_fail(p, got);
    }
}

/* Whether there is more to read. One empty result ends each statement's, and a second would follow
 * for ever. */
static bool postgres_pipeline_goes_on(const struct postgres *p)
{
    return p->conn && !p->reading.over && p->reading.empty <= 1;
}

static void postgres_pipeline_next(struct postgres *p, postgres_pipeline_take take, void *context)
{
    PGresult *got = PQgetResult(p->conn);
    postgres_pipeline_note(p, got, take, context);
    PQclear(got);
}

short postgres_pipeline_read(struct postgres *p, postgres_pipeline_take take, void *context)
{
    int unsent = p->conn ? PQflush(p->conn) : 0;
    if (p->conn && (unsent < 0 || !PQconsumeInput(p->conn)))
        postgres_pipeline_lose(p);
    while (postgres_pipeline_goes_on(p) && !PQisBusy(p->conn))
        postgres_pipeline_next(p, take, context);
    if (!postgres_pipeline_goes_on(p))
        return 0;
    return (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
}

enum store_result postgres_pipeline_finish(struct postgres *p, postgres_pipeline_take take,
                                           void *context)
{
    enum store_result result = p->conn ? postgres_query_flush(p) : STORE_OK;
    while (result == STORE_OK && postgres_pipeline_goes_on(p)) {
        result = postgres_query_await(p);
        if (result == STORE_OK)
            postgres_pipeline_next(p, take, context);
    }
    if (result != STORE_OK || !p->conn)
        return result == STORE_OK ? p->reading.result : result;
    p->idle = p->reading.over && PQexitPipelineMode(p->conn);
    if (!p->idle)
        return postgres_query_lose(p, "the server's answer ends before its commit");
    postgres_query_remedy(p);
    return p->reading.result;
}
