#include "server/scrape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/socket.h"

#define SCRAPE_TYPE  "text/plain; version=0.0.4; charset=utf-8"
#define SCRAPE_KNOWN "there is only GET /metrics and GET /errors\n"

/* Room before a part for its length as a chunk: four digits and a line's end. */
enum { SCRAPE_CHUNK_HEAD = 6 };

static const struct {
    const char *path;
    enum scrape_answer answer; /* to GET */
} scrape_paths[] = {
    {"/metrics", SCRAPE_METRICS},
    {"/errors", SCRAPE_ERRORS},
};

enum { SCRAPE_PATHS = sizeof scrape_paths / sizeof scrape_paths[0] };

static const struct {
    const char *line, *body;
} scrape_refusals[] = {
    [SCRAPE_NOT_FOUND] = {"404 Not Found", SCRAPE_KNOWN},
    [SCRAPE_METHOD] = {"405 Method Not Allowed\r\nAllow: GET, HEAD", SCRAPE_KNOWN},
    [SCRAPE_BROKEN] = {"400 Bad Request", "this is no HTTP/1.1 request that is understood here\n"},
};

void scrape_open(struct scrape *scrape, int fd, int64_t now_us)
{
    *scrape = (struct scrape){.fd = fd, .start_us = now_us};
    buffer_init(&scrape->out, SCRAPE_PART_MAX);
}

void scrape_close(struct scrape *scrape)
{
    socket_close_answered(scrape->fd);
    buffer_free(&scrape->out);
    scrape->fd = -1;
}

bool scrape_writes(const struct scrape *scrape)
{
    return scrape->answer != SCRAPE_MORE;
}

/* Takes the next word of the line; false if none is left. */
static bool scrape_word(const char **at, const char *end, const char **word, size_t *len)
{
    const char *start = *at;
    while (*at < end && **at != ' ')
        ++*at;
    *word = start;
    *len = (size_t)(*at - start);
    if (*at < end)
        ++*at;
    return *len > 0;
}

static bool scrape_is(const char *word, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(word, text, len) == 0;
}

enum scrape_answer scrape_read_head(const char *bytes, size_t len, bool *chunked)
{
    const char *method, *path, *version, *at = bytes;
    size_t method_len, path_len, version_len;
    if (!memmem(bytes, len, "\r\n\r\n", 4))
        return SCRAPE_MORE;
    const char *end = memmem(bytes, len, "\r\n", 2);
    if (!scrape_word(&at, end, &method, &method_len) || !scrape_word(&at, end, &path, &path_len) ||
        !scrape_word(&at, end, &version, &version_len) || version + version_len != end)
        return SCRAPE_BROKEN;
    *chunked = scrape_is(version, version_len, "HTTP/1.1");
    if (!*chunked && !scrape_is(version, version_len, "HTTP/1.0"))
        return SCRAPE_BROKEN;
    /* Whatever is asked with it, there is one answer. */
    const char *query = memchr(path, '?', path_len);
    if (query)
        path_len = (size_t)(query - path);
    size_t i = 0;
    while (i < SCRAPE_PATHS && !scrape_is(path, path_len, scrape_paths[i].path))
        i++;
    if (i == SCRAPE_PATHS)
        return SCRAPE_NOT_FOUND;
    if (scrape_is(method, method_len, "GET"))
        return scrape_paths[i].answer;
    return scrape_is(method, method_len, "HEAD") ? SCRAPE_HEAD : SCRAPE_METHOD;
}

static void scrape_put_head(struct scrape *scrape, const char *line, const char *type)
{
    buffer_printf(&scrape->out,
                  "HTTP/1.1 %s\r\nContent-Type: %s\r\nCache-Control: no-store\r\n"
                  "Connection: close\r\n",
                  line, type);
}

/* Puts a whole answer. */
static void scrape_put(struct scrape *scrape, const char *line, const char *body)
{
    scrape_put_head(scrape, line, "text/plain; charset=utf-8");
    buffer_printf(&scrape->out, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
    scrape->last = true;
}

static void scrape_put_errors(struct scrape *scrape)
{
    struct log_error errors[LOG_ERRORS];
    char time[CLOCK_TEXT_SIZE];
    struct buffer body;
    size_t count = log_last_errors(errors);
    buffer_init(&body, SCRAPE_PART);
    for (size_t i = 0; i < count; i++) {
        clock_format(errors[i].at_us, time);
        buffer_printf(&body, "%s %s\n", time, errors[i].message);
    }
    scrape_put(scrape, "200 OK", body.data ? body.data : "");
    buffer_free(&body);
}

/* Puts the next part of the numbers into the empty buffer. */
static void scrape_put_part(struct scrape *scrape)
{
    struct buffer *out = &scrape->out;
    char head[SCRAPE_CHUNK_HEAD + 1];
    buffer_reset(out, SCRAPE_PART_MAX);
    scrape->sent = 0;
    /* Its length is known once it is there. */
    buffer_text(out, "0000\r\n");
    scrape->last = !exposition_write(&scrape->cursor, out, SCRAPE_PART);
    size_t len = out->len - SCRAPE_CHUNK_HEAD;
    if (!scrape->chunked) {
        scrape->sent = SCRAPE_CHUNK_HEAD;
        return;
    }
    snprintf(head, sizeof head, "%04zx\r\n", len);
    memcpy(out->data, head, SCRAPE_CHUNK_HEAD);
    buffer_text(out, scrape->last && len ? "\r\n0\r\n\r\n" : "\r\n");
}

static void scrape_begin(struct scrape *scrape)
{
    if (scrape->answer == SCRAPE_METRICS || scrape->answer == SCRAPE_HEAD) {
        scrape_put_head(scrape, "200 OK", SCRAPE_TYPE);
        buffer_text(&scrape->out, scrape->chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
        scrape->last = scrape->answer == SCRAPE_HEAD;
    } else if (scrape->answer == SCRAPE_ERRORS) {
        scrape_put_errors(scrape);
    } else {
        scrape_put(scrape, scrape_refusals[scrape->answer].line,
                   scrape_refusals[scrape->answer].body);
    }
}

/* False if the client leaves, or sends more than a head can be. */
static bool scrape_read(struct scrape *scrape)
{
    size_t room = sizeof scrape->head - scrape->head_len;
    ssize_t n = recv(scrape->fd, scrape->head + scrape->head_len, room, MSG_DONTWAIT);
    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    scrape->head_len += (size_t)n;
    scrape->answer = scrape_read_head(scrape->head, scrape->head_len, &scrape->chunked);
    if (scrape->answer == SCRAPE_MORE && scrape->head_len == sizeof scrape->head)
        scrape->answer = SCRAPE_BROKEN;
    return true;
}

/* False if the client has left, or the answer could not be made. */
static bool scrape_send(struct scrape *scrape)
{
    struct buffer *out = &scrape->out;
    if (out->overflown)
        return false;
    ssize_t n = send(scrape->fd, out->data + scrape->sent, out->len - scrape->sent,
                     MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN;
    scrape->sent += (size_t)n;
    return true;
}

bool scrape_go_on(struct scrape *scrape, void (*refresh)(void *context), void *context)
{
    if (!scrape_writes(scrape)) {
        if (!scrape_read(scrape))
            return false;
        if (!scrape_writes(scrape))
            return true;
        refresh(context);
        scrape_begin(scrape);
    }
    if (scrape->sent == scrape->out.len)
        scrape_put_part(scrape);
    return scrape_send(scrape) && (!scrape->last || scrape->sent < scrape->out.len);
}
