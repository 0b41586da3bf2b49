/* http: makes a response for a request. It finds the route, checks headers and query, calls the
 * handler, and turns its answer into status, headers and body. It does not know FastCGI. */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/api.h"
#include "base/buffer.h"
#include "base/trace.h"
#include "domain/bucket.h"
#include "http/conditional.h"
#include "http/query.h"
#include "http/route.h"

enum {
    HTTP_BODY_MAX = 64 * 1024,   /* bytes of a request's body */
    HTTP_HEADERS_MAX = 8 * 1024, /* bytes of a response's header lines */
    HTTP_REQUEST_ID_SIZE = 129,  /* the longest X-Request-Id that is kept, and its NUL */
};

enum http_header {
    HTTP_CONTENT_ENCODING,
    HTTP_CONTENT_TYPE,
    HTTP_HOST,
    HTTP_IF_NONE_MATCH,
    HTTP_IDEMPOTENCY_KEY,
    HTTP_REQUEST_ID,
    HTTP_TRACEPARENT,
    HTTP_TRACESTATE,
    HTTP_HEADER_MAX
};

/* A request; all borrowed for the call. */
struct http_request {
    const char *method;
    const char *told_method;              /* for logs and figures; "-" if it is not known */
    const char *path;                     /* decoded, starts with a slash */
    const char *query;                    /* raw, without the question mark; "" if none */
    const char *headers[HTTP_HEADER_MAX]; /* NULL if absent */
    const char *consumer;                 /* its name, else its VPC endpoint's id, or "-" */
    char *body;                           /* may be changed in place; body[body_len] is NUL */
    size_t body_len;
    struct bucket_state bucket; /* of its rate, where it is limited and this is no probe */
    bool denied;                /* the operator refuses this consumer */
    bool unidentified;          /* what the web server says of its endpoint is no endpoint's id */
    bool body_too_large;        /* over HTTP_BODY_MAX, so it was not read */
    bool body_cut;              /* fewer bytes came than Content-Length says */
    struct trace trace;         /* it belongs to; span is the request's own */
    int refused;                /* the status with which the web server itself refused it, or 0 */
};

/* What a worker keeps from one request to the next. */
struct http_service {
    struct store *store; /* borrowed; NULL: probes alone are answered, and all else is not found */
    enum store_result store_state; /* what the last look at it said; kept up by the owner */
    struct api_response reply;     /* the handler's answer, reused */
    struct buffer problem;         /* a problem's body, reused */
};

/* A response. headers are whole lines, each ended by CRLF, without Content-Length. */
struct http_response {
    int status;
    const char *reason; /* the status's standard phrase; a constant */
    const char *route;  /* the route's template, for the log; a constant */
    int route_number;   /* and its number, for the metrics */
    char request_id[HTTP_REQUEST_ID_SIZE];
    struct buffer headers;
    char etag[CONDITIONAL_ETAG_SIZE]; /* the answer's entity tag; "" if it has none */
    const char *body;                 /* borrowed from the service until its next request */
    size_t body_len;                  /* what Content-Length says (never with 204 and 304) */
    bool send_body;                   /* false for HEAD, 204 and 304 */
    bool traffic; /* a caller's request: no probe, and refused neither by the web server nor for who
                     sent it or how many it sent */
};

/* A request between http_begin and http_conclude. */
struct http_exchange {
    struct http_service *service;
    const struct http_request *request;
    struct http_response *response;
    bool draining;
    struct route_match match;
    struct query query;
    char key[ORDER_KEY_MAX + 1]; /* the idempotency key, or "" */
    struct api_change change;    /* what is to be made, once http_begin says so */
};

/* answer_max bounds the bytes of an answer's body. */
void http_service_init(struct http_service *service, struct store *store, size_t answer_max);
void http_service_free(struct http_service *service);

/* Once a response is sent: gives back buffers that are too large to keep while nothing is asked.
 */
void http_service_rest(struct http_service *service);

/* Names the routes and the problems for the metrics, before the fork: see metrics/metrics.h. */
void http_label_metrics(void);

/* The number of a route in the metrics, by its template; that of "-" if there is none. */
int http_route_number(const char *path);

/* Whether the request is a probe: then no consumer and no limit holds for it. */
bool http_is_probe(const struct http_request *request);

void http_response_init(struct http_response *response);
void http_response_free(struct http_response *response);

/* Begins a request. True: the response is made. False: the exchange's change is to be made, its
 * outcome and result set, and http_conclude called. All is borrowed until then, but the service may
 * serve others meanwhile.
 *
 * draining says that this process was told to stop. While it drains, and for a denied or
 * unidentified consumer, the response says Connection: close (RFC 9112, section 9.6). While it
 * drains, the load balancer leads the next connection to another task. For a denied consumer it
 * ends connections that stay open though the owner removed its principal. Such a consumer gets an
 * answer to probes only, and the store is not asked. Nor is it for one whose bucket was empty: that
 * gets 429, whatever it asked for. */
bool http_begin(struct http_exchange *x, struct http_service *service,
                const struct http_request *request, bool draining, struct http_response *response);

/* Makes the response to a request whose change was made. */
void http_conclude(struct http_exchange *x);

/* Answers one request as the two above do, and makes its change by the service's store between
 * them. There always is a response. */
void http_handle(struct http_service *service, const struct http_request *request, bool draining,
                 struct http_response *response);

#endif
