#include "siege/reply.h"

#include <stdlib.h>
#include <string.h>

static void reply_read_head(struct reply *reply)
{
    static const char name[] = "\r\nContent-Length:";
    const char *length = strcasestr(reply->head, name);
    reply->headed = true;
    reply->closes = strcasestr(reply->head, "\r\nConnection: close") != NULL;
    reply->left = length ? strtoul(length + strlen(name), NULL, 10) : 0;
    reply->status = reply->length > sizeof "HTTP/1.x"
                        ? (int)strtol(reply->head + sizeof "HTTP/1.x", NULL, 10)
                        : 0;
}

/* Up to the end of the head; one that is too long counts as whole. */
static size_t reply_take_head(struct reply *reply, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        reply->head[reply->length++] = bytes[i];
        reply->head[reply->length] = '\0';
        bool ends = reply->length >= 4 && strcmp(reply->head + reply->length - 4, "\r\n\r\n") == 0;
        if (ends || reply->length == REPLY_HEAD_MAX) {
            reply_read_head(reply);
            return i + 1;
        }
    }
    return len;
}

size_t reply_take(struct reply *reply, const char *bytes, size_t len)
{
    size_t taken = 0;
    if (!reply->headed)
        taken = reply_take_head(reply, bytes, len);
    size_t rest = len - taken < reply->left ? len - taken : reply->left;
    if (reply->headed) {
        reply->left -= rest;
        taken += rest;
    }
    reply->whole = reply->headed && reply->left == 0;
    return taken;
}
