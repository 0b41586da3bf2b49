#include "ask.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "http/problem.h"
#include "json/json_check.h"

struct fake_store ask_fake;
struct http_service ask_service;
struct http_response ask_response;

int ask_setup(void)
{
    http_service_init(&ask_service, &ask_fake.store, ASK_ANSWER_MAX);
    http_response_init(&ask_response);
    return 0;
}

int ask_teardown(void)
{
    http_service_free(&ask_service);
    http_response_free(&ask_response);
    return 0;
}

void ask_again(const struct ask *q)
{
    static char body[ASK_BODY_SIZE];
    snprintf(body, sizeof body, "%s", q->body ? q->body : "");
    const struct http_request request = {
        .method = q->method ? q->method : "GET",
        .path = q->path,
        .query = q->query ? q->query : "",
        .headers = {[HTTP_CONTENT_ENCODING] = q->coding,
                    [HTTP_CONTENT_TYPE] = q->type,
                    [HTTP_HOST] = q->host,
                    [HTTP_IF_NONE_MATCH] = q->if_none_match,
                    [HTTP_IDEMPOTENCY_KEY] = q->key,
                    [HTTP_REQUEST_ID] = q->id},
        .consumer = "vpce-1",
        .body = body,
        .body_len = strlen(body),
        .denied = q->denied,
        .unidentified = q->unidentified,
        .bucket = q->bucket,
        .body_too_large = q->too_large,
        .body_cut = q->cut,
        .refused = q->refused,
    };
    ask_service.store_state = q->result;
    http_handle(&ask_service, &request, q->draining, &ask_response);
}

void ask(const struct ask *q)
{
    fake_store_init(&ask_fake);
    ask_fake.result = q->result;
    ask_again(q);
}

/* The value of a ask_response's header, or NULL. Fails if the header is there twice. */
const char *ask_header(const char *name)
{
    static char value[ASK_TEXT_SIZE];
    const char *found = NULL;
    size_t n = strlen(name);
    for (const char *line = ask_response.headers.data; *line; line = strstr(line, "\r\n") + 2) {
        if (strncmp(line, name, n) != 0 || strncmp(line + n, ": ", 2) != 0)
            continue;
        CHECK_NULL(found);
        snprintf(value, sizeof value, "%.*s", (int)strcspn(line + n + 2, "\r"), line + n + 2);
        found = value;
    }
    return found;
}

static bool ask_member_is(const cJSON *object, const char *name, const char *expected)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return value && strcmp(value, expected) == 0;
}

const char *ask_problem_fault(const cJSON *body, int status, const char *name)
{
    char type[ASK_TEXT_SIZE], copy[ASK_TEXT_SIZE];
    size_t where = 0;
    const char *media = ask_header("Content-Type");
    if (!media || strcmp(media, PROBLEM_MEDIA_TYPE) != 0)
        return "Content-Type";
    const char *cache = ask_header("Cache-Control");
    if (!cache || strcmp(cache, "no-store") != 0)
        return "Cache-Control";
    snprintf(type, sizeof type, "urn:postern:problem:%s", name);
    snprintf(copy, sizeof copy, "%.*s", (int)ask_response.body_len, ask_response.body);
    if (!body || json_check(copy, ask_response.body_len, &where) != JSON_OK)
        return "body";
    if (ask_response.status != status ||
        cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(body, "status")) != status)
        return "status";
    if (!ask_member_is(body, "type", type))
        return "type";
    if (!ask_member_is(body, "instance", ask_response.request_id))
        return "instance";
    if (ask_member_is(body, "title", "") || ask_member_is(body, "detail", ""))
        return "title or detail";
    return NULL;
}
