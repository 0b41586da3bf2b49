#include "command/sample.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/socket.h"

enum { SAMPLE_READ_SIZE = 64 * 1024, SAMPLE_REQUEST_MAX = 1024 };

#define SAMPLE_OK "HTTP/1.1 200 "

/* HTTP/1.0, so that the answer comes without chunks. */
static bool sample_send(int fd, const char *path)
{
    struct buffer request;
    buffer_init(&request, SAMPLE_REQUEST_MAX);
    bool sent = buffer_printf(&request, "GET %s HTTP/1.0\r\n\r\n", path) &&
                send(fd, request.data, request.len, MSG_NOSIGNAL) == (ssize_t)request.len;
    buffer_free(&request);
    return sent;
}

/* Reads to the end of the connection. */
static bool sample_read(int fd, int64_t deadline_us, struct buffer *out)
{
    while (socket_set_deadline(fd, deadline_us)) {
        char *room = buffer_reserve(out, SAMPLE_READ_SIZE);
        ssize_t n = room ? recv(fd, room, SAMPLE_READ_SIZE, 0) : -1;
        if (n <= 0)
            return n == 0;
        out->len += (size_t)n;
        out->data[out->len] = '\0';
    }
    return false;
}

/* Leaves the body of an answer alone; false if it is no good one. */
static bool sample_cut_head(struct buffer *out)
{
    const char *body = out->data ? strstr(out->data, "\r\n\r\n") : NULL;
    if (!body || strncmp(out->data, SAMPLE_OK, strlen(SAMPLE_OK)) != 0)
        return false;
    out->len -= (size_t)(body + 4 - out->data);
    memmove(out->data, body + 4, out->len + 1);
    return true;
}

bool sample_ask(const char *socket, const char *path, int timeout_ms, struct buffer *out,
                const char **error)
{
    int64_t deadline_us = clock_monotonic_us() + (int64_t)timeout_ms * 1000;
    int fd = socket_connect(socket, timeout_ms);
    if (fd < 0) {
        *error = strerror(errno);
        return false;
    }
    bool ok = socket_set_deadline(fd, deadline_us) && sample_send(fd, path) &&
              sample_read(fd, deadline_us, out) && sample_cut_head(out);
    *error = "the server took the connection but did not answer in time, or wrongly";
    close(fd);
    return ok;
}

/* Takes one line apart in place; false if it is no series. */
static bool sample_parse_line(char *line, struct sample_series *series)
{
    char *value = strrchr(line, ' '), *open = strchr(line, '{'), *end;
    if (*line == '#' || !value)
        return false;
    *value++ = '\0';
    *series = (struct sample_series){line, "", strtod(value, &end)};
    if (end == value || *end)
        return false;
    if (!open)
        return true;
    char *close = strrchr(open, '}');
    if (!close || close[1])
        return false;
    *open = *close = '\0';
    series->labels = open + 1;
    return true;
}

bool sample_parse(struct sample *sample)
{
    size_t lines = 0;
    for (const char *at = sample->text.data; at && (at = strchr(at, '\n')); at++)
        lines++;
    sample->list = calloc(lines + 1, sizeof *sample->list);
    if (!sample->list)
        return false;
    char *next, *line = sample->text.data;
    for (; line && (next = strchr(line, '\n')); line = next + 1) {
        *next = '\0';
        sample->count += sample_parse_line(line, &sample->list[sample->count]);
    }
    return true;
}

bool sample_take(struct sample *sample, const char *socket, int timeout_ms, const char **error)
{
    *sample = (struct sample){.at_us = clock_monotonic_us()};
    buffer_init(&sample->text, SAMPLE_TEXT_MAX);
    if (!sample_ask(socket, "/metrics", timeout_ms, &sample->text, error))
        return false;
    *error = "out of memory";
    return sample_parse(sample);
}

void sample_free(struct sample *sample)
{
    free(sample->list);
    buffer_free(&sample->text);
    *sample = (struct sample){0};
}

bool sample_label(const char *labels, const char *label, char out[SAMPLE_VALUE_SIZE])
{
    size_t len = strlen(label);
    const char *at = labels;
    out[0] = '\0';
    while (at && (strncmp(at, label, len) != 0 || strncmp(at + len, "=\"", 2) != 0)) {
        at = strstr(at, "\",");
        at = at ? at + 2 : NULL;
    }
    if (!at)
        return false;
    at += len + 2;
    snprintf(out, SAMPLE_VALUE_SIZE, "%.*s", (int)strcspn(at, "\""), at);
    return true;
}

bool sample_has(const struct sample *sample, const char *name)
{
    size_t i = 0;
    while (i < sample->count && strcmp(sample->list[i].name, name) != 0)
        i++;
    return i < sample->count;
}

double sample_sum(const struct sample *sample, const char *name, const char *label,
                  const char *value)
{
    char found[SAMPLE_VALUE_SIZE];
    double sum = 0;
    for (size_t i = 0; i < sample->count; i++) {
        const struct sample_series *series = &sample->list[i];
        if (strcmp(series->name, name) == 0 &&
            (!label || (sample_label(series->labels, label, found) && strcmp(found, value) == 0)))
            sum += series->value;
    }
    return sum;
}
