/* The answer to an endpoint that is denied: always the same, and without the application. If
 * callers without an endpoint are denied, health checks still pass. */
#include "vpce.h"

#include <chunk.h>
#include <http_header.h>

/* As the application's PROBLEM_DENIED has it. */
static const char vpce_denied_body[] =
    "{\"type\":\"urn:postern:problem:consumer-denied\",\"title\":\"Consumer "
    "denied\",\"status\":403,"
    "\"detail\":\"the owner of this service refuses your VPC endpoint; ask the owner to admit it "
    "again\"}";

handler_t vpce_denied_answer(request_st *r, struct vpce_plugin *p,
                             const struct vpce_connection *state)
{
    const struct consumers_line *line = callers_find(&p->callers, vpce_endpoint(state));
    if (!line || !line->denied || (!state->header.id[0] && vpce_is_probe(r)))
        return HANDLER_GO_ON;
    r->http_status = 403;
    r->keep_alive = 0;
    r->handler_module = p->base.self; /* else an error page would be looked for */
    http_header_response_set(r, HTTP_HEADER_CONTENT_TYPE, CONST_STR_LEN("Content-Type"),
                             CONST_STR_LEN("application/problem+json"));
    chunkqueue_append_mem(&r->write_queue, CONST_STR_LEN(vpce_denied_body));
    r->resp_body_finished = 1;
    vpce_metrics_denied(p, r, callers_name(&p->callers, vpce_endpoint(state)));
    return HANDLER_FINISHED;
}
