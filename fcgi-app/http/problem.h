/* problem: everything that can go wrong, and what HTTP says of it (RFC 9457). This is the one place
 * where an error gets its status. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "api/api.h"
#include "base/buffer.h"

#define PROBLEM_MEDIA_TYPE "application/problem+json"

enum {
    PROBLEM_BODY_MAX = 256 * 1024, /* bytes; every violation and shortage at its longest fits */
    PROBLEM_BODY_KEEP = 64 * 1024
};

enum problem {
    PROBLEM_NONE,          /* nothing is wrong */
    PROBLEM_DENIED,        /* the operator refuses this consumer */
    PROBLEM_NO_ROUTE,      /* the path names nothing here */
    PROBLEM_METHOD,        /* the path exists, but not with this method */
    PROBLEM_MEDIA_TYPE_OF, /* the body is not application/json */
    PROBLEM_TOO_LARGE,     /* the body is over HTTP_BODY_MAX */
    PROBLEM_BODY_CUT,      /* the body ended before its announced length */
    PROBLEM_BAD_KEY,       /* the Idempotency-Key header is not of its form */
    PROBLEM_MALFORMED,     /* the body is not JSON */
    PROBLEM_INVALID,       /* the body or the query breaks a rule */
    PROBLEM_NO_PRODUCT,    /* no such product */
    PROBLEM_NO_ORDER,      /* no such order of this consumer */
    PROBLEM_OUT_OF_STOCK,  /* not enough stock */
    PROBLEM_KEY_REUSED,    /* the idempotency key belongs to another order */
    PROBLEM_KEY_IN_FLIGHT, /* the first request with the key has not ended */
    PROBLEM_LIST_TOO_LONG, /* the list has to be paged */
    PROBLEM_DRAINING,      /* the process is about to leave */
    PROBLEM_STORE_BUSY,    /* the store did not answer in time */
    PROBLEM_STORE_DOWN,    /* the store is out of reach */
    PROBLEM_UNKNOWN,       /* the order may or may not have been placed */
    PROBLEM_FAULT,         /* a defect */
    /* What the web server found before, or without, the application: */
    PROBLEM_BAD_REQUEST,       /* no well-formed HTTP, or a path that plays tricks */
    PROBLEM_REQUEST_TIMEOUT,   /* the request did not arrive in time */
    PROBLEM_LENGTH_REQUIRED,   /* a body of unknown length */
    PROBLEM_URI_TOO_LONG,      /* the path and query are too long */
    PROBLEM_EXPECTATION,       /* an Expect header that cannot be met */
    PROBLEM_HEADERS_TOO_LARGE, /* the header fields are too long */
    PROBLEM_WORKER_DIED,       /* the worker ended before it answered */
    PROBLEM_NOT_IMPLEMENTED,   /* an unknown method or transfer coding */
    PROBLEM_BAD_GATEWAY,       /* the worker's answer was none */
    PROBLEM_UNREACHABLE,       /* no worker took the request */
    PROBLEM_GATEWAY_TIMEOUT,   /* the worker did not answer in time */
    PROBLEM_HTTP_VERSION,      /* neither HTTP/1.0 nor HTTP/1.1 */
    PROBLEM_MAX
};

/* The problem behind a handler's status; PROBLEM_NONE for success. */
enum problem problem_of(enum api_status status);

/* The problem behind a status with which the web server refused a request; PROBLEM_NONE for a
 * status it never uses. */
enum problem problem_of_refusal(int status);

int problem_status(enum problem problem);

/* Seconds for a Retry-After header, or 0 for none. */
int problem_retry_after(enum problem problem);

/* Writes the problem's body into the empty buffer. reply supplies what the handler found
 * (detail, violations, shortages) and may be NULL; instance is the request's id. */
void problem_render(enum problem problem, const struct api_response *reply, const char *instance,
                    bool pretty, struct buffer *out);

#endif
