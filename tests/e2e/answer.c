#include "e2e/answer.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_TYPE_PREFIX "urn:postern:problem:"

cJSON *answer_json(const struct client_answer *answer)
{
    const char *end = NULL;
    cJSON *json = cJSON_ParseWithLengthOpts(answer->body, answer->body_len, &end, false);
    while (json && end < answer->body + answer->body_len && *end == '\n')
        end++;
    if (!json || end == answer->body + answer->body_len)
        return json;
    cJSON_Delete(json);
    return NULL;
}

const char *answer_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

int64_t answer_number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(item) || item->valuedouble != (double)(int64_t)item->valuedouble)
        return INT64_MIN;
    return (int64_t)item->valuedouble;
}

static bool answer_has_text(const cJSON *object, const char *name)
{
    const char *text = answer_text(object, name);
    return text && *text;
}

static const char *answer_fault(const struct client_answer *answer, const cJSON *json, int status,
                                const char *type, enum answer_maker maker)
{
    const char *media = client_header(answer, "Content-Type");
    const char *id = client_header(answer, "X-Request-Id");
    const char *instance = answer_text(json, "instance");
    const char *urn = answer_text(json, "type");
    if (answer->status != status)
        return "status";
    if (!media || strcmp(media, "application/problem+json") != 0)
        return "Content-Type";
    if (!cJSON_IsObject(json))
        return "body";
    if (!urn || strncmp(urn, ANSWER_TYPE_PREFIX, strlen(ANSWER_TYPE_PREFIX)) != 0 ||
        (type && strcmp(urn + strlen(ANSWER_TYPE_PREFIX), type) != 0))
        return "type";
    if (!answer_has_text(json, "title") || !answer_has_text(json, "detail"))
        return "title or detail";
    if (answer_number(json, "status") != status)
        return "member status";
    if (maker == ANSWER_POSTERN && (!id || !instance || strcmp(id, instance) != 0))
        return "instance or X-Request-Id";
    if (maker == ANSWER_LIGHTTPD && instance)
        return "instance";
    return NULL;
}

static void answer_complain(const struct client_answer *answer, const char *what)
{
    fprintf(stderr, "answer: wrong %s: %d %s %.400s%s\n", what, answer->status,
            client_header(answer, "Content-Type") ? client_header(answer, "Content-Type") : "-",
            answer->body, answer->error);
}

bool answer_is_problem(const struct client_answer *answer, int status, const char *type,
                       enum answer_maker maker)
{
    cJSON *json = answer_json(answer);
    const char *fault = answer_fault(answer, json, status, type, maker);
    if (fault)
        answer_complain(answer, fault);
    cJSON_Delete(json);
    return !fault;
}

bool answer_has_error(const struct client_answer *answer, const char *where)
{
    cJSON *json = answer_json(answer);
    const char *member = *where == '/' || !*where ? "pointer" : "parameter";
    const cJSON *errors = cJSON_GetObjectItemCaseSensitive(json, "errors"), *error;
    bool found = false, sound = cJSON_GetArraySize(errors) > 0;
    cJSON_ArrayForEach(error, errors)
    {
        const char *text = answer_text(error, member);
        found = found || (text && strcmp(text, where) == 0);
        sound = sound && answer_has_text(error, "detail") &&
                (answer_text(error, "pointer") || answer_text(error, "parameter"));
    }
    if (!found || !sound) {
        fprintf(stderr, "answer: no %s \"%s\": ", member, where);
        answer_complain(answer, "errors");
    }
    cJSON_Delete(json);
    return found && sound;
}

int64_t answer_stock(struct client *client, int64_t product_id)
{
    char path[64];
    struct client_answer answer;
    snprintf(path, sizeof path, "/products/%lld", (long long)product_id);
    if (!client_get(client, path, &answer) || answer.status != 200)
        return INT64_MIN;
    cJSON *json = answer_json(&answer);
    int64_t quantity = answer_number(json, "quantity");
    cJSON_Delete(json);
    return quantity;
}
