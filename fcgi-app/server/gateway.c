#include "server/gateway.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "server/cgi.h"

bool gateway_init(struct gateway *gateway)
{
    gateway->body = malloc(HTTP_BODY_MAX + 1);
    buffer_init(&gateway->head, CGI_HEAD_MAX);
    return gateway->body != NULL;
}

void gateway_free(struct gateway *gateway)
{
    free(gateway->body);
    gateway->body = NULL;
    buffer_free(&gateway->head);
}

static const char *gateway_lookup(const void *source, const char *name)
{
    return FCGX_GetParam(name, ((const FCGX_Request *)source)->envp);
}

/* The web server checked the length, and holds the whole body before it connects. So a length that
 * is no number, or a body that ends early, means that it gave up half-way. */
static void gateway_read_body(struct gateway *gateway, FCGX_Request *fcgi,
                              struct http_request *request)
{
    const char *text = gateway_lookup(fcgi, "CONTENT_LENGTH");
    int64_t length = 0;
    if (text && *text && !text_number(text, strlen(text), 0, INT64_MAX, &length))
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

void gateway_read(struct gateway *gateway, FCGX_Request *fcgi, struct http_request *request)
{
    cgi_request(gateway_lookup, fcgi, request);
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
    if (!cgi_head(response, head) || !gateway_put(fcgi, head->data, head->len) ||
        (response->send_body && !gateway_put(fcgi, response->body, response->body_len)))
        return false;
    /* In this order the last bytes and the end of the request leave in one write:
     * decisions/0005. */
    return FCGX_FClose(fcgi->err) == 0 && FCGX_FClose(fcgi->out) == 0 &&
           FCGX_GetError(fcgi->out) == 0;
}
