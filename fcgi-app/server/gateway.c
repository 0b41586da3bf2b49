#include "server/gateway.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/text.h"
#include "config/consumers.h"

/* lighttpd sets it when it calls its error handler (decisions/0014): the status of the error that
 * it found. No client can set it, because a client's headers arrive as HTTP_ variables. */
#define GATEWAY_REFUSAL_VARIABLE "REDIRECT_STATUS"

enum { GATEWAY_HEAD_MAX = HTTP_HEADERS_MAX + 128 };

static const char *const gateway_variables[HTTP_HEADER_MAX] = {
    [HTTP_CONTENT_TYPE] = "CONTENT_TYPE",
    [HTTP_IF_NONE_MATCH] = "HTTP_IF_NONE_MATCH",
    [HTTP_IDEMPOTENCY_KEY] = "HTTP_IDEMPOTENCY_KEY",
    [HTTP_REQUEST_ID] = "HTTP_X_REQUEST_ID",
};

bool gateway_init(struct gateway *gateway)
{
    gateway->body = malloc(HTTP_BODY_MAX + 1);
    buffer_init(&gateway->head, GATEWAY_HEAD_MAX);
    return gateway->body != NULL;
}

void gateway_free(struct gateway *gateway)
{
    free(gateway->body);
    gateway->body = NULL;
    buffer_free(&gateway->head);
}

static const char *gateway_variable(const FCGX_Request *fcgi, const char *name)
{
    const char *value = FCGX_GetParam(name, fcgi->envp);
    return value ? value : "";
}

/* The web server checked the length, and holds the whole body before it connects. So a length that
 * is no number, or a body that ends early, means that it gave up half-way. */
static void gateway_read_body(struct gateway *gateway, FCGX_Request *fcgi,
                              struct http_request *request)
{
    const char *text = gateway_variable(fcgi, "CONTENT_LENGTH");
    int64_t length = 0;
    if (*text && !text_number(text, strlen(text), 0, INT64_MAX, &length))
        request->body_cut = true;
    request->body_too_large = length > HTTP_BODY_MAX;
    request->body = gateway->body;
    if (!request->body_too_large && length > 0) {
        int n = FCGX_GetStr(gateway->body, (int)length, fcgi->in);
        request->body_len = n > 0 ? (size_t)n : 0;
        request->body_cut = request->body_len != (size_t)length;
    }
    gateway->body[request->body_len] = '\0';
}

static int gateway_refusal(const FCGX_Request *fcgi)
{
    const char *text = gateway_variable(fcgi, GATEWAY_REFUSAL_VARIABLE);
    int64_t status = 0;
    return text_number(text, strlen(text), 400, 599, &status) ? (int)status : 0;
}

void gateway_read(struct gateway *gateway, FCGX_Request *fcgi, struct http_request *request)
{
    const char *endpoint = gateway_variable(fcgi, GATEWAY_ENDPOINT_VARIABLE);
    bool identified = endpoint_is_id(endpoint, strlen(endpoint));
    *request = (struct http_request){
        .method = gateway_variable(fcgi, "REQUEST_METHOD"),
        .path = gateway_variable(fcgi, "PATH_INFO"),
        .query = gateway_variable(fcgi, "QUERY_STRING"),
        .consumer = identified ? endpoint : CONSUMERS_NOBODY,
        .unidentified = !identified && *endpoint && strcmp(endpoint, CONSUMERS_NOBODY) != 0,
        .refused = gateway_refusal(fcgi),
    };
    for (enum http_header i = 0; i < HTTP_HEADER_MAX; i++)
        request->headers[i] = FCGX_GetParam(gateway_variables[i], fcgi->envp);
    gateway_read_body(gateway, fcgi, request);
    /* With nothing left to read, closing cannot turn into a reset that overtakes the answer:
     * decisions/0005. */
    if (FCGX_GetChar(fcgi->in) == EOF && FCGX_GetError(fcgi->in) == 0)
        FCGX_Detach(fcgi);
}

static bool gateway_put(FCGX_Request *fcgi, const char *bytes, size_t len)
{
    while (len > 0) {
        int n = len > INT_MAX ? INT_MAX : (int)len;
        if (FCGX_PutStr(bytes, n, fcgi->out) != n)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

bool gateway_write(struct gateway *gateway, FCGX_Request *fcgi,
                   const struct http_response *response)
{
    struct buffer *head = &gateway->head;
    buffer_reset(head, GATEWAY_HEAD_MAX + 1);
    buffer_printf(head, "Status: %d %s\r\n", response->status, response->reason);
    buffer_append(head, response->headers.data, response->headers.len);
    if (response->status != 204 && response->status != 304)
        buffer_printf(head, "Content-Length: %zu\r\n", response->body_len);
    buffer_text(head, "\r\n");
    if (head->overflown)
        return false;
    if (!gateway_put(fcgi, head->data, head->len) ||
        (response->send_body && !gateway_put(fcgi, response->body, response->body_len)))
        return false;
    /* In this order the last bytes and the end of the request leave in one write:
     * decisions/0005. */
    return FCGX_FClose(fcgi->err) == 0 && FCGX_FClose(fcgi->out) == 0 &&
           FCGX_GetError(fcgi->out) == 0;
}
