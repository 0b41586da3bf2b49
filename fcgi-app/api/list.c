#include "api/list.h"

void list_start(struct list *list, const struct api_request *request, struct api_response *response)
{
    *list = (struct list){.response = response, .limit = request->limit};
    json_write_start(&list->writer, &response->body, request->pretty);
    json_write_open(&list->writer, '[');
}

int64_t list_store_limit(const struct list *list)
{
    return list->limit ? list->limit + 1 : 0;
}

bool list_takes(struct list *list)
{
    list->count++;
    return !list->limit || list->count <= list->limit;
}

bool list_fits(const struct list *list)
{
    return !list->response->body.overflown;
}

enum api_status list_end(struct list *list, enum store_result result)
{
    bool more = list->limit && list->count > list->limit;
    if (!more)
        list->response->next[0] = '\0';
    json_write_close(&list->writer, ']');
    json_write_end(&list->writer);
    if (result == STORE_OK && !list_fits(list))
        result = STORE_STOPPED;
    return api_status_of(result);
}
