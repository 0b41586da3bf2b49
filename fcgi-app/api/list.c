#include "api/list.h"

#include <stdio.h>

void list_start(struct list *list, const struct api_request *request, struct api_response *response)
{
    *list = (struct list){.response = response, .limit = request->limit};
    json_write_start(&list->writer, &response->body, request->pretty);
    json_write_open(&list->writer, '[');
}

int64_t list_store_limit(const struct list *list)
{
    return list->limit ? list->limit + 1 : (int64_t)(list->response->body.max / LIST_ROW_LEAST) + 1;
}

bool list_takes(struct list *list)
{
    list->count++;
    return !list->limit || list->count <= list->limit;
}

/* Room for what json_write_close and json_write_end add: the bracket, in pretty form on a line. */
static bool list_has_room(const struct list *list)
{
    const struct buffer *body = &list->response->body;
    return !body->overflown && body->max - body->len >= (list->writer.pretty ? 3 : 1);
}

/* Takes the last row away again. */
static void list_cut(struct list *list)
{
    struct buffer *body = &list->response->body;
    body->len = list->whole;
    body->data[body->len] = '\0';
    body->overflown = false;
    list->cut = true;
}

bool list_keeps(struct list *list, const char *id)
{
    struct buffer *body = &list->response->body;
    if (list_has_room(list)) {
        list->whole = body->len;
        snprintf(list->response->next, sizeof list->response->next, "%s", id);
        return true;
    }
    if (list->limit && list->whole)
        list_cut(list);
    else
        body->overflown = true;
    return false;
}

enum api_status list_end(struct list *list, enum store_result result)
{
    bool more = list->cut || (list->limit && list->count > list->limit);
    if (!more)
        list->response->next[0] = '\0';
    json_write_close(&list->writer, ']');
    json_write_end(&list->writer);
    if (list->cut && result == STORE_STOPPED)
        result = STORE_OK;
    if (result == STORE_OK && list->response->body.overflown)
        result = STORE_STOPPED;
    return api_status_of(result);
}
