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

static api_handler call_find(const struct api_resource *resource, enum api_verb verb,
                             const char *path)
{
    for (size_t i = 0; i < API_ROUTES_MAX && resource->routes[i].path; i++) {
        if (resource->routes[i].verb == verb && strcmp(resource->routes[i].path, path) == 0)
            return resource->routes[i].handler;
    }
    fprintf(stderr, "call: the resource has no such route: verb %d, path %s\n", (int)verb, path);
    abort();
}

enum api_status call(const struct api_resource *resource, enum api_verb verb, const char *path,
                     struct api_request request)
{
    request.store = &fake.store;
    request.consumer = CALL_CONSUMER;
    request.now_us = CALL_NOW_US;
    api_response_reset(&response);
    return call_find(resource, verb, path)(&request, &response);
}
