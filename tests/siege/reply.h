/* reply: one HTTP answer, as it comes in pieces. Nothing of it is kept but its status. */
#ifndef TESTS_SIEGE_REPLY_H
#define TESTS_SIEGE_REPLY_H

#include <stdbool.h>
#include <stddef.h>

enum { REPLY_HEAD_MAX = 2048 };

/* Ready when zeroed. */
struct reply {
    char head[REPLY_HEAD_MAX + 1];
    size_t length; /* of the head, so far */
    bool headed;   /* the head is whole */
    size_t left;   /* of the body, which has no bytes if Content-Length does not say so */
    int status;
    bool closes; /* the connection ends with it */
    bool whole;
};

/* Takes bytes until the answer is whole. Returns how many, at least one. */
size_t reply_take(struct reply *reply, const char *bytes, size_t len);

#endif
