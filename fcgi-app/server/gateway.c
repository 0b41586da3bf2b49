#include "server/gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/socket.h"
#include "base/text.h"
#include "server/cgi.h"

enum {
    /* A request with all its records. Each has a header of eight bytes, a variable's too, which has
     * no less itself. */
    GATEWAY_RECORDS_MAX = 2 * INBOUND_VARIABLES_MAX + HTTP_BODY_MAX + 256,
    GATEWAY_RECORDS_KEPT = 8 * 1024,
    GATEWAY_FEED_SIZE = 256 * 1024
};

static void gateway_shut_feed(struct gateway *gateway)
{
    socket_close(&gateway->feed[0]);
    socket_close(&gateway->feed[1]);
}

static bool gateway_fail(const char *call)
{
    log_write(LOG_ERROR, "cannot hand requests to libfcgi",
              LOG_FIELDS(LOG_TEXT("call", call), LOG_TEXT("error", strerror(errno))));
    return false;
}

/* A pipe costs less than a pair of sockets. Not to wait is a matter of the writing end alone. */
static bool gateway_open_feed(struct gateway *gateway)
{
    if (pipe2(gateway->feed, O_CLOEXEC) != 0) {
        gateway->feed[0] = gateway->feed[1] = -1;
        return gateway_fail("pipe2");
    }
    return (fcntl(gateway->feed[1], F_SETPIPE_SZ, GATEWAY_FEED_SIZE) >= GATEWAY_RECORDS_MAX &&
            fcntl(gateway->feed[1], F_SETFL, O_NONBLOCK) == 0) ||
           gateway_fail("fcntl");
}

bool gateway_init(struct gateway *gateway)
{
    gateway->body = malloc(HTTP_BODY_MAX + 1);
    buffer_init(&gateway->head, CGI_HEAD_MAX);
    buffer_init(&gateway->records, GATEWAY_RECORDS_MAX);
    return gateway_open_feed(gateway) && (gateway->body || gateway_fail("malloc"));
}

void gateway_free(struct gateway *gateway)
{
    free(gateway->body);
    gateway->body = NULL;
    buffer_free(&gateway->head);
    buffer_free(&gateway->records);
    gateway_shut_feed(gateway);
}

static bool gateway_feed(struct gateway *gateway, const struct inbound *in)
{
    struct buffer *records = &gateway->records;
    buffer_reset(records, GATEWAY_RECORDS_KEPT);
    inbound_put(in, cgi_asks, records);
    if (records->overflown)
        return gateway_fail("realloc");
    return (gateway->feed[1] >= 0 || gateway_open_feed(gateway)) &&
           (write(gateway->feed[1], records->data, records->len) == (ssize_t)records->len ||
            gateway_fail("write"));
}

bool gateway_accept(struct gateway *gateway, FCGX_Request *fcgi, const struct inbound *in)
{
    if (gateway_feed(gateway, in)) {
        /* To libfcgi this is a connection that it keeps, with the next request on it. */
        fcgi->ipcFd = gateway->feed[0];
        fcgi->keepConnection = 1;
        if (FCGX_Accept_r(fcgi) >= 0)
            return true;
        gateway_fail("FCGX_Accept_r");
        /* libfcgi has closed it. */
        gateway->feed[0] = -1;
    }
    /* Nothing of it may be left for the next one. */
    gateway_shut_feed(gateway);
    return false;
}

/* FCGX_GetParam calls strncmp for each variable there is: a tenth of what a read costs. */
static const char *gateway_lookup(const void *source, const char *name)
{
    for (char **at = ((const FCGX_Request *)source)->envp; *at; at++) {
        size_t i = 0;
        while (name[i] && name[i] == (*at)[i])
            i++;
        if (!name[i] && (*at)[i] == '=')
            return *at + i + 1;
    }
    return NULL;
}

/* The web server checked the length. So a length that is no number, or a body that ends early,
 * means that it gave up half-way. */
static void gateway_read_body(struct gateway *gateway, FCGX_Request *fcgi,
                              struct http_request *request)
{
    const char *text = gateway_lookup(fcgi, CGI_LENGTH_VARIABLE);
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
    char rest[256];
    cgi_request(gateway_lookup, fcgi, request);
    gateway_read_body(gateway, fcgi, request);
    /* The next request comes over the same pipe. */
    while (FCGX_GetStr(rest, sizeof rest, fcgi->in) > 0)
        continue;
}

/* While a request waits, the buffers of two of its three streams would take 8 KiB for nothing. */
void gateway_answer_to(FCGX_Request *fcgi, int connection)
{
    FCGX_FreeStream(&fcgi->in);
    /* No byte was written to it, so none is sent. */
    FCGX_FClose(fcgi->err);
    FCGX_FreeStream(&fcgi->err);
    fcgi->ipcFd = connection;
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
    /* The other stream is closed, so the last bytes and the end of the request leave in one write:
     * decisions/0005. */
    return FCGX_FClose(fcgi->out) == 0 && FCGX_GetError(fcgi->out) == 0;
}

void gateway_finish(FCGX_Request *fcgi)
{
    fcgi->ipcFd = -1;
    FCGX_Finish_r(fcgi);
}
