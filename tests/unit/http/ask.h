/* ask: asks http/ on the fake store, and takes the response apart. */
#ifndef TESTS_UNIT_HTTP_ASK_H
#define TESTS_UNIT_HTTP_ASK_H

#include <cjson/cJSON.h>

#include "fake_store.h"
#include "http/http.h"

enum { ASK_TEXT_SIZE = 512, ASK_BODY_SIZE = 4096, ASK_ANSWER_MAX = 1024 * 1024 };

/* What a row asks. A member that is left out is what an ordinary client sends. */
struct ask {
    const char *method, *path, *query, *type, *coding, *host, *key, *if_none_match, *id, *body;
    bool too_large, cut, draining, denied, unidentified;
    struct bucket_state bucket;
    enum store_result result;
    int refused;
};

/* What is asked, the store behind it, and what the last request was answered. */
extern struct http_service ask_service;
extern struct fake_store ask_fake;
extern struct http_response ask_response;

/* A suite's setup and teardown. */
int ask_setup(void);
int ask_teardown(void);

/* Asks on a store that is new but for the result; ask_again on the store as it is. */
void ask(const struct ask *q);
void ask_again(const struct ask *q);

/* The value of the response's header of that name, or NULL; a check fails if it is there twice.
 * Borrowed until the next call. */
const char *ask_header(const char *name);

/* What keeps the response, of which body is the JSON, from being the whole problem of that name;
 * NULL if nothing does. */
const char *ask_problem_fault(const cJSON *body, int status, const char *name);

/* Checks that the response is the whole problem of that name. */
#define CHECK_PROBLEM(status_wanted, name)                                                         \
    do {                                                                                           \
        cJSON *ask_json = cJSON_ParseWithLength(ask_response.body, ask_response.body_len);         \
        CHECK_NULL(ask_problem_fault(ask_json, status_wanted, name), "%d %.*s",                    \
                   ask_response.status, (int)ask_response.body_len, ask_response.body);            \
        cJSON_Delete(ask_json);                                                                    \
    } while (0)

#endif
