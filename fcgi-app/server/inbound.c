#include "server/inbound.h"

#include <fastcgi.h>
#include <string.h>

_Static_assert(sizeof(FCGI_Header) == sizeof(((struct inbound *)0)->head), "a record's header");

enum { INBOUND_BEGIN_LEN = sizeof(FCGI_BeginRequestBody), INBOUND_LONG = 0x80 };

void inbound_init(struct inbound *in)
{
    *in = (struct inbound){.state = INBOUND_MORE};
    buffer_init(&in->pairs, INBOUND_VARIABLES_MAX);
    /* Each pair has one length byte at least for each NUL. */
    buffer_init(&in->variables, INBOUND_VARIABLES_MAX);
}

void inbound_free(struct inbound *in)
{
    buffer_free(&in->pairs);
    buffer_free(&in->variables);
}

/* Reads a length of one byte, or of four if its top bit is set (section 3.4). */
static bool inbound_length(const struct buffer *pairs, size_t *at, size_t *length)
{
    const unsigned char *p = (const unsigned char *)pairs->data + *at;
    size_t left = pairs->len - *at;
    if (left < 1 || ((p[0] & INBOUND_LONG) && left < 4))
        return false;
    if (p[0] & INBOUND_LONG) {
        *length =
            (size_t)(p[0] & ~INBOUND_LONG) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        *at += 4;
    } else {
        *length = p[0];
        *at += 1;
    }
    return true;
}

/* A text with a NUL in it would pass for a shorter one. */
static bool inbound_keep(struct inbound *in, size_t at, size_t len)
{
    const char *text = in->pairs.data + at;
    return !memchr(text, '\0', len) && buffer_append(&in->variables, text, len) &&
           buffer_char(&in->variables, '\0');
}

static bool inbound_read_pairs(struct inbound *in)
{
    size_t at = 0, name, value;
    while (at < in->pairs.len) {
        if (!inbound_length(&in->pairs, &at, &name) || !inbound_length(&in->pairs, &at, &value) ||
            name > in->pairs.len - at || value > in->pairs.len - at - name ||
            !inbound_keep(in, at, name) || !inbound_keep(in, at + name, value))
            return false;
        at += name + value;
    }
    buffer_free(&in->pairs);
    return true;
}

static unsigned inbound_id(const struct inbound *in)
{
    return (unsigned)in->head[2] << 8 | in->head[3];
}

/* Looks at a record's header. Records of no request, or of another one, are passed over. */
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

static bool inbound_take(struct inbound *in, const char *bytes, size_t len)
{
    const int type = in->head[1];
    /* The role is in the first two bytes, and the rest says nothing that matters here. */
    if (type == FCGI_BEGIN_REQUEST) {
        for (size_t i = 0; i < len; i++) {
            size_t place = INBOUND_BEGIN_LEN - in->content + i;
            if (place < 2 && bytes[i] != (place == 0 ? 0 : FCGI_RESPONDER))
                return false;
        }
        in->id = inbound_id(in);
    }
    if (type == FCGI_PARAMS && inbound_id(in) == in->id && in->id != 0)
        return buffer_append(&in->pairs, bytes, len);
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
        return inbound_read_pairs(in);
    }
    if (type == FCGI_STDIN)
        in->state = INBOUND_WHOLE;
    return true;
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
    if (in->content == 0 && in->padding == 0)
        in->head_len = 0;
    return ok ? n : 0;
}

enum inbound_state inbound_feed(struct inbound *in, const char *bytes, size_t len)
{
    while (len > 0 && in->state == INBOUND_MORE) {
        size_t n = in->total < INBOUND_MAX ? inbound_step(in, bytes, len) : 0;
        if (n == 0)
            in->state = INBOUND_BROKEN;
        in->total += n;
        bytes += n;
        len -= n;
    }
    return in->state;
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
