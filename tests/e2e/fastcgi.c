#include "e2e/fastcgi.h"

#include <fastcgi.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "e2e/client.h"
#include "e2e/load.h"

enum { FASTCGI_ID = 1, FASTCGI_REQUEST_MAX = 256 * 1024, FASTCGI_LONG = 0x80 };

const char fastcgi_half_record[4] = {FCGI_VERSION_1, FCGI_BEGIN_REQUEST, 0, FASTCGI_ID};

int fastcgi_connect(const struct pair *pair)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", pair->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void fastcgi_record(struct buffer *out, int type, const char *content, size_t len)
{
    const FCGI_Header header = {.version = FCGI_VERSION_1,
                                .type = (unsigned char)type,
                                .requestIdB0 = FASTCGI_ID,
                                .contentLengthB1 = (unsigned char)(len >> 8),
                                .contentLengthB0 = (unsigned char)len};
    buffer_append(out, (const char *)&header, sizeof header);
    if (len)
        buffer_append(out, content, len);
}

/* A length under 128 takes one byte, else four with the top bit set (FastCGI 1.0, section 3.4). */
static void fastcgi_length(struct buffer *out, size_t len)
{
    if (len >= FASTCGI_LONG) {
        buffer_char(out, (char)(FASTCGI_LONG | len >> 24));
        buffer_char(out, (char)(len >> 16));
        buffer_char(out, (char)(len >> 8));
    }
    buffer_char(out, (char)len);
}

static void fastcgi_variable(struct buffer *out, const char *variable)
{
    size_t name = strcspn(variable, "=");
    const char *value = variable + name + 1;
    fastcgi_length(out, name);
    fastcgi_length(out, strlen(value));
    buffer_append(out, variable, name);
    buffer_text(out, value);
}

static void fastcgi_body(struct buffer *out, const char *body, size_t len)
{
    while (len > 0) {
        size_t n = len < UINT16_MAX ? len : UINT16_MAX;
        fastcgi_record(out, FCGI_STDIN, body, n);
        body += n;
        len -= n;
    }
}

void fastcgi_write(struct buffer *out, const char *const *variables, const char *body, bool keep)
{
    const FCGI_BeginRequestBody begin = {.roleB0 = FCGI_RESPONDER,
                                         .flags = keep ? FCGI_KEEP_CONN : 0};
    size_t len = body ? strlen(body) : 0;
    char length[48];
    struct buffer params;
    buffer_init(&params, UINT16_MAX);
    for (size_t i = 0; variables[i]; i++)
        fastcgi_variable(&params, variables[i]);
    snprintf(length, sizeof length, "CONTENT_LENGTH=%zu", len);
    fastcgi_variable(&params, length);
    fastcgi_record(out, FCGI_BEGIN_REQUEST, (const char *)&begin, sizeof begin);
    fastcgi_record(out, FCGI_PARAMS, params.data, params.len);
    fastcgi_record(out, FCGI_PARAMS, NULL, 0);
    if (len)
        fastcgi_body(out, body, len);
    fastcgi_record(out, FCGI_STDIN, NULL, 0);
    buffer_free(&params);
}

bool fastcgi_receive(int fd, void *out, size_t len, int64_t until_ms)
{
    char *to = out;
    while (len > 0) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left_ms = until_ms - load_now_ms();
        if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) != 1)
            return false;
        ssize_t n = recv(fd, to, len, 0);
        if (n <= 0)
            return false;
        to += n;
        len -= (size_t)n;
    }
    return true;
}

/* Reads a record; what it carries on standard output is joined. */
static bool fastcgi_read_record(int fd, struct buffer *text, int *type, int64_t until_ms)
{
    FCGI_Header header;
    static __thread char content[UINT16_MAX + UINT8_MAX];
    if (!fastcgi_receive(fd, &header, sizeof header, until_ms))
        return false;
    size_t len = (size_t)header.contentLengthB1 << 8 | header.contentLengthB0;
    if (!fastcgi_receive(fd, content, len + header.paddingLength, until_ms))
        return false;
    if (header.type == FCGI_STDOUT && len)
        buffer_append(text, content, len);
    *type = header.type;
    return true;
}

bool fastcgi_read(int fd, struct fastcgi_answer *answer)
{
    int64_t until_ms = load_now_ms() + FASTCGI_TIMEOUT_MS;
    int type = 0;
    *answer = (struct fastcgi_answer){.body = ""};
    buffer_init(&answer->text, FASTCGI_ANSWER_MAX);
    while (type != FCGI_END_REQUEST && fastcgi_read_record(fd, &answer->text, &type, until_ms))
        continue;
    const char *text = type == FCGI_END_REQUEST ? answer->text.data : NULL;
    const char *end = text ? strstr(text, "\r\n\r\n") : NULL;
    if (end && strncmp(text, "Status: ", 8) == 0) {
        answer->status = (int)strtol(text + 8, NULL, 10);
        answer->body = end + 4;
    }
    return answer->status != 0;
}

static bool fastcgi_send(int fd, const struct buffer *request, unsigned percent,
                         void (*between)(void))
{
    size_t first = request->len * percent / 100;
    if (request->overflown || !client_raw_send(fd, request->data, first))
        return false;
    if (between)
        between();
    return client_raw_send(fd, request->data + first, request->len - first);
}

int fastcgi_begin(const struct pair *pair, const char *const *variables, const char *body)
{
    struct buffer request;
    buffer_init(&request, FASTCGI_REQUEST_MAX);
    fastcgi_write(&request, variables, body, false);
    int fd = fastcgi_connect(pair);
    if (fd >= 0 && !fastcgi_send(fd, &request, 0, NULL)) {
        close(fd);
        fd = -1;
    }
    buffer_free(&request);
    return fd;
}

static bool fastcgi_exchange(int fd, const struct buffer *request, unsigned percent,
                             void (*between)(void), struct fastcgi_answer *answer)
{
    *answer = (struct fastcgi_answer){.body = ""};
    return fd >= 0 && fastcgi_send(fd, request, percent, between) && fastcgi_read(fd, answer);
}

bool fastcgi_call_on(int fd, const char *const *variables, const char *body, bool keep,
                     struct fastcgi_answer *answer)
{
    struct buffer request;
    buffer_init(&request, FASTCGI_REQUEST_MAX);
    fastcgi_write(&request, variables, body, keep);
    bool answered = fastcgi_exchange(fd, &request, 0, NULL, answer);
    buffer_free(&request);
    return answered;
}

bool fastcgi_call_parts(const struct pair *pair, const char *const *variables, const char *body,
                        unsigned percent, void (*between)(void), struct fastcgi_answer *answer)
{
    struct buffer request;
    buffer_init(&request, FASTCGI_REQUEST_MAX);
    fastcgi_write(&request, variables, body, false);
    int fd = fastcgi_connect(pair);
    bool answered = fastcgi_exchange(fd, &request, percent, between, answer);
    if (fd >= 0)
        close(fd);
    buffer_free(&request);
    return answered;
}

bool fastcgi_call(const struct pair *pair, const char *const *variables, const char *body,
                  struct fastcgi_answer *answer)
{
    return fastcgi_call_parts(pair, variables, body, 0, NULL, answer);
}

bool fastcgi_header(const struct fastcgi_answer *answer, const char *name, char *out, size_t size)
{
    size_t n = strlen(name);
    const char *line = answer->text.data;
    out[0] = '\0';
    while (line && line < answer->body) {
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            line += n + 1 + strspn(line + n + 1, " ");
            snprintf(out, size, "%.*s", (int)strcspn(line, "\r\n"), line);
            return true;
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return false;
}

void fastcgi_free(struct fastcgi_answer *answer)
{
    buffer_free(&answer->text);
    answer->body = "";
}
