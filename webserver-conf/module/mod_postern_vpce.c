/* mod_postern_vpce: a lighttpd module that tells the application which VPC endpoint a connection
 * came through, in the variable PP2_AWS_VPCE_ID.
 *
 * mod_extforward reads the PROXY protocol's header by a reader that it puts before the
 * connection's. This module is loaded after it, and puts one before that: it peeks at the header
 * and steps aside. It looks only where mod_extforward expects a header. See decisions/0016. */
#include <config.h> /* lighttpd's, as its other headers are: see lighttpd-headers */

#include <array.h>
#include <base.h>
#include <errno.h>
#include <http_header.h>
#include <log.h>
#include <plugin.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "pp2_vpce.h"
#include "trusted_block.h"

struct vpce_plugin {
    plugin_data_base base;
    int extforward; /* mod_extforward's id */
};

typedef int vpce_reader(connection *con, chunkqueue *cq, off_t max_bytes);

/* What is kept of a connection, from its start until its end, or until its header is found to hold
 * no id. */
struct vpce_connection {
    vpce_reader *saved; /* while our reader is the connection's */
    size_t awaited;     /* bytes the socket was told to wait for; 0: none */
    struct pp2_vpce header;
};

__attribute__((visibility("default"))) int mod_postern_vpce_plugin_init(plugin *p);

static int vpce_id; /* the plugin's; one process loads it once */

/* Asks to be woken only when so many bytes are there, or the connection ends; true if that holds.
 * Without it mod_extforward would refuse a header that comes in pieces. */
static bool vpce_await(connection *con, struct vpce_connection *state, size_t bytes)
{
    int low = (int)bytes;
    if (bytes <= state->awaited) /* woken without them: the peer sends no more */
        return false;
    if (setsockopt(con->fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low) != 0)
        return false;
    state->awaited = bytes;
    return true;
}

static void vpce_unhook(connection *con, struct vpce_connection *state)
{
    static const int low = 1;
    con->network_read = state->saved;
    state->saved = NULL;
    if (state->awaited)
        setsockopt(con->fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low);
}

static int vpce_network_read(connection *con, chunkqueue *cq, off_t max_bytes)
{
    struct vpce_connection *state = con->plugin_ctx[vpce_id];
    unsigned char bytes[PP2_VPCE_HEADER_MAX];
    enum pp2_vpce_result result = PP2_VPCE_NONE;
    ssize_t n = recv(con->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    if (n > 0)
        result = pp2_vpce_read(bytes, (size_t)n, &state->header);
    if ((n < 0 && (errno == EAGAIN || errno == EINTR)) ||
        (result == PP2_VPCE_MORE && vpce_await(con, state, state->header.wanted))) {
        con->is_readable = 0;
        return 0;
    }
    vpce_unhook(con, state);
    return con->network_read(con, cq, max_bytes);
}

static handler_t vpce_handle_accept(connection *con, void *p_d)
{
    const struct vpce_plugin *p = p_d;
    /* Set by now where mod_extforward trusts the peer. */
    if (!con->plugin_ctx[p->extforward])
        return HANDLER_GO_ON;
    struct vpce_connection *state = calloc(1, sizeof *state);
    if (!state)
        return HANDLER_ERROR;
    state->saved = con->network_read;
    con->network_read = vpce_network_read;
    con->plugin_ctx[p->base.id] = state;
    return HANDLER_GO_ON;
}

static handler_t vpce_handle_close(connection *con, void *p_d)
{
    const struct vpce_plugin *p = p_d;
    struct vpce_connection *state = con->plugin_ctx[p->base.id];
    if (state && state->saved)
        vpce_unhook(con, state);
    free(state);
    con->plugin_ctx[p->base.id] = NULL;
    return HANDLER_GO_ON;
}

/* As early as a request knows its path, so that the access log sees it whatever answers. */
static handler_t vpce_handle_uri_raw(request_st *r, void *p_d)
{
    const struct vpce_plugin *p = p_d;
    const struct vpce_connection *state = r->con->plugin_ctx[p->base.id];
    if (state && state->header.id[0])
        http_header_env_set(r, CONST_STR_LEN("PP2_AWS_VPCE_ID"), state->header.id,
                            (uint32_t)strlen(state->header.id));
    return HANDLER_GO_ON;
}

/* mod_extforward's id, or 0 if it does not come before this module. */
static int vpce_find_extforward(const server *srv, const struct vpce_plugin *self)
{
    plugin *const *plugins = srv->plugins.ptr;
    for (uint32_t i = 0; i < srv->plugins.used && plugins[i]->data != self; i++)
        if (plugins[i]->name && strcmp(plugins[i]->name, "extforward") == 0)
            return ((plugin_data_base *)plugins[i]->data)->id;
    return 0;
}

/* Whether mod_extforward trusts only blocks of addresses that may be trusted. By itself it also
 * takes "all", which is everyone, and a name that is no block. */
static bool vpce_trusts_well(server *srv, struct vpce_plugin *p)
{
    static const config_plugin_keys_t keys[] = {
        {CONST_STR_LEN("extforward.forwarder"), T_CONFIG_ARRAY, T_CONFIG_SCOPE_CONNECTION},
        {NULL, 0, T_CONFIG_UNSET, T_CONFIG_SCOPE_UNSET}};
    if (!config_plugin_values_init(srv, p, keys, "mod_postern_vpce"))
        return false;
    /* The first row says where the global settings start, and how many there are. */
    const config_plugin_value_t *row = p->base.cvlist;
    const array *blocks = p->base.nconfig > 0 && row->v.u2[1] ? row[row->v.u2[0]].v.a : NULL;
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

static handler_t vpce_set_defaults(server *srv, void *p_d)
{
    struct vpce_plugin *p = p_d;
    vpce_id = p->base.id;
    p->extforward = vpce_find_extforward(srv, p);
    if (p->extforward)
        return vpce_trusts_well(srv, p) ? HANDLER_GO_ON : HANDLER_ERROR;
    log_error(srv->errh, __FILE__, __LINE__,
              "name mod_extforward before mod_postern_vpce in server.modules");
    return HANDLER_ERROR;
}

static void *vpce_init(void)
{
    return calloc(1, sizeof(struct vpce_plugin));
}

int mod_postern_vpce_plugin_init(plugin *p)
{
    p->version = LIGHTTPD_VERSION_ID;
    p->name = "postern_vpce";
    p->init = vpce_init;
    p->set_defaults = vpce_set_defaults;
    p->handle_connection_accept = vpce_handle_accept;
    p->handle_connection_close = vpce_handle_close;
    p->handle_uri_raw = vpce_handle_uri_raw;
    return 0;
}
