#include "api/api.h"

static const enum api_status api_statuses[STORE_RESULT_MAX] = {
    [STORE_OK] = API_OK,
    [STORE_REPLAYED] = API_REPLAYED,
    /* The handlers that can meet this say which resource it is, and do not come here. */
    [STORE_NOT_FOUND] = API_FAULT,
    [STORE_UNKNOWN_PRODUCT] = API_INVALID,
    [STORE_SHORT] = API_OUT_OF_STOCK,
    [STORE_BEYOND] = API_FAULT, /* of an adjustment, which no request makes */
    [STORE_KEY_REUSED] = API_KEY_REUSED,
    [STORE_KEY_IN_FLIGHT] = API_KEY_IN_FLIGHT,
    /* No handler renames. */
    [STORE_TAKEN] = API_FAULT,
    /* No request imports. */
    [STORE_NOT_EMPTY] = API_FAULT,
    [STORE_REFUSED] = API_FAULT,
    /* A callback stops only if its buffer is full. */
    [STORE_STOPPED] = API_LIST_TOO_LONG,
    [STORE_BUSY] = API_STORE_BUSY,
    [STORE_UNREACHABLE] = API_STORE_DOWN,
    [STORE_UNKNOWN] = API_UNKNOWN,
    [STORE_OLD_SCHEMA] = API_STORE_DOWN,
    [STORE_NEW_SCHEMA] = API_STORE_DOWN,
    [STORE_UNSUITABLE] = API_STORE_DOWN,
    [STORE_FAULT] = API_FAULT,
};

enum api_status api_status_of(enum store_result result)
{
    return api_statuses[result];
}

void api_response_init(struct api_response *response, size_t max)
{
    buffer_init(&response->body, max);
    api_response_reset(response);
}

void api_response_free(struct api_response *response)
{
    buffer_free(&response->body);
}

void api_response_reset(struct api_response *response)
{
    buffer_reset(&response->body, API_BODY_KEEP);
    response->member = NULL;
    response->location[0] = '\0';
    response->next[0] = '\0';
    response->detail[0] = '\0';
    response->violations.count = 0;
}
