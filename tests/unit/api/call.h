/* call: calls a route's handler on the fake store, as http/ would. */
#ifndef TESTS_UNIT_API_CALL_H
#define TESTS_UNIT_API_CALL_H

#include "api/api.h"
#include "fake_store.h"

#define CALL_CONSUMER "vpce-2"
#define CALL_NOW_US   INT64_C(1700000000123456)

enum { CALL_ANSWER_MAX = 60 * 1000 };

/* The store that each call asks, and what the last call answered. */
extern struct fake_store fake;
extern struct api_response response;

/* A suite's setup and teardown. */
int call_setup(void);
int call_teardown(void);

/* Calls the route of that verb and path, which the resource must have, with the request's store,
 * consumer and time filled in. */
enum api_status call(const struct api_resource *resource, enum api_verb verb, const char *path,
                     struct api_request request);

#endif
