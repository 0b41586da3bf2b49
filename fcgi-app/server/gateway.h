/* gateway: FastCGI's side of a request and a response. */
#ifndef SERVER_GATEWAY_H
#define SERVER_GATEWAY_H

#include <fcgiapp.h>
#include <stdbool.h>

#include "http/http.h"

/* What a worker keeps from one request to the next. */
struct gateway {
    char *body;         /* owned, HTTP_BODY_MAX + 1 bytes */
    struct buffer head; /* the response's header block */
};

/* False if out of memory. */
bool gateway_init(struct gateway *gateway);
void gateway_free(struct gateway *gateway);

/* Reads variables and body into a request that borrows from both arguments until the FastCGI
 * request is finished. Its consumer is the endpoint's id or CONSUMERS_NOBODY; a variable that is
 * neither makes it unidentified. */
void gateway_read(struct gateway *gateway, FCGX_Request *fcgi, struct http_request *request);

/* Sends the response whole, with its Content-Length: without it a worker's death could pass for the
 * end of a body. False if the client did not take it all. */
bool gateway_write(struct gateway *gateway, FCGX_Request *fcgi,
                   const struct http_response *response);

#endif
