/* answer: what a test wants to know of an answer's JSON. Each function that tells yes or no says on
 * standard error what was wrong. */
#ifndef TESTS_E2E_ANSWER_H
#define TESTS_E2E_ANSWER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "e2e/client.h"

/* Who made a problem: postern's carry the request id as instance, lighttpd's know none. */
enum answer_maker { ANSWER_POSTERN, ANSWER_LIGHTTPD };

/* The body, all of it, as JSON for cJSON_Delete, or NULL. */
cJSON *answer_json(const struct client_answer *answer);

/* Tells whether it is a complete problem document (RFC 9457) of that status, served as such, with
 * type urn:postern:problem:TYPE (any if type is NULL). */
bool answer_is_problem(const struct client_answer *answer, int status, const char *type,
                       enum answer_maker maker);

/* Tells whether errors[] is well-formed and one of them is at this pointer (or, if it does not
 * start with a slash and is not "", at this query parameter). */
bool answer_has_error(const struct client_answer *answer, const char *where);

/* A member's text, or NULL if there is none; a member's whole number, or INT64_MIN. */
const char *answer_text(const cJSON *object, const char *name);
int64_t answer_number(const cJSON *object, const char *name);

/* The quantity of a product in a GET /products/{id}, or INT64_MIN. */
int64_t answer_stock(struct client *client, int64_t product_id);

#endif
