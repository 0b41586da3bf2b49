/* call: calls a handler on the fake store, as http/ would. */
#ifndef TESTS_UNIT_API_CALL_H
#define TESTS_UNIT_API_CALL_H

#include "api/api.h"
#include "fake_store.h"

#define CALL_CONSUMER "vpce-2"
#define CALL_NOW_US   INT64_C(1700000000123456)

static struct fake_store fake;
static struct api_response response;

/* A suite's setup and teardown. */
static inline int call_setup(void)
{
    api_response_init(&response);
    return 0;
}

static inline int call_teardown(void)
{
    api_response_free(&response);
    return 0;
}

static inline enum api_status call(api_handler handler, struct api_request request)
{
    request.store = &fake.store;
    request.consumer = CALL_CONSUMER;
    request.now_us = CALL_NOW_US;
    api_response_reset(&response);
    return handler(&request, &response);
}

#endif
