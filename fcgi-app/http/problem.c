#include "http/problem.h"

#include <stdio.h>

#define PROBLEM_TYPE_PREFIX "urn:postern:problem:"

static const struct {
    int status;
    int retry_after; /* seconds; 0: trying again does not help */
    const char *name;
    const char *title;
    const char *detail; /* unless the handler has a better one */
} problem_rows[PROBLEM_MAX] = {
    [PROBLEM_NONE] = {200, 0, "", "", ""},
    [PROBLEM_DENIED] = {403, 0, "consumer-denied", "Consumer denied",
                        "the owner of this service refuses your VPC endpoint; ask the owner to "
                        "admit it again"},
    [PROBLEM_NO_ROUTE] = {404, 0, "not-found", "Not found",
                          "there is nothing at this path; see GET /products and /orders"},
    [PROBLEM_METHOD] =
        {405, 0, "method-not-allowed", "Method not allowed",
         "this path does not take this method; the Allow header names those it does"},
    [PROBLEM_MEDIA_TYPE_OF] = {415, 0, "unsupported-media-type", "Unsupported media type",
                               "send the body with Content-Type: application/json"},
    [PROBLEM_TOO_LARGE] = {413, 0, "content-too-large", "Content too large",
                           "the body is over 65536 bytes"},
    [PROBLEM_BODY_CUT] = {400, 0, "incomplete-body", "Incomplete body",
                          "the body ended before its announced length"},
    [PROBLEM_BAD_KEY] = {400, 0, "bad-idempotency-key", "Bad idempotency key",
                         "Idempotency-Key must be one quoted string or one bare token of 1 to 255 "
                         "characters"},
    [PROBLEM_MALFORMED] = {400, 0, "malformed-json", "Malformed JSON",
                           "the body is not valid JSON"},
    [PROBLEM_INVALID] = {422, 0, "invalid-request", "Invalid request",
                         "the request breaks the rules named in errors"},
    [PROBLEM_NO_PRODUCT] = {404, 0, "unknown-product", "Unknown product",
                            "there is no product with this id"},
    [PROBLEM_NO_ORDER] = {404, 0, "unknown-order", "Unknown order",
                          "you have no order with this id"},
    [PROBLEM_OUT_OF_STOCK] = {409, 0, "out-of-stock", "Out of stock",
                              "there is less in stock than was ordered; nothing was taken"},
    [PROBLEM_KEY_REUSED] =
        {422, 0, "idempotency-key-reused", "Idempotency key reused",
         "this Idempotency-Key came with a different order before; use a new key"},
    [PROBLEM_KEY_IN_FLIGHT] = {409, 1, "idempotency-key-in-flight", "Idempotency key in flight",
                               "the first request with this Idempotency-Key has not ended yet"},
    [PROBLEM_LIST_TOO_LONG] = {422, 0, "list-too-long", "List too long",
                               "the list is too long for one answer; page it with ?limit=1000"},
    [PROBLEM_DRAINING] = {503, 1, "draining", "Draining",
                          "this process is about to leave; another one takes over"},
    [PROBLEM_STORE_BUSY] = {503, 1, "store-busy", "Store busy",
                            "the store was busy for too long; nothing was changed"},
    [PROBLEM_STORE_DOWN] = {503, 2, "store-unavailable", "Store unavailable",
                            "the store is out of reach; nothing was changed"},
    [PROBLEM_UNKNOWN] = {503, 2, "outcome-unknown", "Outcome unknown",
                         "the store did not say in time whether the order was placed; repeat the "
                         "request with its Idempotency-Key, or look for the order in GET /orders"},
    [PROBLEM_FAULT] = {500, 0, "internal-error", "Internal error",
                       "the service failed; quote the instance when you report it"},
    [PROBLEM_BAD_REQUEST] = {400, 0, "bad-request", "Bad request",
                             "the request is not well-formed HTTP, or its path has a dot segment, "
                             "an empty segment, an encoded slash, a control character or invalid "
                             "UTF-8"},
    [PROBLEM_REQUEST_TIMEOUT] = {408, 0, "request-timeout", "Request timeout",
                                 "the request did not arrive in time"},
    [PROBLEM_LENGTH_REQUIRED] = {411, 0, "length-required", "Length required",
                                 "send Content-Length with the body"},
    [PROBLEM_URI_TOO_LONG] = {414, 0, "uri-too-long", "URI too long",
                              "the path and query are too long"},
    [PROBLEM_EXPECTATION] = {417, 0, "expectation-failed", "Expectation failed",
                             "what the Expect header asks for cannot be met"},
    [PROBLEM_HEADERS_TOO_LARGE] = {431, 0, "request-header-fields-too-large",
                                   "Request header fields too large",
                                   "the request line and the header fields together are over 8192 "
                                   "bytes"},
    [PROBLEM_WORKER_DIED] = {500, 0, "internal-error", "Internal error",
                             "the service failed before it answered; whether the request took "
                             "effect is not known"},
    [PROBLEM_NOT_IMPLEMENTED] = {501, 0, "not-implemented", "Not implemented",
                                 "this method or transfer coding is not known here"},
    [PROBLEM_BAD_GATEWAY] = {502, 0, "bad-gateway", "Bad gateway",
                             "the application gave no valid answer; whether the request took "
                             "effect is not known"},
    [PROBLEM_UNREACHABLE] = {503, 1, "service-unavailable", "Service unavailable",
                             "the application is out of reach; try again in a few seconds"},
    [PROBLEM_GATEWAY_TIMEOUT] = {504, 0, "gateway-timeout", "Gateway timeout",
                                 "the application did not answer in time; whether the request took "
                                 "effect is not known"},
    [PROBLEM_HTTP_VERSION] = {505, 0, "http-version-not-supported", "HTTP version not supported",
                              "speak HTTP/1.1"},
};

static const enum problem problem_of_status[API_STATUS_MAX] = {
    [API_OK] = PROBLEM_NONE,
    [API_CREATED] = PROBLEM_NONE,
    [API_REPLAYED] = PROBLEM_NONE,
    [API_NO_PRODUCT] = PROBLEM_NO_PRODUCT,
    [API_NO_ORDER] = PROBLEM_NO_ORDER,
    [API_MALFORMED] = PROBLEM_MALFORMED,
    [API_INVALID] = PROBLEM_INVALID,
    [API_OUT_OF_STOCK] = PROBLEM_OUT_OF_STOCK,
    [API_KEY_REUSED] = PROBLEM_KEY_REUSED,
    [API_KEY_IN_FLIGHT] = PROBLEM_KEY_IN_FLIGHT,
    [API_LIST_TOO_LONG] = PROBLEM_LIST_TOO_LONG,
    [API_DRAINING] = PROBLEM_DRAINING,
    [API_STORE_BUSY] = PROBLEM_STORE_BUSY,
    [API_STORE_DOWN] = PROBLEM_STORE_DOWN,
    [API_UNKNOWN] = PROBLEM_UNKNOWN,
    [API_FAULT] = PROBLEM_FAULT,
};

enum problem problem_of(enum api_status status)
{
    return problem_of_status[status];
}

/* Those with which a web server refuses a request by itself. */
static const enum problem problem_refusals[] = {
    PROBLEM_BAD_REQUEST,  PROBLEM_NO_ROUTE,          PROBLEM_REQUEST_TIMEOUT,
    PROBLEM_TOO_LARGE,    PROBLEM_LENGTH_REQUIRED,   PROBLEM_URI_TOO_LONG,
    PROBLEM_EXPECTATION,  PROBLEM_HEADERS_TOO_LARGE, PROBLEM_WORKER_DIED,
    PROBLEM_BAD_GATEWAY,  PROBLEM_NOT_IMPLEMENTED,   PROBLEM_UNREACHABLE,
    PROBLEM_HTTP_VERSION, PROBLEM_GATEWAY_TIMEOUT,
};

enum problem problem_of_refusal(int status)
{
    for (size_t i = 0; i < sizeof problem_refusals / sizeof problem_refusals[0]; i++) {
        if (problem_rows[problem_refusals[i]].status == status)
            return problem_refusals[i];
    }
    return PROBLEM_NONE;
}

int problem_status(enum problem problem)
{
    return problem_rows[problem].status;
}

int problem_retry_after(enum problem problem)
{
    return problem_rows[problem].retry_after;
}

static void problem_write_errors(struct json_writer *w, const struct violations *violations)
{
    size_t kept = violation_kept(violations);
    if (kept == 0)
        return;
    json_write_key(w, "errors");
    json_write_open(w, '[');
    for (size_t i = 0; i < kept; i++) {
        const struct violation *v = &violations->items[i];
        json_write_open(w, '{');
        json_write_member_text(w, "detail", v->detail);
        json_write_member_text(w, v->place == VIOLATION_BODY ? "pointer" : "parameter", v->where);
        json_write_close(w, '}');
    }
    json_write_close(w, ']');
}

static void problem_write_shorts(struct json_writer *w, const struct store_outcome *outcome)
{
    json_write_key(w, "short");
    json_write_open(w, '[');
    for (size_t i = 0; i < outcome->short_count; i++) {
        json_write_open(w, '{');
        json_write_member_number(w, "available", outcome->shorts[i].available);
        json_write_member_number(w, "product_id", outcome->shorts[i].product_id);
        json_write_member_number(w, "requested", outcome->shorts[i].requested);
        json_write_close(w, '}');
    }
    json_write_close(w, ']');
}

void problem_render(enum problem problem, const struct api_response *reply, const char *instance,
                    bool pretty, struct buffer *out)
{
    struct json_writer w;
    char type[64];
    snprintf(type, sizeof type, "%s%s", PROBLEM_TYPE_PREFIX, problem_rows[problem].name);

    json_write_start(&w, out, pretty);
    json_write_open(&w, '{');
    json_write_member_text(
        &w, "detail", reply && reply->detail[0] ? reply->detail : problem_rows[problem].detail);
    if (problem == PROBLEM_INVALID && reply)
        problem_write_errors(&w, &reply->violations);
    json_write_member_text(&w, "instance", instance);
    if (problem == PROBLEM_OUT_OF_STOCK && reply)
        problem_write_shorts(&w, &reply->outcome);
    json_write_member_number(&w, "status", problem_rows[problem].status);
    json_write_member_text(&w, "title", problem_rows[problem].title);
    json_write_member_text(&w, "type", type);
    json_write_close(&w, '}');
    json_write_end(&w);
}
