/* exchange: the requests of a web server that one worker serves, and their answers. While the
 * writer makes the change that a request asks for, the worker serves others. */
#ifndef SERVER_EXCHANGE_H
#define SERVER_EXCHANGE_H

#include <fcgiapp.h>

#include "http/http.h"
#include "publish/roster.h"
#include "server/child.h"
#include "server/gateway.h"
#include "server/intake.h"
#include "store/relay/relay.h"

/* One request, from its first step to its answer. */
struct exchange {
    struct arrival *arrival; /* borrowed: the connection */
    int64_t start_us;        /* monotonic */
    bool waits;              /* for the writer */
    bool sent;               /* the answer, whole */
    FCGX_Request fcgi;
    struct http_request request;
    struct roster_entry caller;
    struct http_response response;
    struct http_exchange http; /* last: it is large, and little of it is touched */
};

/* All that a worker keeps for its requests. */
struct exchanges {
    const struct child *child; /* borrowed */
    bool reads_wait;           /* for a server */
    struct relay *relay;       /* borrowed */
    struct http_service service;
    struct gateway gateway;
    int made, free;
    struct exchange *all[RELAY_WAITING_MAX];   /* each made when it is first needed */
    struct exchange *frees[RELAY_WAITING_MAX]; /* they serve nothing; the last is used first */
};

/* All is borrowed. reads_wait says that the store's reads wait, as its traits do. Sets signal
 * handlers, as FCGX_Init does. False on failure, which is logged; exchanges_close is due in either
 * case, and lets pass what is all zeros. */
bool exchanges_open(struct exchanges *all, const struct child *child, struct store *store,
                    struct relay *relay, bool reads_wait);
void exchanges_close(struct exchanges *all);

/* Gives back what is kept for requests to come, after a burst perhaps a megabyte. False, and
 * nothing is given back, while a request waits. */
bool exchanges_rest(struct exchanges *all);

/* Whether no more can be served until one has ended. */
bool exchanges_are_full(const struct exchanges *all);

/* Serves the whole request of the connection, unless nobody waits for it any more. draining says
 * that this process was told to stop; start_us is the time now, monotonic. If the exchange does not
 * wait now, exchanges_end is due. NULL if there is no memory, which is logged. */
struct exchange *exchanges_serve(struct exchanges *all, struct arrival *arrival, bool draining,
                                 int64_t start_us);

/* Answers the one whose change has come back from the relay; exchanges_end is due. */
struct exchange *exchanges_conclude(struct exchanges *all, const struct store_change *change);

/* Gives it back. Whether the web server wants to keep the connection, and it is fit for that. */
bool exchanges_end(struct exchanges *all, struct exchange *exchange);

#endif
