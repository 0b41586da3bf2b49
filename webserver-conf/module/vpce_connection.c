/* Whose a connection is, and whether its group may have another one; how long it may take to say
 * so, and to send a request.
 *
 * mod_extforward reads the PROXY protocol's header by a reader that it puts before the
 * connection's. This module is loaded after it, and puts one before that: it peeks at the header
 * and steps aside. It looks only where mod_extforward expects a header. See decisions/0016. */
#include "vpce.h"

#include <errno.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Enough for a refusal to be told. */
enum { VPCE_DENIED_CONNECTIONS = 4 };

static void vpce_count(struct vpce_plugin *p, enum vpce_reason reason, const char *name)
{
    struct vpce_tally *tally = &p->tallies[reason];
    tally->unlogged++;
    tally->untold++;
    snprintf(tally->last, sizeof tally->last, "%s", name);
}

/* Gives up the connection's place at once. */
static void vpce_leave(struct vpce_plugin *p, struct vpce_connection *state)
{
    if (state->share)
        shares_leave(&p->shares, state->share);
    state->share = NULL;
}

/* Ends a connection that lighttpd is not just looking at. */
static void vpce_end(struct vpce_plugin *p, struct vpce_connection *state, enum vpce_reason reason)
{
    vpce_count(p, reason, state->share ? state->share->name : SHARES_PENDING);
    state->cut = true;
    state->con->request.state = CON_STATE_ERROR;
    joblist_append(state->con);
}

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

/* Lets the oldest connection of a group go that has no request under way, so that its place is free
 * at once; false if there is none. */
static bool vpce_make_room(struct vpce_plugin *p, const char *name, enum vpce_reason reason)
{
    struct vpce_connection *state = p->first;
    while (state && (!state->share || strcmp(state->share->name, name) != 0 ||
                     state->con->request.state > CON_STATE_READ_POST))
        state = state->after;
    if (!state)
        return false;
    vpce_end(p, state, reason);
    vpce_leave(p, state);
    return true;
}

/* Many endpoints may hold all places together. Then whoever has the most gives one up. */
static struct share *vpce_join_crowd(struct vpce_plugin *p, const char *name, unsigned limit)
{
    struct share *share = shares_join(&p->shares, name, limit);
    const struct share *crowder = share ? NULL : shares_crowder(&p->shares, name, limit);
    if (crowder && vpce_make_room(p, crowder->name, VPCE_CROWDING))
        share = shares_join(&p->shares, name, limit);
    return share;
}

/* Takes a place in the group that the header tells; false if the connection must end. */
static bool vpce_settle(struct vpce_plugin *p, struct vpce_connection *state,
                        enum pp2_vpce_result result)
{
    const char *name = callers_name(&p->callers, vpce_endpoint(state));
    const struct consumers_line *line = callers_find(&p->callers, vpce_endpoint(state));
    unsigned limit = result == PP2_VPCE_FOUND && line && line->denied ? VPCE_DENIED_CONNECTIONS : 0;
    if (result != PP2_VPCE_FOUND)
        name = SHARES_NOBODY;
    vpce_leave(p, state);
    if (result != PP2_VPCE_BAD && (state->share = vpce_join_crowd(p, name, limit)) != NULL)
        return true;
    vpce_count(p, result == PP2_VPCE_BAD ? VPCE_UNKNOWN : VPCE_OVER, name);
    state->cut = true;
    return false;
}

static int vpce_network_read(connection *con, chunkqueue *cq, off_t max_bytes)
{
    struct vpce_connection *state = con->plugin_ctx[vpce_plugin->base.id];
    unsigned char bytes[PP2_VPCE_HEADER_MAX];
    enum pp2_vpce_result result = PP2_VPCE_MORE;
    ssize_t n = recv(con->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    if (n > 0)
        result = pp2_vpce_read(bytes, (size_t)n, &state->header);
    if ((n < 0 && (errno == EAGAIN || errno == EINTR)) ||
        (n > 0 && result == PP2_VPCE_MORE && vpce_await(con, state, state->header.wanted))) {
        con->is_readable = 0;
        return 0;
    }
    vpce_unhook(con, state);
    if (result != PP2_VPCE_MORE && !vpce_settle(vpce_plugin, state, result))
        return -1;
    return con->network_read(con, cq, max_bytes);
}

/* A connection that has not said yet where it comes from takes the place of the oldest such one. */
static struct share *vpce_join(struct vpce_plugin *p, const char *name)
{
    struct share *share = shares_join(&p->shares, name, 0);
    if (share || strcmp(name, SHARES_PENDING) != 0)
        return share;
    if (vpce_make_room(p, SHARES_PENDING, VPCE_CROWDED))
        share = shares_join(&p->shares, name, 0);
    return share ? share : vpce_join_crowd(p, name, 0);
}

static void vpce_link(struct vpce_plugin *p, struct vpce_connection *state)
{
    state->before = p->last;
    *(p->last ? &p->last->after : &p->first) = state;
    p->last = state;
}

handler_t vpce_connection_accept(connection *con, void *p_d)
{
    struct vpce_plugin *p = p_d;
    /* Set by now where mod_extforward trusts the peer. */
    bool pending = p->extforward && con->plugin_ctx[p->extforward];
    const char *name = pending ? SHARES_PENDING : SHARES_NOBODY;
    struct vpce_connection *state = calloc(1, sizeof *state);
    if (!state)
        return HANDLER_ERROR;
    state->con = con;
    state->start = log_monotonic_secs;
    state->share = vpce_join(p, name);
    if (!state->share) {
        vpce_count(p, VPCE_OVER, name);
        free(state);
        return HANDLER_ERROR; /* and lighttpd closes it */
    }
    if (pending) {
        state->saved = con->network_read;
        con->network_read = vpce_network_read;
    }
    vpce_link(p, state);
    con->plugin_ctx[p->base.id] = state;
    return HANDLER_GO_ON;
}

/* lighttpd would go on reading for seconds, until the peer closes too. */
handler_t vpce_connection_shut(connection *con, void *p_d)
{
    const struct vpce_plugin *p = p_d;
    const struct vpce_connection *state = con->plugin_ctx[p->base.id];
    if (state && state->cut && con->fd >= 0)
        con->fd = -con->fd; /* how lighttpd's own modules say that it is shut down already */
    return HANDLER_GO_ON;
}

handler_t vpce_connection_close(connection *con, void *p_d)
{
    struct vpce_plugin *p = p_d;
    struct vpce_connection *state = con->plugin_ctx[p->base.id];
    if (!state)
        return HANDLER_GO_ON;
    if (state->saved)
        vpce_unhook(con, state);
    vpce_leave(p, state);
    *(state->before ? &state->before->after : &p->first) = state->after;
    *(state->after ? &state->after->before : &p->last) = state->before;
    free(state);
    con->plugin_ctx[p->base.id] = NULL;
    return HANDLER_GO_ON;
}

/* Whether a part of a request is there, and not all. */
static bool vpce_is_arriving(const connection *con)
{
    return con->request.state == CON_STATE_READ_POST ||
           (con->request.state == CON_STATE_READ && !chunkqueue_is_empty(con->read_queue));
}

static void vpce_check_time(struct vpce_plugin *p, struct vpce_connection *state)
{
    int64_t now = log_monotonic_secs;
    if (state->cut)
        return;
    if (state->saved && now - state->start >= p->header_seconds)
        vpce_end(p, state, VPCE_SILENT);
    else if (deadline_passed(&state->deadline, vpce_is_arriving(state->con),
                             state->con->request_count, now, p->request_seconds))
        vpce_end(p, state, VPCE_SLOW);
}

static void vpce_tell(server *srv, struct vpce_plugin *p)
{
    static const char *const why[VPCE_REASON_MAX] = {
        [VPCE_OVER] = "its group of callers has its share of connections",
        [VPCE_CROWDED] = "too many had sent no PROXY protocol header yet",
        [VPCE_CROWDING] = "no place was left, and its group of callers had the most",
        [VPCE_SILENT] = "no PROXY protocol header came in time",
        [VPCE_UNKNOWN] =
            "no PROXY protocol header, or its header names no VPC endpoint's id, or two",
        [VPCE_SLOW] = "its request did not come whole in time",
    };
    for (int i = 0; i < VPCE_REASON_MAX; i++) {
        struct vpce_tally *tally = &p->tallies[i];
        if (tally->unlogged)
            log_error(srv->errh, __FILE__, __LINE__,
                      "connections ended: %u, the last one of %s: %s", tally->unlogged, tally->last,
                      why[i]);
        tally->unlogged = 0;
    }
}

static void vpce_look(server *srv, struct vpce_plugin *p)
{
    struct consumers_fault fault;
    if (callers_look(&p->callers, &fault) == CALLERS_WRONG)
        log_error(srv->errh, __FILE__, __LINE__,
                  "%s: line %d: %s; the last good consumers stay, if there are any",
                  p->callers.path, fault.line, fault.why);
}

/* Each second. */
handler_t vpce_connection_trigger(server *srv, void *p_d)
{
    struct vpce_plugin *p = p_d;
    p->shares.now = log_monotonic_secs;
    for (struct vpce_connection *state = p->first; state; state = state->after)
        vpce_check_time(p, state);
    vpce_look(srv, p);
    vpce_tell(srv, p);
    vpce_metrics_tell(p);
    return HANDLER_GO_ON;
}
