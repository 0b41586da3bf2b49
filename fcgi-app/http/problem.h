/* problem: everything that can go wrong, and what HTTP says of it (RFC 9457). This is the one place
 * where an error gets its status. problems.def lists them. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "api/api.h"
#include "base/buffer.h"

#define PROBLEM_MEDIA_TYPE "application/problem+json"

enum {
    PROBLEM_BODY_MAX = 256 * 1024, /* bytes; the most violations, each at its longest, fit */
    PROBLEM_BODY_KEEP = 64 * 1024
};

enum problem {
    PROBLEM_NONE, /* nothing is wrong */
#define PROBLEM(value, ...) PROBLEM_##value,
#include "http/problems.def"
    PROBLEM_MAX
};

/* The problem behind a handler's status; PROBLEM_NONE for success. */
enum problem problem_of(enum api_status status);

/* The problem behind a status with which the web server refused a request; PROBLEM_NONE for a
 * status it never uses. */
enum problem problem_of_refusal(int status);

int problem_status(enum problem problem);

/* Appends the problem's header lines, each ended by CRLF; allow is the value of an Allow header. */
void problem_headers(enum problem problem, const char *allow, struct buffer *out);

/* Writes the problem's body into the empty buffer. reply supplies what the handler found (detail,
 * violations, a further member) and may be NULL; instance is the request's id. */
void problem_render(enum problem problem, const struct api_response *reply, const char *instance,
                    bool pretty, struct buffer *out);

#endif
