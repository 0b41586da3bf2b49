/* mod_postern_published: a lighttpd module that answers reads of products with what the application
 * has published in memory that both share, byte for byte as the application would. What it cannot
 * answer so, it leaves to the application. See decisions/0036 in fcgi-app. Here are its setting and
 * its hook; the parts are in published_*.c. */
#include "published.h"

#include <array.h>
#include <http_header.h>
#include <log.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/consumers.h"
#include "metrics/metrics.h"
#include "publish/target.h"

__attribute__((visibility("default"))) int mod_postern_published_plugin_init(plugin *p);

static char *published_room(void *context, size_t len)
{
    struct published_plugin *p = context;
    return len <= sizeof p->body ? p->body : NULL;
}

/* A list that fits is answered as a product is, which costs a system call less than a file. */
static bool published_find(struct published_plugin *p, int64_t target, int64_t now_us, bool body,
                           struct published_answer *answer)
{
    const struct reader_want want = {target, body ? published_room : NULL, p};
    answer->body = p->body;
    return reader_find(p->offer.memory.layout, &want, now_us, &answer->found) ||
           (target == TARGET_LIST && published_list_find(p, now_us, answer));
}

/* Whether the consumer may be answered; takes a token then. */
static bool published_admits(const struct handover *memory, const char *endpoint, int64_t now_us,
                             struct roster_entry *caller, struct bucket_state *bucket)
{
    roster_find(memory->roster, endpoint, caller);
    if (caller->denied)
        return false;
    *bucket = roster_take(memory->roster, caller, now_us * 1000);
    return bucket->admitted;
}

static void published_count(const request_st *r, const struct layout *layout, int64_t target,
                            const char *consumer, int64_t start_us)
{
    int32_t route = target == TARGET_LIST ? layout->list_route : layout->product_route;
    metrics_observe(METRIC_REQUESTS, clock_monotonic_us() - start_us,
                    METRICS_WITH((uint16_t)route,
                                 r->http_method == HTTP_METHOD_HEAD ? IS_HEAD : IS_GET,
                                 (uint16_t)r->http_status, metrics_consumer(consumer)));
}

static const struct handover *published_look(const request_st *r, struct published_plugin *p,
                                             int64_t now_us)
{
    const struct handover *memory = offer_look(&p->offer, now_us);
    if (p->offer.wrong && !p->told)
        log_error(r->conf.errh, __FILE__, __LINE__, "no published answers from %s: %s",
                  p->offer.path, p->offer.wrong);
    p->told = p->offer.wrong != NULL;
    return memory;
}

/* Comes before every module's handle_uri_clean, so before mod_fastcgi begins with the request. */
static handler_t published_handle_uri_raw(request_st *r, void *p_d)
{
    struct published_plugin *p = p_d;
    int64_t target = published_request_target(r);
    const char *endpoint = target == TARGET_NONE ? NULL : published_request_endpoint(r);
    if (!endpoint)
        return HANDLER_GO_ON;
    int64_t now_us = clock_monotonic_us();
    const struct handover *memory = published_look(r, p, now_us);
    struct published_answer answer = {.body = NULL};
    struct roster_entry caller;
    struct bucket_state bucket;
    if (!memory || published_request_is_traced(r, memory->layout->trace_rate) ||
        !published_find(p, target, now_us, r->http_method == HTTP_METHOD_GET, &answer) ||
        !published_admits(memory, endpoint, now_us, &caller, &bucket))
        return HANDLER_GO_ON;
    /* It notes here which fields to add to the response. */
    if (p->setenv)
        p->setenv->handle_uri_clean(r, p->setenv->data);
    published_response(r, &answer, &bucket);
    published_count(r, memory->layout, target, caller.consumer, now_us);
    return HANDLER_FINISHED;
}

static bool published_read_settings(server *srv, struct published_plugin *p)
{
    static const config_plugin_keys_t keys[] = {
        {CONST_STR_LEN("postern-published.socket"), T_CONFIG_STRING, T_CONFIG_SCOPE_SERVER},
        {NULL, 0, T_CONFIG_UNSET, T_CONFIG_SCOPE_UNSET}};
    if (!config_plugin_values_init(srv, p, keys, "mod_postern_published"))
        return false;
    /* The first row says where the global settings start, and how many there are. */
    const config_plugin_value_t *row = p->base.cvlist;
    uint32_t count = p->base.nconfig > 0 ? row->v.u2[1] : 0;
    if (count)
        p->offer.path = buffer_is_blank(row[row->v.u2[0]].v.b) ? NULL : row[row->v.u2[0]].v.b->ptr;
    return true;
}

static handler_t published_set_defaults(server *srv, void *p_d)
{
    struct published_plugin *p = p_d;
    plugin *const *plugins = srv->plugins.ptr;
    bool before = true;
    for (uint32_t i = 0; i < srv->plugins.used; i++) {
        const char *name = plugins[i]->name;
        before = before && plugins[i]->data != p;
        if (strcmp(name, "setenv") == 0)
            p->setenv = plugins[i];
        /* Else it would not know the endpoint, or the trace. */
        if (!before && (strcmp(name, "postern_vpce") == 0 || strcmp(name, "postern_trace") == 0)) {
            log_error(srv->errh, __FILE__, __LINE__,
                      "name mod_%s before mod_postern_published in server.modules", name);
            return HANDLER_ERROR;
        }
    }
    return published_read_settings(srv, p) ? HANDLER_GO_ON : HANDLER_ERROR;
}

static void *published_init(void)
{
    return calloc(1, sizeof(struct published_plugin));
}

static void published_cleanup(void *p_d)
{
    struct published_plugin *p = p_d;
    published_list_free(p->list);
    offer_close(&p->offer);
}

int mod_postern_published_plugin_init(plugin *p)
{
    p->version = LIGHTTPD_VERSION_ID;
    p->name = "postern_published";
    p->init = published_init;
    p->set_defaults = published_set_defaults;
    p->cleanup = published_cleanup;
    p->handle_uri_raw = published_handle_uri_raw;
    return 0;
}
