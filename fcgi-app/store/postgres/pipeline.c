#include "store/postgres/pipeline.h"

#include "store/postgres/query.h"

bool postgres_pipeline_begin(struct postgres *p)
{
    p->idle = false;
    return PQenterPipelineMode(p->conn);
}

/* What has been read of a pipeline's answer. */
struct pipeline {
    size_t number;            /* statements that have given their rows */
    enum store_result result; /* the first failure, or STORE_OK */
    int empty;                /* ends of a statement's results in a row */
    bool over;                /* the commit has been answered */
};

/* The first failure stays the one told, unless the connection is lost by now. */
static void postgres_pipeline_fail(struct postgres *p, struct pipeline *read, const PGresult *got)
{
    struct postgres_error error = p->error;
    enum postgres_remedy remedy = p->remedy;
    enum store_result result = postgres_query_fail(p, got);
    if (read->result == STORE_OK) {
        read->result = result;
    } else if (p->remedy != POSTGRES_LOST) {
        p->error = error;
        p->remedy = remedy;
    }
}

static void postgres_pipeline_note(struct postgres *p, struct pipeline *read, const PGresult *got,
                                   postgres_pipeline_take take, void *context)
{
    read->empty = got ? 0 : read->empty + 1;
    if (!got)
        return;
    switch (PQresultStatus(got)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        if (read->result == STORE_OK)
            read->result = take(p, context, read->number++, got);
        break;
    case PGRES_PIPELINE_SYNC:
        read->over = true;
        break;
    case PGRES_PIPELINE_ABORTED:
        break;
    default:
        postgres_pipeline_fail(p, read, got);
    }
}

enum store_result postgres_pipeline_run(struct postgres *p, postgres_pipeline_take take,
                                        void *context)
{
    struct pipeline read = {.result = STORE_OK};
    if (!PQpipelineSync(p->conn))
        return postgres_query_lose(p, PQerrorMessage(p->conn));
    enum store_result result = postgres_query_flush(p);
    while (result == STORE_OK && !read.over) {
        result = postgres_query_await(p);
        if (result != STORE_OK)
            return result;
        PGresult *got = PQgetResult(p->conn);
        postgres_pipeline_note(p, &read, got, take, context);
        PQclear(got);
        /* One ends each statement's results, and a second would follow for ever. */
        if (!p->conn || read.empty > 1)
            break;
    }
    if (result != STORE_OK || !p->conn)
        return result == STORE_OK ? read.result : result;
    p->idle = read.over && PQexitPipelineMode(p->conn);
    if (!p->idle)
        return postgres_query_lose(p, "the server's answer ends before its commit");
    postgres_query_remedy(p);
    return read.result;
}
