/* mod_postern_trace: a lighttpd module that finds which trace a request belongs to, or begins one,
 * so that lighttpd's log and the application's tell the same: it sets POSTERN_TRACE_ID and
 * POSTERN_SPAN_ID, which the application takes up. */
#include <config.h> /* lighttpd's, as its other headers are: see lighttpd-headers */

#include <base.h>
#include <http_header.h>
#include <plugin.h>
#include <stdlib.h>

#include "base/trace.h"

__attribute__((visibility("default"))) int mod_postern_trace_plugin_init(plugin *p);

/* As early as a request knows its path, so that the log sees it whatever answers: name this module
 * before those that do. lighttpd comes here once more with a request that it refused, for the
 * application to write the error. */
static handler_t trace_handle_uri_raw(request_st *r, void *p_d)
{
    struct trace trace;
    const buffer *parent =
        http_header_request_get(r, HTTP_HEADER_OTHER, CONST_STR_LEN("traceparent"));
    (void)p_d;
    if (http_header_env_get(r, CONST_STR_LEN("POSTERN_SPAN_ID")))
        return HANDLER_GO_ON;
    trace_start(parent ? parent->ptr : NULL, &trace);
    http_header_env_set(r, CONST_STR_LEN("POSTERN_TRACE_ID"), trace.id, TRACE_ID_SIZE - 1);
    http_header_env_set(r, CONST_STR_LEN("POSTERN_SPAN_ID"), trace.span, TRACE_SPAN_SIZE - 1);
    return HANDLER_GO_ON;
}

static void *trace_init(void)
{
    return calloc(1, sizeof(plugin_data_base));
}

int mod_postern_trace_plugin_init(plugin *p)
{
    p->version = LIGHTTPD_VERSION_ID;
    p->name = "postern_trace";
    p->init = trace_init;
    p->handle_uri_raw = trace_handle_uri_raw;
    return 0;
}
