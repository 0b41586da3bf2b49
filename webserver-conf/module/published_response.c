/* The response with a published answer: status, header fields and body as the application would
 * give them, in its order. */
#include "published.h"

#include <chunk.h>
#include <http_header.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "http/conditional.h"
#include "http/field.h"

static void published_set(request_st *r, enum http_header_e id, const char *name, const char *value)
{
    http_header_response_set(r, id, name, (uint32_t)strlen(name), value, (uint32_t)strlen(value));
}

/* The caller's own id if it is a sane one. */
static void published_request_id(request_st *r)
{
    static const char name[] = "X-Request-Id";
    const buffer *own = http_header_request_get(r, HTTP_HEADER_OTHER, CONST_STR_LEN(name));
    char made[ID_TEXT_SIZE];
    if (own && id_is_request_id(own->ptr)) {
        published_set(r, HTTP_HEADER_OTHER, name, own->ptr);
        return;
    }
    id_make(clock_now_us(), made);
    published_set(r, HTTP_HEADER_OTHER, name, made);
}

static void published_rate(request_st *r, const struct bucket_state *bucket)
{
    char value[FIELD_RATE_SIZE];
    if (!bucket->limited)
        return;
    field_rate_policy(bucket, value);
    published_set(r, HTTP_HEADER_OTHER, "RateLimit-Policy", value);
    field_rate(bucket, value);
    published_set(r, HTTP_HEADER_OTHER, "RateLimit", value);
}

static bool published_is_known(const request_st *r, const char *etag)
{
    const buffer *known =
        http_header_request_get(r, HTTP_HEADER_IF_NONE_MATCH, CONST_STR_LEN("If-None-Match"));
    return known && conditional_matches(known->ptr, etag);
}

static void published_body(request_st *r, const struct published_answer *answer)
{
    size_t len = answer->found.len;
    published_set(r, HTTP_HEADER_CONTENT_TYPE, "Content-Type", FIELD_MEDIA_JSON);
    buffer_append_int(http_header_response_set_ptr(r, HTTP_HEADER_CONTENT_LENGTH,
                                                   CONST_STR_LEN("Content-Length")),
                      (intmax_t)len);
    if (r->http_method == HTTP_METHOD_HEAD)
        return;
    if (answer->list)
        published_list_send(answer->list, &r->write_queue);
    else
        chunkqueue_append_mem(&r->write_queue, answer->body, len);
}

void published_response(request_st *r, const struct published_answer *answer,
                        const struct bucket_state *bucket)
{
    published_request_id(r);
    published_rate(r, bucket);
    published_set(r, HTTP_HEADER_CACHE_CONTROL, "Cache-Control", FIELD_REVALIDATE);
    published_set(r, HTTP_HEADER_ETAG, "ETag", answer->found.etag);
    r->http_status = published_is_known(r, answer->found.etag) ? 304 : 200;
    if (r->http_status == 200)
        published_body(r, answer);
    r->resp_body_finished = 1;
}
