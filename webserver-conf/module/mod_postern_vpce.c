/* mod_postern_vpce: a lighttpd module that tells the application which VPC endpoint a connection
 * came through, in the variable PP2_AWS_VPCE_ID, and gives each endpoint's callers a share: of
 * connections, of requests with the application, and of time. Here are its settings and its hooks;
 * what they do is in vpce_*.c. */
#include "vpce.h"

#include <array.h>
#include <http_header.h>
#include <log.h>
#include <stdlib.h>
#include <string.h>

#include "trusted_block.h"

__attribute__((visibility("default"))) int mod_postern_vpce_plugin_init(plugin *p);

struct vpce_plugin *vpce_plugin;

enum {
    VPCE_REQUESTS = 32,
    VPCE_REQUESTS_CONTESTED = 2,
    VPCE_HEADER_SECONDS = 5,
    VPCE_REQUEST_SECONDS = 20,
};

static void vpce_set_env(request_st *r, const char *name, const char *value)
{
    http_header_env_set(r, name, (uint32_t)strlen(name), value, (uint32_t)strlen(value));
}

/* As early as a request knows its path, so that the access log sees it whatever answers. It comes
 * before every module's handle_uri_clean, of which lighttpd 1.4.69 would take none beside it. */
static handler_t vpce_handle_uri_raw(request_st *r, void *p_d)
{
    struct vpce_plugin *p = p_d;
    const struct vpce_connection *state = r->con->plugin_ctx[p->base.id];
    if (!state)
        return HANDLER_GO_ON;
    if (state->header.id[0])
        vpce_set_env(r, "PP2_AWS_VPCE_ID", state->header.id);
    vpce_set_env(r, "POSTERN_CONSUMER", callers_name(&p->callers, vpce_endpoint(state)));
    return vpce_denied_answer(r, p, state);
}

/* The id of a module that is named before this one, or 0. With NULL for this one: anywhere. */
static int vpce_find(const server *srv, const char *name, const struct vpce_plugin *self)
{
    plugin *const *plugins = srv->plugins.ptr;
    for (uint32_t i = 0; i < srv->plugins.used && plugins[i]->data != self; i++)
        if (plugins[i]->name && strcmp(plugins[i]->name, name) == 0)
            return ((plugin_data_base *)plugins[i]->data)->id;
    return 0;
}

/* Whether mod_extforward trusts only blocks of addresses that may be trusted. By itself it also
 * takes "all", which is everyone, and a name that is no block. */
static bool vpce_trusts_well(server *srv, const array *blocks)
{
    for (uint32_t i = 0; blocks && i < blocks->used; i++) {
        if (trusted_block_is_valid(blocks->data[i]->key.ptr))
            continue;
        log_error(
            srv->errh, __FILE__, __LINE__,
            "\"%s\" cannot be trusted with the PROXY protocol; set PROXY_TRUSTED to the block "
            "that holds the load balancer's addresses, such as 10.0.0.0/16, and not loopback",
            blocks->data[i]->key.ptr);
        return false;
    }
    return true;
}

enum vpce_key {
    VPCE_KEY_FORWARDER,
    VPCE_KEY_CONNECTIONS,
    VPCE_KEY_REQUESTS,
    VPCE_KEY_REQUESTS_CONTESTED,
    VPCE_KEY_HEADER_SECONDS,
    VPCE_KEY_REQUEST_SECONDS,
    VPCE_KEY_CONSUMERS,
    VPCE_KEY_SOCKET,
    VPCE_KEY_MAX
};

/* Where connections name no endpoint there is one group of callers alone, so nothing to share. */
static void vpce_set_limits(const server *srv, struct vpce_plugin *p,
                            const unsigned values[VPCE_KEY_MAX])
{
    struct shares_limits *limits = &p->shares.limits;
    *limits = shares_limits_of(srv->srvconf.max_conns, values[VPCE_KEY_CONNECTIONS],
                               values[VPCE_KEY_REQUESTS]);
    limits->contested = values[VPCE_KEY_REQUESTS_CONTESTED];
    if (p->extforward)
        return;
    limits->connections = limits->all;
    limits->requests = limits->contested = UINT_MAX;
}

static const char *vpce_path(const buffer *value)
{
    return buffer_is_blank(value) ? NULL : value->ptr;
}

static bool vpce_read_settings(server *srv, struct vpce_plugin *p)
{
    static const config_plugin_keys_t keys[] = {
        {CONST_STR_LEN("extforward.forwarder"), T_CONFIG_ARRAY, T_CONFIG_SCOPE_CONNECTION},
        {CONST_STR_LEN("postern-vpce.connections"), T_CONFIG_SHORT, T_CONFIG_SCOPE_SERVER},
        {CONST_STR_LEN("postern-vpce.requests"), T_CONFIG_SHORT, T_CONFIG_SCOPE_SERVER},
        {CONST_STR_LEN("postern-vpce.requests-contested"), T_CONFIG_SHORT, T_CONFIG_SCOPE_SERVER},
        {CONST_STR_LEN("postern-vpce.header-seconds"), T_CONFIG_SHORT, T_CONFIG_SCOPE_SERVER},
        {CONST_STR_LEN("postern-vpce.request-seconds"), T_CONFIG_SHORT, T_CONFIG_SCOPE_SERVER},
        {CONST_STR_LEN("postern-vpce.consumers"), T_CONFIG_STRING, T_CONFIG_SCOPE_SERVER},
        {CONST_STR_LEN("postern-published.socket"), T_CONFIG_STRING, T_CONFIG_SCOPE_SERVER},
        {NULL, 0, T_CONFIG_UNSET, T_CONFIG_SCOPE_UNSET}};
    unsigned values[VPCE_KEY_MAX] = {[VPCE_KEY_REQUESTS] = VPCE_REQUESTS,
                                     [VPCE_KEY_REQUESTS_CONTESTED] = VPCE_REQUESTS_CONTESTED,
                                     [VPCE_KEY_HEADER_SECONDS] = VPCE_HEADER_SECONDS,
                                     [VPCE_KEY_REQUEST_SECONDS] = VPCE_REQUEST_SECONDS};
    const array *blocks = NULL;
    if (!config_plugin_values_init(srv, p, keys, "mod_postern_vpce"))
        return false;
    /* The first row says where the global settings start, and how many there are. */
    const config_plugin_value_t *row = p->base.cvlist;
    uint32_t count = p->base.nconfig > 0 ? row->v.u2[1] : 0;
    for (const config_plugin_value_t *at = row + (count ? row->v.u2[0] : 0); count > 0;
         at++, count--) {
        if (at->k_id == VPCE_KEY_FORWARDER)
            blocks = at->v.a;
        else if (at->k_id == VPCE_KEY_CONSUMERS)
            p->callers.path = vpce_path(at->v.b);
        else if (at->k_id == VPCE_KEY_SOCKET)
            p->offer.path = vpce_path(at->v.b);
        else if (at->v.shrt > 0)
            values[at->k_id] = at->v.shrt;
    }
    p->header_seconds = values[VPCE_KEY_HEADER_SECONDS];
    p->request_seconds = values[VPCE_KEY_REQUEST_SECONDS];
    vpce_set_limits(srv, p, values);
    return vpce_trusts_well(srv, blocks);
}

static handler_t vpce_set_defaults(server *srv, void *p_d)
{
    struct vpce_plugin *p = p_d;
    vpce_plugin = p;
    p->extforward = vpce_find(srv, "extforward", p);
    p->fastcgi = vpce_find(srv, "fastcgi", p);
    if (p->fastcgi && p->extforward == vpce_find(srv, "extforward", NULL))
        return vpce_read_settings(srv, p) ? vpce_connection_trigger(srv, p) : HANDLER_ERROR;
    log_error(srv->errh, __FILE__, __LINE__,
              "name mod_fastcgi, and mod_extforward if it is used, before mod_postern_vpce in "
              "server.modules");
    return HANDLER_ERROR;
}

static void *vpce_init(void)
{
    return calloc(1, sizeof(struct vpce_plugin));
}

static void vpce_cleanup(void *p_d)
{
    struct vpce_plugin *p = p_d;
    vpce_metrics_end(p);
    vpce_abandoned_free(p);
    callers_free(&p->callers);
}

int mod_postern_vpce_plugin_init(plugin *p)
{
    p->version = LIGHTTPD_VERSION_ID;
    p->name = "postern_vpce";
    p->init = vpce_init;
    p->set_defaults = vpce_set_defaults;
    p->cleanup = vpce_cleanup;
    p->handle_connection_accept = vpce_connection_accept;
    p->handle_connection_shut_wr = vpce_connection_shut;
    p->handle_connection_close = vpce_connection_close;
    p->handle_trigger = vpce_connection_trigger;
    p->handle_uri_raw = vpce_handle_uri_raw;
    p->handle_docroot = vpce_request_enter;
    p->handle_subrequest = vpce_request_handle;
    p->handle_response_start = vpce_request_answered;
    p->handle_request_reset = vpce_request_reset;
    return 0;
}
