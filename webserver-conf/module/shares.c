#include "shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of all connections: a group's share, what is left for those that are pending, what is kept for
 * callers without an endpoint, and what stays free. */
enum {
    SHARES_PART_GROUP = 4,
    SHARES_PART_PENDING = 8,
    SHARES_PART_KEPT = 16,
    SHARES_PART_FREE = 64
};

static unsigned shares_part(unsigned all, unsigned part)
{
    return all < part ? 1 : all / part;
}

struct shares_limits shares_limits_of(unsigned max_connections, unsigned connections,
                                      unsigned requests)
{
    unsigned left_free = shares_part(max_connections, SHARES_PART_FREE);
    return (struct shares_limits){
        .connections = connections ? connections : shares_part(max_connections, SHARES_PART_GROUP),
        .requests = requests,
        .contested = requests,
        .pending = shares_part(max_connections, SHARES_PART_PENDING),
        .all = max_connections - left_free,
        .kept = shares_part(max_connections, SHARES_PART_KEPT),
    };
}

static struct share *shares_find(const struct shares *shares, const char *name)
{
    struct share *share = shares->groups;
    while (share && strcmp(share->name, name) != 0)
        share = share->next;
    return share;
}

static struct share *shares_add(struct shares *shares, const char *name)
{
    struct share *share = calloc(1, sizeof *share);
    if (!share || strlen(name) >= sizeof share->name) {
        free(share);
        return NULL;
    }
    snprintf(share->name, sizeof share->name, "%s", name);
    share->next = shares->groups;
    shares->groups = share;
    return share;
}

/* Forgets a group that has nothing any more. */
static void shares_drop(struct shares *shares, struct share *share)
{
    if (share->connections || share->requests || share->first)
        return;
    struct share **at = &shares->groups;
    while (*at != share)
        at = &(*at)->next;
    *at = share->next;
    free(share);
}

static unsigned shares_limit(const struct shares *shares, const char *name, unsigned limit)
{
    if (limit)
        return limit;
    return strcmp(name, SHARES_PENDING) == 0 ? shares->limits.pending : shares->limits.connections;
}

struct share *shares_join(struct shares *shares, const char *name, unsigned limit)
{
    const struct shares_limits *limits = &shares->limits;
    bool nobody = strcmp(name, SHARES_NOBODY) == 0;
    struct share *share = shares_find(shares, name);
    if (shares->connections >= limits->all ||
        (!nobody && shares->connections - shares->nobody >= limits->all - limits->kept) ||
        (share && share->connections >= shares_limit(shares, name, limit)))
        return NULL;
    if (!share && (share = shares_add(shares, name)) == NULL)
        return NULL;
    share->connections++;
    shares->connections++;
    shares->nobody += nobody;
    return share;
}

struct share *shares_crowder(const struct shares *shares, const char *name, unsigned limit)
{
    const struct share *own = shares_find(shares, name);
    unsigned most = own ? own->connections + 1 : 1;
    struct share *crowder = NULL;
    if (own && own->connections >= shares_limit(shares, name, limit))
        return NULL;
    for (struct share *share = shares->groups; share; share = share->next) {
        if (share->connections <= most || strcmp(share->name, SHARES_NOBODY) == 0 ||
            strcmp(share->name, SHARES_PENDING) == 0)
            continue;
        crowder = share;
        most = share->connections;
    }
    return crowder;
}

void shares_leave(struct shares *shares, struct share *share)
{
    share->connections--;
    shares->connections--;
    shares->nobody -= strcmp(share->name, SHARES_NOBODY) == 0;
    shares_drop(shares, share);
}

static void shares_note(struct shares *shares, const char *name)
{
    if (strcmp(shares->latest.name, name) != 0) {
        shares->other = shares->latest;
        snprintf(shares->latest.name, sizeof shares->latest.name, "%s", name);
    }
    shares->latest.at = shares->now;
}

/* How many requests the group may have begun. */
static unsigned shares_requests(const struct shares *shares, const struct share *share)
{
    bool is_latest = strcmp(shares->latest.name, share->name) == 0;
    const struct shares_asker *rival = is_latest ? &shares->other : &shares->latest;
    bool asks = rival->name[0] && shares->now - rival->at <= SHARES_ASKING_SECONDS;
    return asks ? shares->limits.contested : shares->limits.requests;
}

void shares_ask(struct shares *shares, struct share *share, struct shares_turn *turn)
{
    shares_note(shares, share->name);
    turn->share = share;
    if (share->requests < shares_requests(shares, share)) {
        share->requests++;
        turn->state = SHARES_BEGUN;
        return;
    }
    turn->state = SHARES_WAITING;
    turn->before = share->last;
    turn->after = NULL;
    *(share->last ? &share->last->after : &share->first) = turn;
    share->last = turn;
}

static void shares_unlink(struct shares_turn *turn)
{
    struct share *share = turn->share;
    *(turn->before ? &turn->before->after : &share->first) = turn->after;
    *(turn->after ? &turn->after->before : &share->last) = turn->before;
}

struct shares_turn *shares_end(struct shares *shares, struct shares_turn *turn)
{
    enum shares_state was = turn->state;
    struct share *share = turn->share;
    struct shares_turn *next = NULL;
    if (was == SHARES_IDLE)
        return NULL;
    if (was == SHARES_WAITING)
        shares_unlink(turn);
    *turn = (struct shares_turn){.state = SHARES_IDLE};
    share->requests -= was == SHARES_BEGUN;
    if (was == SHARES_BEGUN && share->first && share->requests < shares_requests(shares, share)) {
        next = share->first;
        shares_unlink(next);
        next->state = SHARES_BEGUN;
        share->requests++;
    }
    shares_drop(shares, share);
    return next;
}

void shares_pass(struct shares_turn *from, struct shares_turn *to)
{
    *to = (struct shares_turn){.state = from->state, .share = from->share};
    *from = (struct shares_turn){.state = SHARES_IDLE};
}
