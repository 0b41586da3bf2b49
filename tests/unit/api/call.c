#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_store fake;
struct api_response response;

int call_setup(void)
{
    api_response_init(&response, CALL_ANSWER_MAX);
    return 0;
}

int call_teardown(void)
{
    api_response_free(&response);
    return 0;
}

static const struct api_route *call_find(const struct api_resource *resource, enum api_verb verb,
                                         const char *path)
{
    for (size_t i = 0; i < API_ROUTES_MAX && resource->routes[i].path; i++) {
        if (resource->routes[i].verb == verb && strcmp(resource->routes[i].path, path) == 0)
            return &resource->routes[i];
    }
    fprintf(stderr, "call: the resource has no such route: verb %d, path %s\n", (int)verb, path);
    abort();
}

/* The change is made between its two halves. */
static enum api_status call_change(const struct api_route *route, const struct api_request *request)
{
    static struct api_change change;
    static struct store_outcome outcome;
    enum api_status status = route->prepare(request, &change, &response);
    if (status != API_OK)
        return status;
    change.store.outcome = &outcome;
    store_changes_make(request->store, &change.store, 1);
    return route->conclude(request, &change, &response);
}

enum api_status call(const struct api_resource *resource, enum api_verb verb, const char *path,
                     struct api_request request)
{
    request.store = &fake.store;
    request.consumer = CALL_CONSUMER;
    request.now_us = CALL_NOW_US;
    api_response_reset(&response);
    const struct api_route *route = call_find(resource, verb, path);
    return route->prepare ? call_change(route, &request) : route->handler(&request, &response);
}
