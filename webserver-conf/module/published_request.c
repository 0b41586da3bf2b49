/* What may be answered with what is published, by what the request itself says. */
#include "published.h"

#include <http_header.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/trace.h"
#include "config/consumers.h"
#include "demand.h"
#include "publish/target.h"

static const char *published_header(const request_st *r, enum http_header_e id, const char *name,
                                    uint32_t len)
{
    const buffer *value = http_header_request_get(r, id, name, len);
    return value ? value->ptr : NULL;
}

/* To the application X.Request.Id is X-Request-Id, for both are the variable HTTP_X_REQUEST_ID: all
 * that is neither letter nor digit becomes "_" there. */
static bool published_has_odd_names(const request_st *r)
{
    for (uint32_t i = 0; i < r->rqst_headers.used; i++) {
        const buffer *name = &r->rqst_headers.data[i]->key;
        for (uint32_t at = 0; at < buffer_clen(name); at++) {
            if (!light_isalnum(name->ptr[at]) && name->ptr[at] != '-')
                return true;
        }
    }
    return false;
}

int64_t published_request_target(const request_st *r)
{
    bool plain = (r->http_method == HTTP_METHOD_GET || r->http_method == HTTP_METHOD_HEAD) &&
                 r->reqbody_length == 0 && r->error_handler_saved_status == 0 &&
                 !strchr(r->target.ptr, '?');
    if (!plain)
        return TARGET_NONE;
    int64_t target = target_of(BUF_PTR_LEN(&r->uri.path));
    if (target == TARGET_NONE || published_has_odd_names(r) ||
        demand_is_fresh(
            published_header(r, HTTP_HEADER_CACHE_CONTROL, CONST_STR_LEN("Cache-Control"))) ||
        demand_is_fresh(published_header(r, HTTP_HEADER_PRAGMA, CONST_STR_LEN("Pragma"))))
        return TARGET_NONE;
    return target;
}

const char *published_request_endpoint(const request_st *r)
{
    /* mod_postern_vpce sets it, and no caller can. */
    const buffer *id = http_header_env_get(r, CONST_STR_LEN("PP2_AWS_VPCE_ID"));
    if (!id || buffer_is_blank(id) || strcmp(id->ptr, CONSUMERS_NOBODY) == 0)
        return CONSUMERS_NOBODY;
    return endpoint_is_id(BUF_PTR_LEN(id)) ? id->ptr : NULL;
}

bool published_request_is_traced(const request_st *r, int rate)
{
    static const char name[] = "traceparent";
    const buffer *id = http_header_env_get(r, CONST_STR_LEN("POSTERN_TRACE_ID"));
    const char *parent = published_header(r, HTTP_HEADER_OTHER, name, sizeof name - 1);
    struct trace trace;
    if (rate < 0)
        return false;
    if (parent && trace_read(parent, &trace))
        return trace_is_wanted(&trace, rate);
    /* Without mod_postern_trace the application begins the trace, and chooses. */
    if (!id || !trace_is_id(id->ptr))
        return rate > 0;
    trace = (struct trace){.sampled = false};
    memcpy(trace.id, id->ptr, sizeof trace.id);
    return trace_is_wanted(&trace, rate);
}
