#include "e2e/client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"

struct client {
    CURL *curl;
    int port;
    struct buffer body;
    char headers[CLIENT_HEADERS_SIZE]; /* "name\0value\0" and so on */
    size_t headers_len;
    char error[CURL_ERROR_SIZE];
    const char *unsent; /* of a chunked body */
    size_t unsent_len;
};

/* What client_print_last prints. */
static _Thread_local struct {
    char call[200]; /* method and path */
    int status;
    char text[1000]; /* the body, or the error */
} client_last;

static pthread_once_t client_once = PTHREAD_ONCE_INIT;

static void client_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t client_take_body(char *data, size_t size, size_t count, void *user)
{
    struct client *client = user;
    buffer_append(&client->body, data, size * count);
    return client->body.overflown ? 0 : size * count;
}

static size_t client_take_header(char *line, size_t size, size_t count, void *user)
{
    struct client *client = user;
    size_t len = size * count, name = 0;
    while (name < len && line[name] != ':')
        name++;
    if (len >= 5 && strncmp(line, "HTTP/", 5) == 0)
        client->headers_len = 0; /* what a 100 carried is no part of the answer */
    if (name == len)
        return len;
    size_t from = name + 1, to = len;
    while (from < to && (line[from] == ' ' || line[from] == '\t'))
        from++;
    while (to > from && (line[to - 1] == '\r' || line[to - 1] == '\n' || line[to - 1] == ' '))
        to--;
    size_t used = client->headers_len;
    if (used + name + (to - from) + 2 > CLIENT_HEADERS_SIZE)
        return 0;
    snprintf(client->headers + used, name + 1, "%s", line);
    memcpy(client->headers + used + name + 1, line + from, to - from);
    client->headers[used + name + 1 + to - from] = '\0';
    client->headers_len = used + name + 1 + (to - from) + 1;
    return len;
}

static size_t client_give_body(char *out, size_t size, size_t count, void *user)
{
    struct client *client = user;
    /* Small pieces, so that a chunked body has several chunks. */
    size_t n = size * count < 1000 ? size * count : 1000;
    n = n < client->unsent_len ? n : client->unsent_len;
    memcpy(out, client->unsent, n);
    client->unsent += n;
    client->unsent_len -= n;
    return n;
}

struct client *client_open(int port)
{
    pthread_once(&client_once, client_init);
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    client->port = port;
    client->curl = curl_easy_init();
    buffer_init(&client->body, CLIENT_BODY_MAX);
    if (client->curl)
        return client;
    client_close(client);
    return NULL;
}

void client_close(struct client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    buffer_free(&client->body);
    free(client);
}

static bool client_add(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool client_headers(const struct client_request *request, struct curl_slist **list)
{
    /* curl would add a Content-Type of its own, and ask before it sends a long body. */
    bool ok = client_add(list, "Expect:"), typed = false;
    for (const char *const *h = request->headers; ok && h && *h; h++) {
        typed = typed || strncasecmp(*h, "Content-Type:", strlen("Content-Type:")) == 0;
        ok = client_add(list, *h);
    }
    if (request->chunked)
        ok = ok && client_add(list, "Transfer-Encoding: chunked");
    return ok && (typed || client_add(list, "Content-Type:"));
}

static void client_prepare(struct client *client, const struct client_request *request,
                           const char *url, struct curl_slist *headers)
{
    CURL *curl = client->curl;
    size_t len = request->body && !request->body_len ? strlen(request->body) : request->body_len;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                     request->timeout_ms ? request->timeout_ms : (long)CLIENT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, client_take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, client_take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
    if (request->body && request->chunked) {
        client->unsent = request->body;
        client->unsent_len = len;
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, client_give_body);
        curl_easy_setopt(curl, CURLOPT_READDATA, client);
    } else if (request->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    }
    if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

static void client_answer_of(struct client *client, struct client_answer *answer)
{
    long status = 0, connects = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(client->curl, CURLINFO_NUM_CONNECTS, &connects);
    answer->status = (int)status;
    answer->reused = connects == 0;
    answer->body = client->body.data ? client->body.data : "";
    answer->body_len = client->body.len;
    const char *at = client->headers, *end = at + client->headers_len;
    for (size_t i = 0; at < end && i < CLIENT_HEADERS_MAX; i++) {
        answer->headers[i].name = at;
        at += strlen(at) + 1;
        answer->headers[i].value = at;
        at += strlen(at) + 1;
        answer->headers_count = i + 1;
    }
}

static void client_note(const char *method, const char *path, const struct client_answer *answer)
{
    snprintf(client_last.call, sizeof client_last.call, "%s %s", method, path);
    client_last.status = answer->status;
    snprintf(client_last.text, sizeof client_last.text, "%.900s%s", answer->body,
             answer->error ? answer->error : "");
}

void client_print_last(FILE *out)
{
    if (client_last.call[0])
        fprintf(out, "    the last answer was to %s: %d %s\n", client_last.call, client_last.status,
                client_last.text);
}

bool client_call(struct client *client, const struct client_request *request,
                 struct client_answer *answer)
{
    struct curl_slist *headers = NULL;
    char url[32 * 1024];
    *answer = (struct client_answer){.body = "", .error = client->error};
    client->error[0] = '\0';
    client->headers_len = 0;
    buffer_reset(&client->body, CLIENT_BODY_MAX);
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", client->port, request->path);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (client_headers(request, &headers)) {
        client_prepare(client, request, url, headers);
        code = curl_easy_perform(client->curl);
        if (code == CURLE_OK)
            client_answer_of(client, answer);
        else if (!client->error[0])
            snprintf(client->error, sizeof client->error, "%s", curl_easy_strerror(code));
    }
    curl_slist_free_all(headers);
    client_note(request->method, request->path, answer);
    return code == CURLE_OK;
}

bool client_get(struct client *client, const char *path, struct client_answer *answer)
{
    const struct client_request request = {.method = "GET", .path = path};
    return client_call(client, &request, answer);
}

bool client_post(struct client *client, const char *path, const char *json,
                 struct client_answer *answer)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    const struct client_request request = {
        .method = "POST", .path = path, .headers = headers, .body = json};
    return client_call(client, &request, answer);
}

const char *client_header(const struct client_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->headers_count; i++)
        if (strcasecmp(answer->headers[i].name, name) == 0)
            return answer->headers[i].value;
    return NULL;
}

int client_raw_open(int port)
{
    const struct sockaddr_in addr = {.sin_family = AF_INET,
                                     .sin_port = htons((uint16_t)port),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

bool client_raw_send(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

size_t client_raw_read(int fd, char *out, size_t size, int timeout_ms, bool *closed)
{
    size_t len = 0;
    bool ended = false;
    while (!ended && len + 1 < size) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, timeout_ms) <= 0)
            break;
        ssize_t n = recv(fd, out + len, size - len - 1, 0);
        ended = n <= 0;
        len += n > 0 ? (size_t)n : 0;
    }
    out[len] = '\0';
    if (closed)
        *closed = ended;
    return len;
}

/* Cuts one header line, of which text is the start, into name and value. */
static void client_raw_header(char *line, struct client_answer *answer)
{
    char *colon = strchr(line, ':');
    if (!colon || answer->headers_count == CLIENT_HEADERS_MAX)
        return;
    *colon = '\0';
    answer->headers[answer->headers_count].name = line;
    answer->headers[answer->headers_count].value = colon + 1 + strspn(colon + 1, " \t");
    answer->headers_count++;
}

char *client_raw_answer(char *text, bool bodiless, struct client_answer *answer)
{
    *answer = (struct client_answer){.body = "", .error = "no whole answer"};
    char *head = strstr(text, "\r\n\r\n"), *body = head ? head + 4 : NULL;
    if (!head || strncmp(text, "HTTP/1.", strlen("HTTP/1.")) != 0 || head - text < 12)
        return NULL;
    int status = (int)strtol(text + strlen("HTTP/1.1 "), NULL, 10);
    *head = '\0';
    for (char *line = text, *next; line; line = next) {
        next = strstr(line, "\r\n");
        if (next) {
            *next = '\0';
            next += 2;
        }
        if (line != text)
            client_raw_header(line, answer);
    }
    const char *length = client_header(answer, "Content-Length");
    answer->body = body;
    answer->body_len = length && !bodiless ? (size_t)strtoul(length, NULL, 10) : 0;
    if (strlen(body) < answer->body_len)
        return NULL;
    answer->status = status;
    answer->error = "";
    return body + answer->body_len;
}
