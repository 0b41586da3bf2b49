/* gateway: libfcgi's side of a request and a response. libfcgi reads no byte that a web server
 * wrote: it takes each request, once that was checked, from a pipe that only this process writes
 * to, and writes the answer to the web server's connection. See decisions/0028. */
#ifndef SERVER_GATEWAY_H
#define SERVER_GATEWAY_H

#include <fcgiapp.h>
#include <stdbool.h>

#include "http/http.h"
#include "server/inbound.h"

/* What a worker keeps from one request to the next. */
struct gateway {
    char *body;            /* owned, HTTP_BODY_MAX + 1 bytes */
    struct buffer head;    /* the response's header block */
    struct buffer records; /* the request as it was checked */
    int feed[2];           /* a pipe, to libfcgi and from here; or -1 */
};

/* False on failure, which is logged; gateway_free is due in either case. */
bool gateway_init(struct gateway *gateway);
void gateway_free(struct gateway *gateway);

/* Hands a whole request to libfcgi, to be accepted. False on failure, which is logged. */
bool gateway_accept(struct gateway *gateway, FCGX_Request *fcgi, const struct inbound *in);

/* Reads variables and body into a request that borrows from both arguments until the FastCGI
 * request is finished. Its consumer is the endpoint's id or CONSUMERS_NOBODY; a variable that is
 * neither makes it unidentified. */
void gateway_read(struct gateway *gateway, FCGX_Request *fcgi, struct http_request *request);

/* From here on libfcgi writes to the connection, which stays the caller's to close. The request
 * must have been read: what libfcgi needed for that is given back. */
void gateway_answer_to(FCGX_Request *fcgi, int connection);

/* Sends the response whole, with its Content-Length: without it a worker's death could pass for the
 * end of a body. False if the client did not take it all. */
bool gateway_write(struct gateway *gateway, FCGX_Request *fcgi,
                   const struct http_response *response);

/* Ends the request. Its texts are gone, and an answer that was not written is not sent. */
void gateway_finish(FCGX_Request *fcgi);

#endif
