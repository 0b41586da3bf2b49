/* inbound: one FastCGI request, put together from bytes as they come, within bounds (FastCGI 1.0,
 * sections 3 and 5). For whoever may not wait for the rest of it, as libfcgi does. */
#ifndef SERVER_INBOUND_H
#define SERVER_INBOUND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

enum {
    INBOUND_MAX = 256 * 1024,         /* bytes of a whole request, with all its records */
    INBOUND_VARIABLES_MAX = 64 * 1024 /* bytes of its variables */
};

enum inbound_state {
    INBOUND_MORE,  /* so far well formed; more has to come */
    INBOUND_WHOLE, /* the request is there, its body was read and left out */
    INBOUND_BROKEN /* it is no such request, or a too large one; the connection is of no use */
};

struct inbound {
    enum inbound_state state;
    size_t total;            /* bytes taken so far */
    unsigned char head[8];   /* of the record under way */
    size_t head_len;         /* bytes of it that are there */
    size_t content, padding; /* bytes still to come of the record */
    unsigned id;             /* the request's; 0 until it has begun */
    bool named;              /* the variables are complete */
    struct buffer pairs;     /* the variables as they came */
    struct buffer variables; /* each as its name, a NUL, its value, a NUL */
};

/* inbound_free gives back what it holds. */
void inbound_init(struct inbound *in);
void inbound_free(struct inbound *in);

/* Takes the next bytes, and says how far the request is. What follows a whole request is ignored.
 */
enum inbound_state inbound_feed(struct inbound *in, const char *bytes, size_t len);

/* A variable of a whole request, borrowed, or NULL. */
const char *inbound_variable(const struct inbound *in, const char *name);

#endif
