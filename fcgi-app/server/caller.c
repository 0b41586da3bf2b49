#include "server/caller.h"

#include <errno.h>
#include <fastcgi.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/socket.h"
#include "server/access.h"
#include "server/admission.h"
#include "server/cgi.h"
#include "server/record.h"

enum {
    CALLER_READ_SIZE = 16 * 1024,
    CALLER_REQUEST_MAX = 256 * 1024,
    CALLER_BODY_MAX = 64 * 1024, /* a health answer, or a problem */
    CALLER_ANSWER_MAX = CGI_HEAD_MAX + CALLER_BODY_MAX + 256
};

void caller_desk_init(struct caller_desk *desk, struct scoreboard *board)
{
    *desk = (struct caller_desk){.board = board};
    http_service_init(&desk->service, NULL, CALLER_BODY_MAX);
    http_response_init(&desk->response);
    buffer_init(&desk->head, CGI_HEAD_MAX);
}

void caller_desk_free(struct caller_desk *desk)
{
    http_service_free(&desk->service);
    http_response_free(&desk->response);
    buffer_free(&desk->head);
}

void caller_open(struct caller *caller, int fd)
{
    *caller = (struct caller){.fd = fd, .start_us = clock_monotonic_us()};
    inbound_init(&caller->in, CALLER_REQUEST_MAX, 0);
    buffer_init(&caller->out, CALLER_ANSWER_MAX);
}

void caller_close(struct caller *caller)
{
    socket_close_answered(caller->fd);
    inbound_free(&caller->in);
    buffer_free(&caller->out);
    caller->fd = -1;
}

bool caller_writes(const struct caller *caller)
{
    return caller->out.len > 0;
}

static const char *caller_lookup(const void *source, const char *name)
{
    return inbound_variable(source, name);
}

static void caller_put_answer(struct caller *caller, struct caller_desk *desk)
{
    const FCGI_EndRequestBody end = {.protocolStatus = FCGI_REQUEST_COMPLETE};
    const struct http_response *response = &desk->response;
    unsigned id = caller->in.id;
    if (!cgi_head(response, &desk->head))
        return;
    record_put_stream(&caller->out, FCGI_STDOUT, id, desk->head.data, desk->head.len);
    if (response->send_body)
        record_put_stream(&caller->out, FCGI_STDOUT, id, response->body, response->body_len);
    record_put(&caller->out, FCGI_STDOUT, id, "", 0);
    record_put(&caller->out, FCGI_END_REQUEST, id, (const char *)&end, sizeof end);
}

/* False if the client leaves before it has the whole answer. */
static bool caller_send(struct caller *caller)
{
    while (caller->sent < caller->out.len) {
        ssize_t n = send(caller->fd, caller->out.data + caller->sent,
                         caller->out.len - caller->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN;
        caller->sent += (size_t)n;
    }
    return true;
}

static bool caller_answer(struct caller *caller, struct caller_desk *desk)
{
    struct http_request request;
    if (!inbound_split(&caller->in))
        return false;
    cgi_request(caller_lookup, &caller->in, &request);
    admission_check(desk->board, &request, &desk->entry);
    http_handle(&desk->service, &request, desk->draining, &desk->response);
    access_count(&request, &desk->response, clock_monotonic_us() - caller->start_us);
    caller_put_answer(caller, desk);
    bool sent = caller_writes(caller) && !caller->out.overflown && caller_send(caller);
    access_log(&request, &desk->response, sent, clock_monotonic_us() - caller->start_us);
    http_service_rest(&desk->service);
    return sent;
}

/* False if the client leaves, or sends what is no request. */
static bool caller_read(struct caller *caller)
{
    char bytes[CALLER_READ_SIZE];
    while (caller->in.state == INBOUND_MORE) {
        ssize_t n = recv(caller->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        inbound_feed(&caller->in, bytes, (size_t)n);
    }
    return caller->in.state == INBOUND_WHOLE;
}

bool caller_go_on(struct caller *caller, struct caller_desk *desk)
{
    bool going = caller_writes(caller) ? caller_send(caller) : caller_read(caller);
    if (going && caller->in.state == INBOUND_WHOLE && !caller_writes(caller))
        going = caller_answer(caller, desk);
    return going && (!caller_writes(caller) || caller->sent < caller->out.len);
}
