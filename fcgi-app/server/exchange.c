#include "server/exchange.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "publish/target.h"
#include "server/access.h"
#include "server/admission.h"
#include "server/cgi.h"
#include "spans/spans.h"

/* No socket: libfcgi is given each connection. */
enum {
    EXCHANGE_NO_LISTENER = -1,
    EXCHANGE_AT_ONCE = 64 * 1024 /* bytes of an answer that a socket takes without waiting */
};

bool exchanges_open(struct exchanges *all, const struct child *child, struct store *store,
                    struct relay *relay, bool reads_wait)
{
    all->child = child;
    all->relay = relay;
    all->reads_wait = reads_wait;
    http_service_init(&all->service, store, (size_t)child->config->answer_kib * 1024);
    if (!gateway_init(&all->gateway))
        return false;
    if (FCGX_Init() == 0)
        return true;
    log_write(LOG_ERROR, "worker cannot start",
              LOG_FIELDS(LOG_TEXT("call", "FCGX_Init"), LOG_TEXT("error", strerror(errno))));
    return false;
}

static void exchanges_free(struct exchanges *all)
{
    for (int i = 0; i < all->made; i++) {
        http_response_free(&all->all[i]->response);
        free(all->all[i]);
    }
    all->made = all->free = 0;
}

void exchanges_close(struct exchanges *all)
{
    /* Zeros would pass for descriptors. */
    if (!all->child)
        return;
    exchanges_free(all);
    gateway_free(&all->gateway);
    http_service_free(&all->service);
}

bool exchanges_rest(struct exchanges *all)
{
    if (all->free < all->made)
        return false;
    exchanges_free(all);
    http_service_free(&all->service);
    return true;
}

bool exchanges_are_full(const struct exchanges *all)
{
    return all->free == 0 && all->made == RELAY_WAITING_MAX;
}

/* One that serves nothing, which may have to be made; NULL if there is no memory. */
static struct exchange *exchanges_take(struct exchanges *all)
{
    if (all->free > 0)
        return all->frees[--all->free];
    struct exchange *exchange = malloc(sizeof *exchange);
    if (!exchange ||
        FCGX_InitRequest(&exchange->fcgi, EXCHANGE_NO_LISTENER, FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
        log_write(LOG_ERROR, "cannot serve a request", LOG_FIELDS(LOG_TEXT("call", "malloc")));
        free(exchange);
        return NULL;
    }
    http_response_init(&exchange->response);
    all->all[all->made++] = exchange;
    return exchange;
}

/* Whether the web server closed the connection, because its client left while the request was
 * queued. One that only ended its own sending still waits for the answer, unless it says that this
 * is its sign of a client that left: mod_postern_vpce keeps its side open until the work ends. */
static bool exchange_is_left(const struct exchange *exchange)
{
    struct pollfd end = {.fd = exchange->arrival->fd, .events = POLLRDHUP};
    if (poll(&end, 1, 0) != 1)
        return false;
    return end.revents & (POLLHUP | POLLERR) ||
           FCGX_GetParam(CGI_LEFT_VARIABLE, exchange->fcgi.envp);
}

/* Nobody waits for it, and an order that nobody waits for was perhaps placed anew. */
static void exchange_forget(const struct http_request *request)
{
    metrics_add(METRIC_ABANDONED, 1, METRICS_WITH(IS_BEFORE_BEGUN));
    log_write(LOG_INFO, "request not begun: client left",
              LOG_FIELDS(LOG_TEXT("trace_id", request->trace.id),
                         LOG_TEXT("span_id", request->trace.span),
                         LOG_TEXT("consumer", request->consumer),
                         LOG_TEXT("method", request->told_method)));
}

static bool exchange_reads(const struct http_request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

/* What its answer may be published as. The epoch is to be noted before the store is read. */
static void exchange_note_target(const struct child *child, const struct http_request *request,
                                 struct answers_one *one)
{
    *one = (struct answers_one){.target = TARGET_NONE};
    if (!child->answers || !exchange_reads(request) || request->query[0])
        return;
    one->target = target_of(request->path, strlen(request->path));
    if (one->target != TARGET_NONE)
        one->epoch = answers_epoch(child->answers, one->target);
}

/* A 304 has the tag of the same answer. */
static void exchange_offer(const struct exchanges *all, const struct http_response *response,
                           struct answers_one *one)
{
    const struct buffer *body = &all->service.reply.body;
    if (one->target == TARGET_NONE || (response->status != 200 && response->status != 304))
        return;
    one->etag = response->etag;
    one->body = body->data;
    one->len = body->len;
    answers_offer(all->child->answers, one, clock_monotonic_us());
}

/* Sends the answer. */
static void exchange_answer(struct exchanges *all, struct exchange *exchange)
{
    const struct http_response *response = &exchange->response;
    const struct child *child = all->child;
    access_count(&exchange->request, response, clock_monotonic_us() - exchange->start_us);
    /* The web server may take its time. */
    if (response->send_body && response->body_len > EXCHANGE_AT_ONCE)
        acceptors_leave(child->acceptors, child->slot);
    exchange->sent = gateway_write(&all->gateway, &exchange->fcgi, response);
    int64_t duration_us = clock_monotonic_us() - exchange->start_us;
    access_log(&exchange->request, response, exchange->sent, duration_us);
    access_trace(&exchange->request, response, duration_us);
}

static void exchange_hand_over(struct exchanges *all, struct exchange *exchange)
{
    struct store_change *change = &exchange->http.change.store;
    change->owner = exchange;
    exchange->waits = true;
    relay_hand_over(all->relay, change,
                    exchange->request.trace.sampled ? &exchange->request.trace : NULL);
}

static void exchange_begin(struct exchanges *all, struct exchange *exchange, bool draining)
{
    const struct child *child = all->child;
    struct trace *trace = &exchange->request.trace;
    struct answers_one one;
    all->service.store_state = scoreboard_store(child->board, child->config);
    if (all->reads_wait && exchange_reads(&exchange->request))
        acceptors_leave(child->acceptors, child->slot);
    trace->sampled = spans_want(trace);
    store_trace(all->service.store, trace->sampled ? trace : NULL);
    exchange_note_target(child, &exchange->request, &one);
    bool answered = http_begin(&exchange->http, &all->service, &exchange->request, draining,
                               &exchange->response);
    store_trace(all->service.store, NULL);
    exchange_offer(all, &exchange->response, &one);
    if (answered)
        exchange_answer(all, exchange);
    else
        exchange_hand_over(all, exchange);
}

struct exchange *exchanges_serve(struct exchanges *all, struct arrival *arrival, bool draining,
                                 int64_t start_us)
{
    struct exchange *exchange = exchanges_take(all);
    if (!exchange)
        return NULL;
    exchange->arrival = arrival;
    exchange->start_us = start_us;
    exchange->waits = exchange->sent = exchange->response.traffic = false;
    if (!gateway_accept(&all->gateway, &exchange->fcgi, &arrival->in))
        return exchange;
    gateway_read(&all->gateway, &exchange->fcgi, &exchange->request);
    /* libfcgi has it all. */
    inbound_free(&arrival->in);
    gateway_answer_to(&exchange->fcgi, arrival->fd);
    admission_check(all->child->board, &exchange->request, &exchange->caller);
    if (exchange_is_left(exchange))
        exchange_forget(&exchange->request);
    else
        exchange_begin(all, exchange, draining);
    return exchange;
}

struct exchange *exchanges_conclude(struct exchanges *all, const struct store_change *change)
{
    struct exchange *exchange = change->owner;
    exchange->waits = false;
    http_conclude(&exchange->http);
    exchange_answer(all, exchange);
    return exchange;
}

bool exchanges_end(struct exchanges *all, struct exchange *exchange)
{
    /* The request's texts belong to libfcgi. */
    gateway_finish(&exchange->fcgi);
    http_service_rest(&all->service);
    all->frees[all->free++] = exchange;
    return exchange->sent && exchange->arrival->in.keeps;
}
