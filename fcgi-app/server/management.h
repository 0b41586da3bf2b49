/* management: answers to FastCGI's records of no request, by which a web server asks what the
 * application is able to do (FastCGI 1.0, section 4). */
#ifndef SERVER_MANAGEMENT_H
#define SERVER_MANAGEMENT_H

#include <stdbool.h>

#include "base/buffer.h"

enum {
    MANAGEMENT_PLACES = 256, /* connections that one worker holds, each with one request */
    /* Of what a web server asks; each name may be asked for once. */
    MANAGEMENT_CONTENT_MAX = 256,
    MANAGEMENT_ANSWER_MAX = 256
};

/* Appends the answer to a record of that type. False if its content is no list of names, or the
 * answer does not fit. */
bool management_answer(int type, const struct buffer *content, struct buffer *out);

#endif
