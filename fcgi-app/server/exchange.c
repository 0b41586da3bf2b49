#include "server/exchange.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "server/access.h"
#include "server/admission.h"
#include "server/cgi.h"
#include "spans/spans.h"

/* No socket: libfcgi is given each connection. */
enum {
    EXCHANGE_NO_LISTENER = -1,
    EXCHANGE_AT_ONCE = 64 * 1024 /* bytes of an answer that a socket takes without waiting */
};

bool exchange_open(struct exchange *exchange, const struct child *child, struct store *store,
                   bool reads_wait)
{
    exchange->child = child;
    exchange->reads_wait = reads_wait;
    http_service_init(&exchange->service, store, (size_t)child->config->answer_kib * 1024);
    http_response_init(&exchange->response);
    if (gateway_init(&exchange->gateway) && FCGX_Init() == 0 &&
        FCGX_InitRequest(&exchange->fcgi, EXCHANGE_NO_LISTENER, FCGI_FAIL_ACCEPT_ON_INTR) == 0)
        return true;
    log_write(LOG_ERROR, "cannot make ready for requests",
              LOG_FIELDS(LOG_TEXT("error", strerror(errno))));
    return false;
}

void exchange_close(struct exchange *exchange)
{
    gateway_free(&exchange->gateway);
    http_response_free(&exchange->response);
    http_service_free(&exchange->service);
}

/* Whether the web server closed the connection, because its client left while the request was
 * queued. One that only ended its own sending still waits for the answer, unless it says that this
 * is its sign of a client that left: mod_postern_vpce keeps its side open until the work ends. */
static bool exchange_is_left(const struct exchange *exchange, int connection)
{
    struct pollfd end = {.fd = connection, .events = POLLRDHUP};
    if (poll(&end, 1, 0) != 1)
        return false;
    return end.revents & (POLLHUP | POLLERR) ||
           FCGX_GetParam(CGI_LEFT_VARIABLE, exchange->fcgi.envp);
}

/* Nobody waits for it, and an order that nobody waits for was perhaps placed anew. */
static void exchange_forget(struct exchange *exchange, const struct http_request *request)
{
    exchange->response.traffic = false;
    metrics_add(METRIC_ABANDONED, 1, METRICS_WITH(IS_BEFORE_BEGUN));
    log_write(LOG_INFO, "request not begun: client left",
              LOG_FIELDS(
                  LOG_TEXT("trace_id", request->trace.id), LOG_TEXT("span_id", request->trace.span),
                  LOG_TEXT("consumer", request->consumer), LOG_TEXT("method", request->method)));
}

static bool exchange_reads(const struct http_request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

/* False if the client left before it had the whole answer. */
static bool exchange_answer(struct exchange *exchange, struct http_request *request, bool draining,
                            int64_t start_us)
{
    struct http_response *response = &exchange->response;
    const struct child *child = exchange->child;
    exchange->service.store_state = scoreboard_store(child->board, child->config);
    if (exchange->reads_wait || !exchange_reads(request))
        acceptors_leave(child->acceptors, child->slot);
    request->trace.sampled = spans_want(&request->trace);
    store_trace(exchange->service.store, request->trace.sampled ? &request->trace : NULL);
    http_handle(&exchange->service, request, draining, response);
    store_trace(exchange->service.store, NULL);
    access_count(request, response, clock_monotonic_us() - start_us);
    /* The web server may take its time. */
    if (response->send_body && response->body_len > EXCHANGE_AT_ONCE)
        acceptors_leave(child->acceptors, child->slot);
    bool sent = gateway_write(&exchange->gateway, &exchange->fcgi, response);
    int64_t duration_us = clock_monotonic_us() - start_us;
    access_log(request, response, sent, duration_us);
    access_trace(request, response, duration_us);
    return sent;
}

bool exchange_serve(struct exchange *exchange, struct arrival *arrival, bool draining,
                    int64_t start_us)
{
    struct http_request request;
    FCGX_Request *fcgi = &exchange->fcgi;
    bool sent = false;

    exchange->response.traffic = false;
    if (!gateway_accept(&exchange->gateway, fcgi, &arrival->in))
        return false;
    gateway_read(&exchange->gateway, fcgi, &request);
    gateway_answer_to(fcgi, arrival->fd);
    admission_check(exchange->child->board, &request, &exchange->caller);
    if (exchange_is_left(exchange, arrival->fd))
        exchange_forget(exchange, &request);
    else
        sent = exchange_answer(exchange, &request, draining, start_us);
    /* The request's texts belong to libfcgi. */
    gateway_finish(fcgi);
    http_service_rest(&exchange->service);
    return sent && arrival->in.keeps;
}
