/* When a request may go to the application: of each group only so many at once, the others wait
 * here for their turn. A request whose caller has left is not begun. */
#include "vpce.h"

#include <fdevent.h>
#include <gw_backend.h>
#include <http_header.h>
#include <log.h>
#include <poll.h>
#include <response.h>
#include <stdlib.h>

/* As nginx logs a caller that closed its connection before the answer. */
enum { VPCE_STATUS_GONE = 499 };

/* Takes the request from the module that is to handle it, until its turn has come. */
handler_t vpce_request_enter(request_st *r, void *p_d)
{
    struct vpce_plugin *p = p_d;
    const struct vpce_connection *state = r->con->plugin_ctx[p->base.id];
    const plugin *next = r->handler_module;
    if (!next || next == p->base.self || !state || !state->share || r->plugin_ctx[p->base.id] ||
        vpce_is_probe(r))
        return HANDLER_GO_ON;
    struct vpce_request *request = calloc(1, sizeof *request);
    if (!request)
        return HANDLER_ERROR;
    request->r = r;
    request->next = next;
    r->plugin_ctx[p->base.id] = request;
    r->handler_module = p->base.self;
    return HANDLER_GO_ON;
}

/* Whether the caller has closed its side, or all of its connection: TCP cannot tell which. Only at
 * its turn the kernel is asked; else lighttpd's word is enough, and saves a system call. */
static bool vpce_request_caller_left(const request_st *r, const struct vpce_request *request)
{
    struct pollfd caller = {.fd = r->con->fd, .events = POLLRDHUP};
    if (r->conf.stream_request_body & FDEVENT_STREAM_REQUEST_TCP_FIN)
        return true;
    return request->turn.state == SHARES_BEGUN && !request->handed_over && poll(&caller, 1, 0) > 0;
}

static handler_t vpce_request_leave(request_st *r, struct vpce_plugin *p)
{
    struct vpce_connection *state = r->con->plugin_ctx[p->base.id];
    r->http_status =
        r->error_handler_saved_status > 0 ? r->error_handler_saved_status : VPCE_STATUS_GONE;
    state->cut = true;
    return HANDLER_ERROR;
}

/* Has lighttpd look out for the caller's end, which it does only if it ever waited for the caller.
 */
static void vpce_request_watch(const request_st *r)
{
    const connection *con = r->con;
    int events = fdevent_fdnode_interest(con->fdn);
    if (!(events & FDEVENT_RDHUP))
        fdevent_fdnode_event_set(con->srv->ev, con->fdn, events | FDEVENT_RDHUP);
}

/* Lets mod_fastcgi go on. It looks whether it is the request's handler, so for this long it is. */
static handler_t vpce_request_go_on(request_st *r, const struct vpce_plugin *p,
                                    const struct vpce_request *request)
{
    const plugin *next = request->next;
    handler_t rc = HANDLER_FINISHED;
    r->handler_module = next;
    if (r->plugin_ctx[p->fastcgi]) {
        rc = next->handle_subrequest(r, next->data);
    } else { /* it gave up at a time limit, meanwhile */
        http_response_backend_done(r);
        r->http_status = r->http_status == 500 ? 504 : r->http_status;
    }
    if (r->handler_module == next && (rc == HANDLER_WAIT_FOR_EVENT || rc == HANDLER_COMEBACK))
        r->handler_module = p->base.self;
    return rc;
}

handler_t vpce_request_handle(request_st *r, void *p_d)
{
    struct vpce_plugin *p = p_d;
    struct vpce_request *request = r->plugin_ctx[p->base.id];
    const struct vpce_connection *state = r->con->plugin_ctx[p->base.id];
    if (r->state == CON_STATE_READ_POST) {
        handler_t rc = r->con->reqbody_read(r);
        /* There was no room for the body, so nothing was begun, and it may be sent again. */
        if (rc == HANDLER_FINISHED && r->http_status == 500)
            r->http_status = 503;
        if (rc != HANDLER_GO_ON)
            return rc;
    }
    if (request->turn.state == SHARES_IDLE) {
        /* So that the application understands vpce_abandoned_keep. */
        http_header_env_set(r, CONST_STR_LEN("POSTERN_LEFT_IS_HALF_CLOSED"), CONST_STR_LEN("1"));
        vpce_request_watch(r);
        p->shares.now = log_monotonic_secs;
        shares_ask(&p->shares, state->share, &request->turn);
    }
    if (vpce_request_caller_left(r, request))
        return vpce_request_leave(r, p);
    if (request->turn.state == SHARES_WAITING)
        return HANDLER_WAIT_FOR_EVENT;
    request->handed_over = true;
    return vpce_request_go_on(r, p, request);
}

/* lighttpd has the whole answer, so the application is done, however slowly the caller reads. */
handler_t vpce_request_answered(request_st *r, void *p_d)
{
    struct vpce_plugin *p = p_d;
    struct vpce_request *request = r->plugin_ctx[p->base.id];
    if (request)
        vpce_wake(shares_end(&p->shares, &request->turn));
    return HANDLER_GO_ON;
}

/* The request ends, answered or not. lighttpd calls these hooks from the last module to the first,
 * and this one comes after mod_fastcgi: so a connection to the application is still there. */
handler_t vpce_request_reset(request_st *r, void *p_d)
{
    struct vpce_plugin *p = p_d;
    struct vpce_request *request = r->plugin_ctx[p->base.id];
    if (!request)
        return HANDLER_GO_ON;
    const gw_handler_ctx *backend = r->plugin_ctx[p->fastcgi];
    bool busy = request->turn.state == SHARES_BEGUN && backend && backend->fd >= 0;
    if (!busy || !vpce_abandoned_keep(p, r->con->srv, backend->fd, &request->turn))
        vpce_wake(shares_end(&p->shares, &request->turn));
    free(request);
    r->plugin_ctx[p->base.id] = NULL;
    return HANDLER_GO_ON;
}
