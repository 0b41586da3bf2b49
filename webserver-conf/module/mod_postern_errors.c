/* mod_postern_errors: a lighttpd module that gives lighttpd's own answers the headers that the
 * application's have. lighttpd answers alone where the application is out of reach, and where it
 * could not keep the application's answer: by itself it would send the half that it has. Where it
 * has the application write its error, the module says which method was refused. */
#include <config.h> /* lighttpd's, as its other headers are: see lighttpd-headers */

#include <base.h>
#include <chunk.h>
#include <http_header.h>
#include <http_kv.h>
#include <plugin.h>
#include <response.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/id.h"

#define ERRORS_METHOD      "POSTERN_REFUSED_METHOD"
#define ERRORS_REQUEST_ID  "X-Request-Id"
#define ERRORS_RETRY_AFTER "Retry-After"
/* lighttpd tries a refused socket again within that time: disable-time in postern.conf. */
#define ERRORS_SECONDS "2"

__attribute__((visibility("default"))) int mod_postern_errors_plugin_init(plugin *p);

static void errors_set(request_st *r, const char *name, const char *value)
{
    http_header_response_set(r, HTTP_HEADER_OTHER, name, (uint32_t)strlen(name), value,
                             (uint32_t)strlen(value));
}

static bool errors_lacks(const request_st *r, const char *name)
{
    return !http_header_response_get(r, HTTP_HEADER_OTHER, name, (uint32_t)strlen(name));
}

/* Takes the caller's own id if it is well-formed, as the application does. */
static void errors_set_request_id(request_st *r)
{
    const buffer *own =
        http_header_request_get(r, HTTP_HEADER_OTHER, CONST_STR_LEN(ERRORS_REQUEST_ID));
    struct timespec now;
    char made[ID_TEXT_SIZE];
    if (own && id_is_request_id(own->ptr)) {
        errors_set(r, ERRORS_REQUEST_ID, own->ptr);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    id_make((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, made);
    errors_set(r, ERRORS_REQUEST_ID, made);
}

/* What stands in for an answer that is not whole. */
static const char errors_not_kept[] =
    "{\"type\":\"urn:postern:problem:service-unavailable\",\"title\":\"Service unavailable\","
    "\"status\":503,\"detail\":\"the web server has no room for the answer, though what was "
    "asked may have been done; try again in a few seconds, an order with its Idempotency-Key\"}";

/* Whether lighttpd has another number of bytes than the application has told, because its folder
 * for temporary files was full or gone, or because the application died. */
static bool errors_is_cut(request_st *r)
{
    const buffer *told =
        http_header_response_get(r, HTTP_HEADER_CONTENT_LENGTH, CONST_STR_LEN("Content-Length"));
    if (!told || !r->resp_body_finished || r->http_method == HTTP_METHOD_HEAD ||
        r->http_status == 204 || r->http_status == 205 || r->http_status == 304)
        return false;
    return strtoll(told->ptr, NULL, 10) != (long long)chunkqueue_length(&r->write_queue);
}

/* The connection ends with it, for the caller may not be the only one that finds no room. */
static void errors_replace(request_st *r)
{
    const buffer *own =
        http_header_response_get(r, HTTP_HEADER_OTHER, CONST_STR_LEN(ERRORS_REQUEST_ID));
    buffer *id = buffer_init();
    if (own)
        buffer_copy_buffer(id, own);
    http_response_body_clear(r, 0);
    r->resp_htags = 0;
    array_reset_data_strings(&r->resp_headers);
    if (own)
        errors_set(r, ERRORS_REQUEST_ID, id->ptr);
    buffer_free(id);
    http_header_response_set(r, HTTP_HEADER_CONTENT_TYPE, CONST_STR_LEN("Content-Type"),
                             CONST_STR_LEN("application/problem+json"));
    chunkqueue_append_mem(&r->write_queue, CONST_STR_LEN(errors_not_kept));
    r->http_status = 503;
    r->keep_alive = 0;
    r->resp_body_finished = 1;
}

static handler_t errors_handle_response_start(request_st *r, void *p_d)
{
    (void)p_d;
    if (errors_is_cut(r))
        errors_replace(r);
    if (errors_lacks(r, ERRORS_REQUEST_ID))
        errors_set_request_id(r);
    if (r->http_status == 503 && errors_lacks(r, ERRORS_RETRY_AFTER))
        errors_set(r, ERRORS_RETRY_AFTER, ERRORS_SECONDS);
    return HANDLER_GO_ON;
}

/* lighttpd asks the application for an error's text by GET, whatever its client asked; and comes
 * here again for that. The application counts the request by its own method. */
static handler_t errors_handle_uri_raw(request_st *r, void *p_d)
{
    (void)p_d;
    if (r->error_handler_saved_status <= 0)
        return HANDLER_GO_ON;
    /* It is not known where the request line could not be read. */
    bool known = r->error_handler_saved_method > HTTP_METHOD_UNSET;
    const buffer *method = http_method_buf(r->error_handler_saved_method);
    if (known)
        http_header_env_set(r, CONST_STR_LEN(ERRORS_METHOD), BUF_PTR_LEN(method));
    else
        http_header_env_set(r, CONST_STR_LEN(ERRORS_METHOD), CONST_STR_LEN("-"));
    return HANDLER_GO_ON;
}

static void *errors_init(void)
{
    return calloc(1, sizeof(plugin_data_base));
}

int mod_postern_errors_plugin_init(plugin *p)
{
    p->version = LIGHTTPD_VERSION_ID;
    p->name = "postern_errors";
    p->init = errors_init;
    p->handle_uri_raw = errors_handle_uri_raw;
    p->handle_response_start = errors_handle_response_start;
    return 0;
}
