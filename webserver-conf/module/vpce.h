/* vpce: what the files of mod_postern_vpce share. They alone call lighttpd. */
#ifndef MODULE_VPCE_H
#define MODULE_VPCE_H

#include <config.h> /* lighttpd's, as its other headers are: see lighttpd-headers */

#include <base.h>
#include <plugin.h>
#include <stdbool.h>
#include <string.h>

#include "callers.h"
#include "deadline.h"
#include "offer.h"
#include "pp2_vpce.h"
#include "shares.h"

/* Why a connection was ended without an answer. */
enum vpce_reason {
    VPCE_OVER,     /* its group has as many as it may */
    VPCE_CROWDED,  /* too many had not said yet where they come from, and it was the oldest */
    VPCE_CROWDING, /* no place was left, and its group had the most */
    VPCE_SILENT,   /* it did not say in time */
    VPCE_UNKNOWN,  /* it sends no header, or what that says of its endpoint is no id, or two */
    VPCE_SLOW,     /* its request did not come whole in time */
    VPCE_REASON_MAX
};

/* How often. */
struct vpce_tally {
    unsigned unlogged;           /* since it was last told in the log */
    unsigned untold;             /* since the application's metrics were last told */
    char last[SHARES_NAME_SIZE]; /* the group of the last one */
};

typedef int vpce_reader(connection *con, chunkqueue *cq, off_t max_bytes);

/* What is kept of a connection, from its start to its end. */
struct vpce_connection {
    struct vpce_connection *before, *after; /* in the order of their starts */
    connection *con;
    struct share *share; /* NULL: it gave up its place, for it is about to end */
    vpce_reader *saved;  /* while our reader is the connection's */
    size_t awaited;      /* bytes the socket was told to wait for; 0: none */
    struct pp2_vpce header;
    int64_t start; /* second */
    struct deadline deadline;
    bool cut; /* to be closed at once, without waiting for the peer */
};

/* What is kept of a request, from when its path is known to its end. */
struct vpce_request {
    struct shares_turn turn; /* first, so that a turn tells its request */
    request_st *r;
    const plugin *next; /* who handles it when its turn has come */
    bool handed_over;   /* to that one */
};

struct vpce_plugin {
    plugin_data_base base;
    int extforward; /* mod_extforward's id; 0: it is not loaded */
    int fastcgi;    /* mod_fastcgi's id */
    struct shares shares;
    struct callers callers;
    int64_t header_seconds, request_seconds;
    struct vpce_connection *first, *last;
    struct vpce_abandoned *abandoned;
    struct vpce_tally tallies[VPCE_REASON_MAX];
    struct offer offer; /* of the application's metrics */
};

/* The plugin; one process loads it once. */
extern struct vpce_plugin *vpce_plugin;

/* The hooks of vpce_connection.c: whose a connection is, and whether it may be. */
handler_t vpce_connection_accept(connection *con, void *p_d);
handler_t vpce_connection_shut(connection *con, void *p_d);
handler_t vpce_connection_close(connection *con, void *p_d);
handler_t vpce_connection_trigger(server *srv, void *p_d);

/* The hooks of vpce_request.c: when a request may go to the application. */
handler_t vpce_request_enter(request_st *r, void *p_d);
handler_t vpce_request_handle(request_st *r, void *p_d);
handler_t vpce_request_answered(request_st *r, void *p_d);
handler_t vpce_request_reset(request_st *r, void *p_d);

/* vpce_denied.c: answers the request if its endpoint is denied; HANDLER_GO_ON if it is not. */
handler_t vpce_denied_answer(request_st *r, struct vpce_plugin *p,
                             const struct vpce_connection *state);

/* vpce_metrics.c: tells the application's metrics which connections were ended. What it cannot
 * tell, because the application does not run, it tells another time. */
void vpce_metrics_tell(struct vpce_plugin *p);

/* The last time, when lighttpd ends: to the application that there was last. */
void vpce_metrics_end(struct vpce_plugin *p);

/* Counts a request that was answered here, because its endpoint is denied; also with that one. */
void vpce_metrics_denied(struct vpce_plugin *p, const request_st *r, const char *consumer);

/* The endpoint's id, or SHARES_NOBODY. */
static inline const char *vpce_endpoint(const struct vpce_connection *state)
{
    return state->header.id[0] ? state->header.id : SHARES_NOBODY;
}

/* Whether the request asks for the application's health. */
static inline bool vpce_is_probe(const request_st *r)
{
    static const char *const paths[] = {"/healthz", "/readyz"};
    size_t len = strcspn(r->target.ptr, "?");
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (strlen(paths[i]) == len && memcmp(r->target.ptr, paths[i], len) == 0)
            return true;
    return false;
}

/* Lets the request go on whose turn it is, if there is one. */
static inline void vpce_wake(struct shares_turn *turn)
{
    union {
        struct shares_turn *turn;
        struct vpce_request *request;
    } next = {.turn = turn};
    if (turn)
        joblist_append(next.request->r->con);
}

/* vpce_abandoned.c: keeps the turn of a request whose caller has left, until the application has
 * let go of the connection fd. False, and nothing has changed, if that cannot be. */
bool vpce_abandoned_keep(struct vpce_plugin *p, server *srv, int fd, struct shares_turn *turn);

/* Forgets all of them, when lighttpd ends. */
void vpce_abandoned_free(struct vpce_plugin *p);

#endif
