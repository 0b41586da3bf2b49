/* fuzz_request: whatever is asked, and whatever the store says, the answer is well formed. The
 * input is a request as HTTP/1.1 writes it, "METHOD PATH?QUERY", header lines, an empty line and
 * the body; the line "Store: N" makes the store return the N-th of its results. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/id.h"
#include "fake_store.h"
#include "fuzz.h"
#include "http/header.h"
#include "http/http.h"
#include "http/problem.h"
#include "http/query.h"
#include "http/route.h"
#include "json/json_check.h"

enum { FUZZ_ANSWER_MAX = 1024 * 1024 };

/* Headers, and what stands for what no header says. */
enum fuzz_line {
    FUZZ_STORE = HTTP_HEADER_MAX, /* what the store returns */
    FUZZ_DRAINING,
    FUZZ_DENIED,
    FUZZ_UNIDENTIFIED,
    FUZZ_LEFT, /* tokens of the bucket; none: it is refused */
    FUZZ_TOO_LARGE,
    FUZZ_CUT,
    FUZZ_REFUSED, /* with what status the web server refused it */
    FUZZ_LINE_MAX
};

static const char *const fuzz_names[FUZZ_LINE_MAX] = {
    [HTTP_CONTENT_ENCODING] = "Content-Encoding: ",
    [HTTP_CONTENT_TYPE] = "Content-Type: ",
    [HTTP_HOST] = "Host: ",
    [HTTP_IF_NONE_MATCH] = "If-None-Match: ",
    [HTTP_IDEMPOTENCY_KEY] = "Idempotency-Key: ",
    [HTTP_REQUEST_ID] = "X-Request-Id: ",
    [HTTP_TRACEPARENT] = "traceparent: ",
    [HTTP_TRACESTATE] = "tracestate: ",
    [FUZZ_STORE] = "Store: ",
    [FUZZ_DRAINING] = "Draining: ",
    [FUZZ_DENIED] = "Denied: ",
    [FUZZ_UNIDENTIFIED] = "Unidentified: ",
    [FUZZ_LEFT] = "Left: ",
    [FUZZ_TOO_LARGE] = "Too-Large: ",
    [FUZZ_CUT] = "Cut: ",
    [FUZZ_REFUSED] = "Refused: ",
};

/* Ends the text at the first of the characters and returns what follows; its end if there is none.
 */
static char *fuzz_split(char *text, const char *at)
{
    text += strcspn(text, at);
    if (*text)
        *text++ = '\0';
    return text;
}

static struct bucket_state fuzz_bucket(unsigned long left)
{
    static const struct bucket_limit limit = {50, 100};
    const int64_t second_ns = 1000000000, now_ns = 1000 * second_ns;
    int64_t lack_ns = (100 - (int64_t)(left % 101)) * second_ns / 50;
    return bucket_tell(&limit, now_ns + lack_ns, now_ns, left % 101 > 0);
}

static struct http_request fuzz_parse(char *text, const char *lines[FUZZ_LINE_MAX])
{
    struct http_request request = {.method = text, .consumer = "vpce-1"};
    char *next = fuzz_split(text, "\n"), *path = fuzz_split(text, " ");
    request.path = path;
    request.query = fuzz_split(path, "?");
    while (*next && *next != '\n') {
        char *line = next;
        next = fuzz_split(line, "\n");
        for (size_t i = 0; i < FUZZ_LINE_MAX; i++) {
            if (strncasecmp(line, fuzz_names[i], strlen(fuzz_names[i])) == 0)
                lines[i] = line + strlen(fuzz_names[i]);
        }
    }
    request.body = *next ? next + 1 : next;
    request.body_len = strlen(request.body);
    memcpy(request.headers, lines, sizeof request.headers);
    request.body_too_large = lines[FUZZ_TOO_LARGE] || request.body_len > HTTP_BODY_MAX;
    request.body_cut = lines[FUZZ_CUT];
    request.denied = lines[FUZZ_DENIED];
    request.unidentified = lines[FUZZ_UNIDENTIFIED];
    if (lines[FUZZ_LEFT])
        request.bucket = fuzz_bucket(strtoul(lines[FUZZ_LEFT], NULL, 10));
    if (lines[FUZZ_REFUSED])
        request.refused = (int)(strtoul(lines[FUZZ_REFUSED], NULL, 10) % 1000);
    return request;
}

/* Every line "Name: value", printable, ended by CRLF: nothing that came in can add a line. */
static void fuzz_check_headers(const struct buffer *headers)
{
    const char *at = headers->data;
    FUZZ_REQUIRE(!headers->overflown);
    FUZZ_INT(headers->len, strlen(at));
    while (*at) {
        size_t len = strcspn(at, "\r"), name = strcspn(at, ":");
        FUZZ_COMPARE(len, >, name + 2);
        FUZZ_COMPARE(name, >, 0);
        FUZZ_REQUIRE(strncmp(at + len, "\r\n", 2) == 0);
        for (size_t i = 0; i < len; i++) {
            FUZZ_COMPARE((unsigned char)at[i], >=, 0x20);
            FUZZ_COMPARE((unsigned char)at[i], <=, 0x7e);
        }
        at += len + 2;
    }
}

static void fuzz_check_body(const struct http_response *response)
{
    bool bodiless = response->status == 204 || response->status == 304;
    FUZZ_INT(bodiless, response->body_len == 0);
    FUZZ_REQUIRE(!(bodiless && response->send_body));
    if (bodiless)
        return;
    char *copy = malloc(response->body_len + 1);
    size_t where;
    FUZZ_REQUIRE(copy);
    memcpy(copy, response->body, response->body_len);
    copy[response->body_len] = '\0';
    FUZZ_INT(json_check(copy, response->body_len, &where), JSON_OK);
    free(copy);
}

static void fuzz_check_response(const struct http_request *request,
                                const struct http_response *response)
{
    bool problem = strstr(response->headers.data, PROBLEM_MEDIA_TYPE "\r\n") != NULL;
    FUZZ_REQUIRE(strcmp(response->reason, "Unknown") != 0);
    FUZZ_REQUIRE(response->route[0]);
    FUZZ_INT(problem, response->status >= 400);
    FUZZ_REQUIRE(id_is_request_id(response->request_id));
    FUZZ_REQUIRE(!response->send_body || strcmp(request->method, "HEAD") != 0);
    fuzz_check_headers(&response->headers);
    fuzz_check_body(response);
}

/* Who is denied, not identified or over the rate learns nothing and reaches no store, but by a
 * probe. Whoever is one of the first two, or asks while the process drains, is told to let go of
 * the connection. Each limited answer tells the rate. */
static void fuzz_check_caller(const struct http_request *request, bool draining,
                              const struct http_response *response, int calls)
{
    struct route_match match;
    route_find(request->method, request->path, &match);
    bool probe = match.route && match.route->probe;
    bool denied = (request->denied || request->unidentified) && !probe;
    bool limited = request->bucket.limited && !probe && !denied;
    bool over = limited && !request->bucket.admitted;
    bool closes = strstr(response->headers.data, "Connection: close\r\n") != NULL;
    FUZZ_REQUIRE(!denied || response->status == 403);
    FUZZ_REQUIRE(!(denied || over) || (calls == 0 && !response->traffic));
    FUZZ_REQUIRE(denied || response->status != 403);
    FUZZ_INT(over, response->status == 429);
    FUZZ_INT(closes, draining || denied);
    FUZZ_INT(limited, strstr(response->headers.data, "RateLimit: \"consumer\";r=") != NULL);
    FUZZ_REQUIRE(!over || strstr(response->headers.data, "Retry-After: "));
}

/* What is written reads back as it was. */
static void fuzz_check_value(const char *value)
{
    static struct violations violations;
    struct buffer out;
    struct query query;
    buffer_init(&out, FUZZ_ANSWER_MAX);
    buffer_text(&out, "reference=");
    query_write_value(&out, value);
    query_read(out.data, (struct query_takes){.reference = true}, &query, &violations);
    FUZZ_TEXT(query.reference, value);
    buffer_free(&out);
}

static void fuzz_check_parts(const struct http_request *request)
{
    static struct violations violations;
    struct route_match match;
    struct query query;
    route_find(request->method, request->path, &match);
    FUZZ_REQUIRE(!match.route || match.path == match.route->path);
    FUZZ_INT(match.path != NULL, match.allow[0] != '\0');
    FUZZ_COMPARE(strlen(match.id), <, ROUTE_ID_SIZE);
    violations.count = 0;
    query_read(request->query, (struct query_takes){.page = true, .reference = true}, &query,
               &violations);
    FUZZ_COMPARE(query.limit, >=, 0);
    FUZZ_COMPARE(query.limit, <=, QUERY_LIMIT_MAX);
    FUZZ_COMPARE(strlen(query.after), <, QUERY_AFTER_SIZE);
    FUZZ_REQUIRE(query.has_after || !query.after[0]);
    FUZZ_COMPARE(strlen(query.reference), <, QUERY_REFERENCE_SIZE);
    FUZZ_REQUIRE(query.has_reference || !query.reference[0]);
    fuzz_check_value(query.reference);
    for (size_t i = 0; i < violation_kept(&violations); i++) {
        FUZZ_REQUIRE(violations.items[i].where[0]);
        FUZZ_REQUIRE(violations.items[i].detail[0]);
    }
    query_read(request->query, (struct query_takes){.page = false}, &query, &violations);
    FUZZ_INT(query.limit, 0);
    FUZZ_REQUIRE(!query.has_after && !query.has_reference);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fake_store fake;
    static struct http_service service;
    static struct http_response response;
    const char *lines[FUZZ_LINE_MAX] = {NULL};
    char *text = malloc(size + 1);
    FUZZ_REQUIRE(text);
    memcpy(text, data, size);
    text[size] = '\0';
    if (!service.store) {
        http_service_init(&service, &fake.store, FUZZ_ANSWER_MAX);
        http_response_init(&response);
    }
    struct http_request request = fuzz_parse(text, lines);
    fuzz_check_parts(&request);
    fake_store_init(&fake);
    fake.order_count = 3;
    fake.unknown[0] = fake.shorts[0].product_id = 1;
    fake.unknown_count = fake.short_count = 1;
    if (lines[FUZZ_STORE])
        fake.result = (enum store_result)(strtoul(lines[FUZZ_STORE], NULL, 10) % STORE_RESULT_MAX);
    /* No other call of a store returns that. */
    if (fake.result == STORE_REPLAYED && strcmp(request.method, "POST") != 0)
        fake.result = STORE_FAULT;
    service.store_state = fake.result == STORE_REPLAYED ? STORE_OK : fake.result;
    http_handle(&service, &request, lines[FUZZ_DRAINING] != NULL, &response);
    fuzz_check_response(&request, &response);
    fuzz_check_caller(&request, lines[FUZZ_DRAINING] != NULL, &response, fake.calls);
    free(text);
    return 0;
}
