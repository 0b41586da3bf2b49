#include "http/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "http/conditional.h"
#include "http/field.h"
#include "http/header.h"
#include "http/problem.h"
#include "http/query.h"
#include "http/route.h"
#include "http/status.h"
#include "metrics/metrics.h"

/* Bytes of a header that a problem shows, with the NUL. */
enum { HTTP_SHOWN_SIZE = 65 };

void http_service_init(struct http_service *service, struct store *store, size_t answer_max)
{
    service->store = store;
    api_response_init(&service->reply, answer_max);
    buffer_init(&service->problem, PROBLEM_BODY_MAX);
}

void http_service_free(struct http_service *service)
{
    api_response_free(&service->reply);
    buffer_free(&service->problem);
}

void http_service_rest(struct http_service *service)
{
    buffer_reset(&service->problem, PROBLEM_BODY_KEEP);
    api_response_reset(&service->reply);
}

void http_response_init(struct http_response *response)
{
    *response = (struct http_response){.status = 0};
    buffer_init(&response->headers, HTTP_HEADERS_MAX);
}

void http_response_free(struct http_response *response)
{
    buffer_free(&response->headers);
}

void http_label_metrics(void)
{
    static const char *problems[PROBLEM_MAX];
    for (enum problem p = PROBLEM_NONE; p < PROBLEM_MAX; p++)
        problems[p] = problem_counted_as(p) == p ? problem_names[p] : NULL;
    metrics_label_texts(LABEL_ROUTE, route_names(), ROUTE_NAMES);
    metrics_label_texts(LABEL_PROBLEM, problems, PROBLEM_MAX);
}

int http_route_number(const char *path)
{
    const char *const *names = route_names();
    int number = 0;
    for (int i = 0; i < ROUTE_NAMES; i++)
        number = names[i] && strcmp(names[i], path) == 0 ? i : number;
    return number;
}

static void http_header(struct http_exchange *x, const char *name, const char *value)
{
    struct buffer *headers = &x->response->headers;
    buffer_text(headers, name);
    buffer_text(headers, ": ");
    buffer_text(headers, value);
    buffer_text(headers, "\r\n");
}

static void http_start(struct http_exchange *x)
{
    const char *id = x->request->headers[HTTP_REQUEST_ID];
    struct http_response *response = x->response;
    buffer_reset(&response->headers, HTTP_HEADERS_MAX + 1);
    response->etag[0] = '\0';
    http_service_rest(x->service);
    if (id && id_is_request_id(id))
        snprintf(response->request_id, sizeof response->request_id, "%s", id);
    else
        id_make(clock_now_us(), response->request_id);
    http_header(x, "X-Request-Id", response->request_id);
}

static void http_finish(struct http_exchange *x, int status, const struct buffer *body)
{
    bool bodiless = status == 204 || status == 304;
    x->response->status = status;
    x->response->reason = status_reason(status);
    x->response->route = x->match.path ? x->match.path : "-";
    x->response->route_number = x->match.number;
    x->response->body = body && body->data ? body->data : "";
    x->response->body_len = body && !bodiless ? body->len : 0;
    x->response->send_body = !bodiless && strcmp(x->request->method, "HEAD") != 0;
}

static void http_problem(struct http_exchange *x, enum problem problem)
{
    problem_render(problem, &x->service->reply, x->response->request_id, x->query.pretty,
                   &x->service->problem);
    problem_headers(problem, x->match.allow, &x->response->headers);
    metrics_add(METRIC_PROBLEMS, 1, METRICS_WITH(problem_counted_as(problem)));
    http_finish(x, problem_status(problem), &x->service->problem);
}

static void http_options(struct http_exchange *x)
{
    http_header(x, "Allow", x->match.allow);
    http_finish(x, 204, NULL);
}

/* Names the page that starts after that row (RFC 8288). */
static void http_link(struct http_exchange *x, const char *after)
{
    struct buffer *headers = &x->response->headers;
    buffer_printf(headers, "Link: <%s?limit=%d&after=%s", x->match.route->path, (int)x->query.limit,
                  after);
    if (x->query.has_reference) {
        buffer_text(headers, "&reference=");
        query_write_value(headers, x->query.reference);
    }
    buffer_printf(headers, "%s>; rel=\"next\"\r\n", x->query.pretty ? "&pretty" : "");
}

static void http_success(struct http_exchange *x, enum api_status status)
{
    const struct api_route *route = x->match.route;
    const struct api_response *reply = &x->service->reply;
    char *etag = x->response->etag;

    http_header(x, "Cache-Control", route->shared ? FIELD_REVALIDATE : FIELD_PRIVATE);
    if (reply->next[0])
        http_link(x, reply->next);
    if (route->shared) {
        conditional_etag(reply->body.data, reply->body.len, reply->next, etag);
        http_header(x, "ETag", etag);
        if (conditional_matches(x->request->headers[HTTP_IF_NONE_MATCH], etag)) {
            http_finish(x, 304, NULL);
            return;
        }
    }
    if (reply->location[0])
        http_header(x, "Location", reply->location);
    if (status == API_REPLAYED)
        http_header(x, "Idempotent-Replayed", "true");
    http_header(x, "Content-Type", FIELD_MEDIA_JSON);
    http_finish(x, status == API_OK ? 200 : 201, &reply->body);
}

bool http_is_probe(const struct http_request *request)
{
    struct route_match match;
    route_find(request->method, request->path, &match);
    return match.route && match.route->probe;
}

/* A refusal says with the field of the rate, and with Retry-After, when to come again. */
static void http_rate_headers(struct http_exchange *x)
{
    const struct bucket_state *bucket = &x->request->bucket;
    struct buffer *headers = &x->response->headers;
    char policy[FIELD_RATE_SIZE], rate[FIELD_RATE_SIZE];
    if (!bucket->limited)
        return;
    field_rate_policy(bucket, policy);
    field_rate(bucket, rate);
    buffer_printf(headers, "RateLimit-Policy: %s\r\nRateLimit: %s\r\n", policy, rate);
    if (!bucket->admitted)
        buffer_printf(headers, "Retry-After: %d\r\n", bucket->reset_s);
}

/* Says what is wrong, and shows the header that it is about. */
__attribute__((format(printf, 2, 0))) static void http_detail(struct http_exchange *x,
                                                              const char *format, const char *value)
{
    char shown[HTTP_SHOWN_SIZE];
    text_show(value, shown, sizeof shown);
    snprintf(x->service->reply.detail, sizeof x->service->reply.detail, format, shown);
}

/* The web server refused the request as malformed, and does not say why. The commonest reason that
 * nobody sees in their own request is named here. */
static void http_explain_refusal(struct http_exchange *x)
{
    const char *host = x->request->headers[HTTP_HOST];
    if (host && *host && !header_is_host(host))
        http_detail(x,
                    "the Host \"%s\" is no host's name: letters, digits, hyphens and dots, without "
                    "underscores, and perhaps a port; call the service by another name",
                    host);
}

/* Checks a request with a body, before the handler sees it. */
static enum problem http_check_body(struct http_exchange *x)
{
    const struct http_request *request = x->request;
    const char *key = request->headers[HTTP_IDEMPOTENCY_KEY];
    const char *coding = request->headers[HTTP_CONTENT_ENCODING];
    if (!header_is_json(request->headers[HTTP_CONTENT_TYPE]))
        return PROBLEM_MEDIA_TYPE_OF;
    if (coding && *coding && strcasecmp(coding, "identity") != 0) {
        http_detail(x, "the body is in the content coding \"%s\"; send it in none", coding);
        return PROBLEM_CODING;
    }
    if (request->body_too_large)
        return PROBLEM_TOO_LARGE;
    if (request->body_cut)
        return PROBLEM_BODY_CUT;
    if (x->match.route->keyed && key && !header_idempotency_key(key, x->key))
        return PROBLEM_BAD_KEY;
    return PROBLEM_NONE;
}

/* Why it is refused whatever it asks for, for who sent it and how many it sent. */
static enum problem http_check_caller(const struct http_request *request, bool probe)
{
    if (probe)
        return PROBLEM_NONE;
    if (request->unidentified)
        return PROBLEM_UNIDENTIFIED;
    if (request->denied)
        return PROBLEM_DENIED;
    return request->bucket.limited && !request->bucket.admitted ? PROBLEM_RATE_LIMITED
                                                                : PROBLEM_NONE;
}

static enum problem http_check(struct http_exchange *x, enum problem caller)
{
    enum problem refusal = problem_of_refusal(x->request->refused);
    struct violations *violations = &x->service->reply.violations;
    const struct api_route *route = x->match.route;
    const struct query_takes takes = {.page = route && route->paged,
                                      .reference = route && route->referenced};
    /* The query is read first, so that a refusal too is indented if ?pretty asks for it. */
    query_read(x->request->query, takes, &x->query, violations);
    if (takes.page && !x->query.limit)
        x->query.limit = route->page;
    if (caller != PROBLEM_NONE)
        return caller;
    if (refusal == PROBLEM_BAD_REQUEST)
        http_explain_refusal(x);
    if (refusal != PROBLEM_NONE)
        return refusal;
    if (!x->match.path)
        return PROBLEM_NO_ROUTE;
    if (!x->match.route)
        return PROBLEM_METHOD;
    if (violations->count > 0)
        return PROBLEM_INVALID;
    bool body = x->request->body_len > 0 || x->request->body_too_large || x->request->body_cut;
    if (x->match.route->takes_body)
        return body || !x->match.route->body_optional ? http_check_body(x) : PROBLEM_NONE;
    /* It has no meaning there (RFC 9110, section 9.3.1), and who sends one expects it to. */
    return body ? PROBLEM_BODY_UNWANTED : PROBLEM_NONE;
}

static struct api_request http_call(const struct http_exchange *x)
{
    const struct api_route *route = x->match.route;
    return (struct api_request){
        .store = x->service->store,
        .consumer = x->request->consumer,
        .id = x->match.id,
        .after = x->query.has_after ? x->query.after : NULL,
        .reference = x->query.has_reference ? x->query.reference : NULL,
        .limit = x->query.limit,
        .idempotency_key = x->key[0] ? x->key : NULL,
        .body = route->takes_body ? x->request->body : NULL,
        .body_len = route->takes_body ? x->request->body_len : 0,
        .now_us = clock_now_us(),
        .pretty = x->query.pretty,
        .draining = x->draining,
        .store_state = x->service->store_state,
    };
}

/* Makes the response of what a handler has said. */
static void http_answer(struct http_exchange *x, enum api_status status)
{
    enum problem problem = problem_of(status);
    /* There was no memory, or no room, for the whole body. Half a body must not be sent. */
    if (problem == PROBLEM_NONE && x->service->reply.body.overflown)
        problem = PROBLEM_FAULT;
    if (problem == PROBLEM_NONE)
        http_success(x, status);
    else
        http_problem(x, problem);
}

/* Calls the route. False: it has prepared a change. */
static bool http_ask(struct http_exchange *x)
{
    const struct api_route *route = x->match.route;
    const struct api_request call = http_call(x);
    struct api_response *reply = &x->service->reply;
    enum api_status status =
        route->prepare ? route->prepare(&call, &x->change, reply) : route->handler(&call, reply);
    if (route->prepare && status == API_OK)
        return false;
    http_answer(x, status);
    return true;
}

static void http_exchange_init(struct http_exchange *x, struct http_service *service,
                               const struct http_request *request, bool draining,
                               struct http_response *response)
{
    x->service = service;
    x->request = request;
    x->response = response;
    x->draining = draining;
    x->query = (struct query){.limit = 0};
    x->key[0] = '\0';
}

bool http_begin(struct http_exchange *x, struct http_service *service,
                const struct http_request *request, bool draining, struct http_response *response)
{
    http_exchange_init(x, service, request, draining, response);
    http_start(x);
    route_find(request->method, request->path, &x->match);
    if (!service->store && !x->match.probe)
        x->match = (struct route_match){.route = NULL};
    bool probe = x->match.route && x->match.route->probe;
    enum problem caller = http_check_caller(request, probe);
    response->traffic = !probe && caller == PROBLEM_NONE && !request->refused;
    bool shut_out = caller == PROBLEM_DENIED || caller == PROBLEM_UNIDENTIFIED;
    if (draining || shut_out)
        buffer_text(&response->headers, "Connection: close\r\n");
    if (!probe && !shut_out)
        http_rate_headers(x);
    if (caller == PROBLEM_NONE && x->match.path && strcmp(request->method, "OPTIONS") == 0) {
        http_options(x);
        return true;
    }
    enum problem problem = http_check(x, caller);
    if (problem == PROBLEM_NONE)
        return http_ask(x);
    http_problem(x, problem);
    return true;
}

void http_conclude(struct http_exchange *x)
{
    const struct api_request call = http_call(x);
    http_service_rest(x->service);
    http_answer(x, x->match.route->conclude(&call, &x->change, &x->service->reply));
}

void http_handle(struct http_service *service, const struct http_request *request, bool draining,
                 struct http_response *response)
{
    struct http_exchange x;
    struct store_outcome outcome;
    if (http_begin(&x, service, request, draining, response))
        return;
    x.change.store.outcome = &outcome;
    store_changes_make(service->store, &x.change.store, 1);
    http_conclude(&x);
}
