/* exchange: one request of a web server and its answer, with all that a worker keeps for it. */
#ifndef SERVER_EXCHANGE_H
#define SERVER_EXCHANGE_H

#include <fcgiapp.h>

#include "http/http.h"
#include "publish/roster.h"
#include "server/child.h"
#include "server/gateway.h"
#include "server/intake.h"

struct exchange {
    const struct child *child; /* borrowed */
    bool reads_wait;           /* for a server, as changes wait for the writer */
    struct http_service service;
    struct http_response response; /* to the last request */
    struct gateway gateway;
    struct roster_entry caller; /* of the request being served */
    FCGX_Request fcgi;
};

/* All is borrowed. reads_wait says that the store's reads wait, as its traits do. Sets signal
 * handlers, as FCGX_Init does. False on failure, which is logged; exchange_close is due in either
 * case. */
bool exchange_open(struct exchange *exchange, const struct child *child, struct store *store,
                   bool reads_wait);
void exchange_close(struct exchange *exchange);

/* Answers the whole request of the connection, unless nobody waits for it any more. draining says
 * that this process was told to stop; start_us is the time now, monotonic. Whether the web server
 * wants to keep the connection, and it is fit for that. */
bool exchange_serve(struct exchange *exchange, struct arrival *arrival, bool draining,
                    int64_t start_us);

#endif
