/* inbound: one FastCGI request, put together from bytes as they come, within bounds (FastCGI 1.0,
 * sections 3 and 5). Unlike libfcgi it waits for nothing, and trusts no length that it is told. */
#ifndef SERVER_INBOUND_H
#define SERVER_INBOUND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

enum {
    INBOUND_VARIABLES_MAX = 64 * 1024, /* bytes of a request's variables */
    INBOUND_REPLY_MAX = 1024
};

enum inbound_state {
    INBOUND_MORE,  /* so far well formed; more has to come */
    INBOUND_WHOLE, /* the request is there */
    INBOUND_BROKEN /* it is no such request, or a too large one; the connection is of no use */
};

struct inbound {
    enum inbound_state state;
    size_t max;              /* bytes of a whole request, with all its records */
    size_t total;            /* bytes taken so far */
    unsigned char head[8];   /* of the record under way */
    size_t head_len;         /* bytes of it that are there */
    size_t content, padding; /* bytes still to come of the record */
    unsigned id;             /* the request's; 0 until it has begun */
    bool keeps;              /* the web server wants to keep the connection (FCGI_KEEP_CONN) */
    bool named, ended;       /* the variables are complete; the body is */
    bool followed;           /* more bytes came behind a whole request */
    struct buffer pairs;     /* the variables as they came */
    struct buffer variables; /* once split: each as its name, a NUL, its value, a NUL */
    struct buffer asked;     /* the content of a record of no request */
    struct buffer reply;     /* answers to such records, to be sent by whoever has the connection */
    struct buffer body;      /* empty and overflown, if there was more than its maximum */
};

/* max bounds the bytes of a request with all its records. Of its body at most body_max bytes are
 * held; of a longer one none, yet it is read to its end. inbound_free gives back what is held. */
void inbound_init(struct inbound *in, size_t max, size_t body_max);
void inbound_free(struct inbound *in);

/* Takes the next bytes, and says how far the request is. What follows a whole request is left out.
 */
enum inbound_state inbound_feed(struct inbound *in, const char *bytes, size_t len);

/* Makes the variables of a whole request into texts, once. False if out of memory. */
bool inbound_split(struct inbound *in);

/* A variable of a request that was split, borrowed, or NULL. */
const char *inbound_variable(const struct inbound *in, const char *name);

/* Whether a variable of that name is asked for. */
typedef bool (*inbound_asks)(const char *name, size_t len);

/* Appends a whole request as records, in their plainest form: of what was checked, the variables
 * that are asked for (NULL: all), each in a record of its own, and the body. */
void inbound_put(const struct inbound *in, inbound_asks asks, struct buffer *out);

#endif
