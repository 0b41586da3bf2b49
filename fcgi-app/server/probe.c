#include "server/probe.h"

#include <errno.h>
#include <fastcgi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/socket.h"
#include "server/pairs.h"
#include "server/record.h"

/* The answer of a health route fits in the first part of one record; no more is read. */
enum { PROBE_REQUEST_MAX = 1024, PROBE_ANSWER_MAX = 4096, PROBE_ID = 1 };

#define PROBE_STATUS "Status: "

static void probe_request(struct buffer *out, const char *path)
{
    const FCGI_BeginRequestBody begin = {.roleB0 = FCGI_RESPONDER};
    struct buffer variables;
    buffer_init(&variables, PROBE_REQUEST_MAX);
    pairs_put(&variables, "REQUEST_METHOD", "GET");
    pairs_put(&variables, "PATH_INFO", path);
    record_put(out, FCGI_BEGIN_REQUEST, PROBE_ID, (const char *)&begin, sizeof begin);
    record_put(out, FCGI_PARAMS, PROBE_ID, variables.data, variables.len);
    record_put(out, FCGI_PARAMS, PROBE_ID, "", 0);
    record_put(out, FCGI_STDIN, PROBE_ID, "", 0);
    buffer_free(&variables);
}

/* Reads until the status line is there. */
static int probe_status(int fd, int64_t deadline_us)
{
    char answer[PROBE_ANSWER_MAX];
    size_t used = 0;
    while (used < sizeof answer - 1 && socket_set_deadline(fd, deadline_us)) {
        ssize_t n = recv(fd, answer + used, sizeof answer - 1 - used, 0);
        if (n <= 0 || clock_monotonic_us() >= deadline_us)
            return -1;
        used += (size_t)n;
        answer[used] = '\0';
        if (used <= sizeof(FCGI_Header))
            continue;
        const char *text = answer + sizeof(FCGI_Header);
        if (strchr(text, '\n') && strncmp(text, PROBE_STATUS, strlen(PROBE_STATUS)) == 0)
            return (int)strtol(text + strlen(PROBE_STATUS), NULL, 10);
    }
    return -1;
}

int probe_get(const char *socket_path, const char *path, int timeout_ms, const char **error)
{
    int64_t deadline_us = clock_monotonic_us() + (int64_t)timeout_ms * 1000;
    struct buffer request;
    int status = -1;
    int fd = socket_connect(socket_path, timeout_ms);
    if (fd < 0) {
        *error = strerror(errno);
        return -1;
    }
    buffer_init(&request, PROBE_REQUEST_MAX);
    probe_request(&request, path);
    *error = "the server took the connection but did not answer";
    if (!request.overflown && socket_set_deadline(fd, deadline_us) &&
        send(fd, request.data, request.len, MSG_NOSIGNAL) == (ssize_t)request.len)
        status = probe_status(fd, deadline_us);
    buffer_free(&request);
    close(fd);
    return status;
}
