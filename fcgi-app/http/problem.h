/* problem: everything that can go wrong, and what HTTP says of it (RFC 9457). This is the one place
 * where an error gets its status. problems.def lists them. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "api/api.h"
#include "base/buffer.h"

#define PROBLEM_MEDIA_TYPE "application/problem+json"

enum {
    PROBLEM_BODY_MAX = 256 * 1024, /* bytes; room for VIOLATIONS_MAX violations at their longest */
    PROBLEM_BODY_KEEP = 64 * 1024
};

enum problem {
    PROBLEM_NONE, /* nothing is wrong */
#define PROBLEM(value, ...) PROBLEM_##value,
#include "http/problems.def"
    PROBLEM_MAX
};

/* The problem for a handler's status; PROBLEM_NONE for success. */
enum problem problem_of(enum api_status status);

/* The problem for a status with which the web server refused a request; PROBLEM_NONE if it never
 * refuses with that status. */
enum problem problem_of_refusal(int status);

/* What ends each one's type; "" for PROBLEM_NONE. */
extern const char *const problem_names[PROBLEM_MAX];

/* The first problem of the same name: what all of them are counted as. */
enum problem problem_counted_as(enum problem problem);

int problem_status(enum problem problem);

/* Appends the problem's header lines, each with its CRLF. allow is the value for an Allow header.
 */
void problem_headers(enum problem problem, const char *allow, struct buffer *out);

/* Writes the problem's body into the empty buffer. reply holds what the handler found: detail,
 * violations, a further member. It may be NULL. instance is the request's id. */
void problem_render(enum problem problem, const struct api_response *reply, const char *instance,
                    bool pretty, struct buffer *out);

#endif
