#include "server/cgi.h"

#include <string.h>

#include "base/endpoint.h"
#include "base/text.h"
#include "config/consumers.h"

/* lighttpd sets it when it calls its error handler (decisions/0014): the status of the error that
 * it found. No client can set it, because a client's headers arrive as HTTP_ variables. */
#define CGI_REFUSAL_VARIABLE "REDIRECT_STATUS"

/* A name with its length, so that most are told apart by that alone. */
struct cgi_name {
    const char *text;
    size_t len;
};
#define CGI_NAME(name)                                                                             \
    {                                                                                              \
        (name), sizeof(name) - 1                                                                   \
    }

static const struct cgi_name cgi_headers[HTTP_HEADER_MAX] = {
    [HTTP_CONTENT_ENCODING] = CGI_NAME("HTTP_CONTENT_ENCODING"),
    [HTTP_CONTENT_TYPE] = CGI_NAME("CONTENT_TYPE"),
    [HTTP_HOST] = CGI_NAME("HTTP_HOST"),
    [HTTP_IF_NONE_MATCH] = CGI_NAME("HTTP_IF_NONE_MATCH"),
    [HTTP_IDEMPOTENCY_KEY] = CGI_NAME("HTTP_IDEMPOTENCY_KEY"),
    [HTTP_REQUEST_ID] = CGI_NAME("HTTP_X_REQUEST_ID"),
    [HTTP_TRACEPARENT] = CGI_NAME("HTTP_TRACEPARENT"),
    [HTTP_TRACESTATE] = CGI_NAME("HTTP_TRACESTATE"),
};

static const struct cgi_name cgi_others[] = {
    CGI_NAME("REQUEST_METHOD"),     CGI_NAME("PATH_INFO"),
    CGI_NAME("QUERY_STRING"),       CGI_NAME(CGI_ENDPOINT_VARIABLE),
    CGI_NAME(CGI_REFUSAL_VARIABLE), CGI_NAME(CGI_LENGTH_VARIABLE),
    CGI_NAME(CGI_LEFT_VARIABLE),    CGI_NAME(CGI_TRACE_VARIABLE),
    CGI_NAME(CGI_SPAN_VARIABLE),    CGI_NAME(CGI_REFUSED_METHOD_VARIABLE)};

static bool cgi_has(const struct cgi_name *names, size_t count, const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].len == len && memcmp(names[i].text, name, len) == 0)
            return true;
    }
    return false;
}

bool cgi_asks(const char *name, size_t len)
{
    return cgi_has(cgi_headers, HTTP_HEADER_MAX, name, len) ||
           cgi_has(cgi_others, sizeof cgi_others / sizeof cgi_others[0], name, len);
}

static const char *cgi_text(cgi_lookup lookup, const void *source, const char *name)
{
    const char *value = lookup(source, name);
    return value ? value : "";
}

static int cgi_refusal(const char *text)
{
    int64_t status = 0;
    return text_number(text, strlen(text), 400, 599, &status) ? (int)status : 0;
}

/* The web server's module read the same traceparent, so a trace that is not the caller's is new. */
static void cgi_trace(cgi_lookup lookup, const void *source, struct http_request *request)
{
    const char *traceparent = request->headers[HTTP_TRACEPARENT];
    const char *id = lookup(source, CGI_TRACE_VARIABLE);
    const char *span = lookup(source, CGI_SPAN_VARIABLE);
    struct trace *trace = &request->trace;
    if (!id || !span || !trace_is_id(id) || !trace_is_span(span)) {
        trace_start(traceparent, trace);
        return;
    }
    if (!traceparent || !trace_read(traceparent, trace) || strcmp(trace->id, id) != 0)
        *trace = (struct trace){.sampled = false};
    memcpy(trace->id, id, sizeof trace->id);
    memcpy(trace->span, span, sizeof trace->span);
}

void cgi_request(cgi_lookup lookup, const void *source, struct http_request *request)
{
    const char *endpoint = cgi_text(lookup, source, CGI_ENDPOINT_VARIABLE);
    bool identified = endpoint_is_id(endpoint, strlen(endpoint));
    *request = (struct http_request){
        .method = cgi_text(lookup, source, "REQUEST_METHOD"),
        .path = cgi_text(lookup, source, "PATH_INFO"),
        .query = cgi_text(lookup, source, "QUERY_STRING"),
        .consumer = identified ? endpoint : CONSUMERS_NOBODY,
        .unidentified = !identified && *endpoint && strcmp(endpoint, CONSUMERS_NOBODY) != 0,
        .refused = cgi_refusal(cgi_text(lookup, source, CGI_REFUSAL_VARIABLE)),
    };
    const char *refused = request->refused ? lookup(source, CGI_REFUSED_METHOD_VARIABLE) : NULL;
    request->told_method = refused ? refused : request->method;
    for (enum http_header i = 0; i < HTTP_HEADER_MAX; i++)
        request->headers[i] = lookup(source, cgi_headers[i].text);
    cgi_trace(lookup, source, request);
}

static void cgi_line(struct buffer *head, const char *name, int64_t number, const char *rest)
{
    buffer_text(head, name);
    buffer_number(head, number);
    buffer_text(head, rest);
}

bool cgi_head(const struct http_response *response, struct buffer *head)
{
    buffer_reset(head, CGI_HEAD_MAX + 1);
    cgi_line(head, "Status: ", response->status, " ");
    buffer_text(head, response->reason);
    buffer_text(head, "\r\n");
    buffer_append(head, response->headers.data, response->headers.len);
    if (response->status != 204 && response->status != 304)
        cgi_line(head, "Content-Length: ", (int64_t)response->body_len, "\r\n");
    buffer_text(head, "\r\n");
    return !head->overflown;
}
