/* shares: how many connections, and how many requests with the application, each caller may have.
 * Callers through one endpoint are one group, and so are those without an endpoint. Knows no web
 * server. */
#ifndef MODULE_SHARES_H
#define MODULE_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/endpoint.h"

/* A group counts as asking for so many seconds after a request. */
enum { SHARES_ASKING_SECONDS = 2 };

enum { SHARES_NAME_SIZE = ENDPOINT_ID_SIZE };

/* The names of the two groups that are no endpoint's. */
#define SHARES_NOBODY  "-" /* callers without an endpoint; health checks among them */
#define SHARES_PENDING "?" /* connections that have not said yet where they come from */

/* All in number. */
struct shares_limits {
    unsigned connections; /* of one group */
    unsigned requests;    /* of one group, with the application at once */
    unsigned contested;   /* likewise, while another group asks too */
    unsigned pending;     /* connections of SHARES_PENDING */
    unsigned all;         /* connections of all groups */
    unsigned kept;        /* of these, connections that only SHARES_NOBODY may have */
};

enum shares_state { SHARES_IDLE, SHARES_WAITING, SHARES_BEGUN, SHARES_STATE_MAX };

/* A request's place in its group; zeroed it is idle. Its memory is the caller's, and must stay
 * until it is idle again. */
struct shares_turn {
    enum shares_state state;
    struct share *share;
    struct shares_turn *before, *after; /* while it waits */
};

/* A group: it is there as long as it has a connection or a request. */
struct share {
    struct share *next;
    char name[SHARES_NAME_SIZE];
    unsigned connections;
    unsigned requests;                /* begun */
    struct shares_turn *first, *last; /* that wait */
};

/* Zeroed but for the limits it is ready. */
struct shares {
    struct shares_limits limits;
    struct share *groups;
    unsigned connections;
    unsigned nobody; /* connections of SHARES_NOBODY */
    int64_t now;     /* a second that the caller keeps */
    /* The group that asked last, and the last one before it that is another. */
    struct shares_asker {
        char name[SHARES_NAME_SIZE];
        int64_t at;
    } latest, other;
};

/* The limits for a web server that holds so many connections at most. A group's connections and
 * requests are the caller's choice; 0 connections: a quarter. Some places are left over, so that
 * the server always takes a new connection and can tell whose it is. */
struct shares_limits shares_limits_of(unsigned max_connections, unsigned connections,
                                      unsigned requests);

/* Takes a place for a connection of the group. NULL if the group has its share, if no place is
 * left, or if there is no memory. limit is the group's own, or 0 for the common one. */
struct share *shares_join(struct shares *shares, const char *name, unsigned limit);

/* Which group should give a connection up for the named one, to which shares_join gave no place:
 * the endpoints' group with the most, if that has at least two more than the named one. NULL if
 * there is none, or if the named group has its share. */
struct share *shares_crowder(const struct shares *shares, const char *name, unsigned limit);

/* Gives the place back. Its requests that have begun may go on. */
void shares_leave(struct shares *shares, struct share *share);

/* Begins a request of the group, or lets it wait for its turn: see turn->state. The turn is idle
 * before. */
void shares_ask(struct shares *shares, struct share *share, struct shares_turn *turn);

/* Ends a request, or its wait; an idle one is left alone. Returns the turn that has begun in its
 * place, or NULL. */
struct shares_turn *shares_end(struct shares *shares, struct shares_turn *turn);

/* Gives one turn's place to another, which is idle. */
void shares_pass(struct shares_turn *from, struct shares_turn *to);

#endif
