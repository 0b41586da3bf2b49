#include "server/inbound.h"

#include <fastcgi.h>
#include <string.h>

#include "server/management.h"
#include "server/pairs.h"
#include "server/record.h"

_Static_assert(sizeof(FCGI_Header) == sizeof(((struct inbound *)0)->head), "a record's header");

enum {
    INBOUND_BEGIN_LEN = sizeof(FCGI_BeginRequestBody),
    INBOUND_BEGIN_FLAGS = 2 /* the flags' place in it, after the role */
};

void inbound_init(struct inbound *in, size_t max, size_t body_max)
{
    *in = (struct inbound){.state = INBOUND_MORE, .max = max};
    buffer_init(&in->pairs, INBOUND_VARIABLES_MAX);
    /* Each pair has one length byte at least for each NUL. */
    buffer_init(&in->variables, INBOUND_VARIABLES_MAX);
    buffer_init(&in->body, body_max);
    buffer_init(&in->asked, MANAGEMENT_CONTENT_MAX);
    buffer_init(&in->reply, INBOUND_REPLY_MAX);
}

void inbound_free(struct inbound *in)
{
    buffer_free(&in->pairs);
    buffer_free(&in->variables);
    buffer_free(&in->body);
    buffer_free(&in->asked);
    buffer_free(&in->reply);
}

/* A text with a NUL in it would pass for a shorter one. */
static bool inbound_check_pairs(const struct inbound *in)
{
    struct pairs_one pair;
    for (size_t at = 0; at < in->pairs.len;) {
        if (!pairs_read(in->pairs.data, in->pairs.len, &at, &pair) ||
            memchr(pair.name, '\0', pair.name_len + pair.value_len))
            return false;
    }
    return true;
}

static unsigned inbound_id(const struct inbound *in)
{
    return (unsigned)in->head[2] << 8 | in->head[3];
}

/* Looks at a record's header. Records of another request are passed over. */
static bool inbound_open_record(struct inbound *in)
{
    const int type = in->head[1];
    in->content = (size_t)in->head[4] << 8 | in->head[5];
    in->padding = in->head[6];
    if (in->head[0] != FCGI_VERSION_1)
        return false;
    if (type == FCGI_BEGIN_REQUEST)
        return in->id == 0 && inbound_id(in) != 0 && in->content == INBOUND_BEGIN_LEN;
    if (inbound_id(in) != in->id || in->id == 0)
        return true;
    /* The variables come before the body, and either ends with an empty record. */
    return type != FCGI_ABORT_REQUEST && (type != FCGI_PARAMS || !in->named) &&
           (type != FCGI_STDIN || in->named);
}

/* The role is in the first two bytes and the flags in the third; the rest says nothing. */
static bool inbound_begin(struct inbound *in, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        size_t place = INBOUND_BEGIN_LEN - in->content + i;
        if (place < INBOUND_BEGIN_FLAGS && bytes[i] != (place == 0 ? 0 : FCGI_RESPONDER))
            return false;
        if (place == INBOUND_BEGIN_FLAGS)
            in->keeps = bytes[i] & FCGI_KEEP_CONN;
    }
    in->id = inbound_id(in);
    return true;
}

/* Of a body that is too long nothing is held: whoever answers has no use for a part. */
static void inbound_take_body(struct inbound *in, const char *bytes, size_t len)
{
    size_t max = in->body.max;
    if (in->body.overflown || buffer_append(&in->body, bytes, len))
        return;
    buffer_free(&in->body);
    in->body = (struct buffer){.max = max, .overflown = true};
}

static bool inbound_take(struct inbound *in, const char *bytes, size_t len)
{
    const int type = in->head[1];
    if (type == FCGI_BEGIN_REQUEST)
        return inbound_begin(in, bytes, len);
    if (inbound_id(in) == FCGI_NULL_REQUEST_ID)
        return buffer_append(&in->asked, bytes, len);
    if (inbound_id(in) != in->id || in->id == 0)
        return true;
    if (type == FCGI_PARAMS)
        return buffer_append(&in->pairs, bytes, len);
    if (type == FCGI_STDIN)
        inbound_take_body(in, bytes, len);
    return true;
}

/* A record without content ends its stream. */
static bool inbound_end_stream(struct inbound *in)
{
    const int type = in->head[1];
    if (inbound_id(in) != in->id || in->id == 0)
        return true;
    if (type == FCGI_PARAMS) {
        in->named = true;
        return inbound_check_pairs(in);
    }
    if (type == FCGI_STDIN)
        in->ended = true;
    return true;
}

static bool inbound_close_record(struct inbound *in)
{
    in->head_len = 0;
    if (in->ended)
        in->state = INBOUND_WHOLE;
    if (inbound_id(in) != FCGI_NULL_REQUEST_ID)
        return true;
    bool answered = management_answer(in->head[1], &in->asked, &in->reply);
    buffer_reset(&in->asked, MANAGEMENT_CONTENT_MAX);
    return answered;
}

/* Takes what it can of the record's header, content or padding; how much that was, or 0 if the
 * bytes are none of a request. */
static size_t inbound_step(struct inbound *in, const char *bytes, size_t len)
{
    size_t n = sizeof in->head - in->head_len;
    bool ok = true;
    if (n > 0) {
        n = n < len ? n : len;
        memcpy(in->head + in->head_len, bytes, n);
        in->head_len += n;
        if (in->head_len < sizeof in->head)
            return n;
        ok = inbound_open_record(in) && (in->content > 0 || inbound_end_stream(in));
    } else if (in->content > 0) {
        n = in->content < len ? in->content : len;
        ok = inbound_take(in, bytes, n);
        in->content -= n;
    } else {
        n = in->padding < len ? in->padding : len;
        in->padding -= n;
    }
    if (ok && in->content == 0 && in->padding == 0)
        ok = inbound_close_record(in);
    return ok ? n : 0;
}

enum inbound_state inbound_feed(struct inbound *in, const char *bytes, size_t len)
{
    while (len > 0 && in->state == INBOUND_MORE) {
        size_t n = in->total < in->max ? inbound_step(in, bytes, len) : 0;
        if (n == 0)
            in->state = INBOUND_BROKEN;
        in->total += n;
        bytes += n;
        len -= n;
    }
    in->followed = in->followed || (in->state == INBOUND_WHOLE && len > 0);
    return in->state;
}

static bool inbound_keep(struct inbound *in, const char *text, size_t len)
{
    return buffer_append(&in->variables, text, len) && buffer_char(&in->variables, '\0');
}

bool inbound_split(struct inbound *in)
{
    struct pairs_one pair;
    for (size_t at = 0; at < in->pairs.len;) {
        if (!pairs_read(in->pairs.data, in->pairs.len, &at, &pair) ||
            !inbound_keep(in, pair.name, pair.name_len) ||
            !inbound_keep(in, pair.value, pair.value_len))
            return false;
    }
    return true;
}

const char *inbound_variable(const struct inbound *in, const char *name)
{
    const char *at = in->variables.data, *end = at ? at + in->variables.len : NULL;
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        if (strcmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

static void inbound_put_variables(const struct inbound *in, inbound_asks asks, struct buffer *out)
{
    struct pairs_one pair;
    for (size_t at = 0, from = 0; at < in->pairs.len; from = at) {
        if (!pairs_read(in->pairs.data, in->pairs.len, &at, &pair))
            return;
        if (!asks || asks(pair.name, pair.name_len))
            record_put_stream(out, FCGI_PARAMS, in->id, in->pairs.data + from, at - from);
    }
}

void inbound_put(const struct inbound *in, inbound_asks asks, struct buffer *out)
{
    const FCGI_BeginRequestBody begin = {.roleB0 = FCGI_RESPONDER, .flags = FCGI_KEEP_CONN};
    record_put(out, FCGI_BEGIN_REQUEST, in->id, (const char *)&begin, sizeof begin);
    inbound_put_variables(in, asks, out);
    record_put(out, FCGI_PARAMS, in->id, "", 0);
    record_put_stream(out, FCGI_STDIN, in->id, in->body.data, in->body.len);
    record_put(out, FCGI_STDIN, in->id, "", 0);
}
