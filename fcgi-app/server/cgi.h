/* cgi: a request from its CGI variables (RFC 3875, section 4.1), and a response's header block,
 * however both travel. */
#ifndef SERVER_CGI_H
#define SERVER_CGI_H

#include "http/http.h"

/* The variable that names the VPC endpoint a request came through. The web server's module sets it
 * from the PROXY protocol. A client cannot set it: its headers arrive as HTTP_ variables. */
#define CGI_ENDPOINT_VARIABLE "PP2_AWS_VPCE_ID"

/* The trace that the web server's module found or began, and the request's span there; with both
 * its log tells the same as ours. */
#define CGI_TRACE_VARIABLE "POSTERN_TRACE_ID"
#define CGI_SPAN_VARIABLE  "POSTERN_SPAN_ID"

/* The method that was refused: lighttpd calls its error handler by GET. The web server's module
 * sets it; without that the requests that lighttpd refused are told as GET. */
#define CGI_REFUSED_METHOD_VARIABLE "POSTERN_REFUSED_METHOD"

/* The body's length; and that the web server shuts its side down as a sign that its client left. */
#define CGI_LENGTH_VARIABLE "CONTENT_LENGTH"
#define CGI_LEFT_VARIABLE   "POSTERN_LEFT_IS_HALF_CLOSED"

/* A whole header block is no longer. */
enum { CGI_HEAD_MAX = HTTP_HEADERS_MAX + 128 };

/* Gives a variable of the source, or NULL; borrowed as long as the request. */
typedef const char *(*cgi_lookup)(const void *source, const char *name);

/* Whether a variable of that name is of any use here: one of those above, or of cgi_request. The
 * name holds no NUL. */
bool cgi_asks(const char *name, size_t len);

/* Makes the request of its variables, without a body. Its trace is the web server's, else the
 * caller's, else a new one; it is sampled if the caller says so. */
void cgi_request(cgi_lookup lookup, const void *source, struct http_request *request);

/* Writes the header block into the buffer, in place of what is there, with Content-Length: without
 * it the death of who answers could pass for the end of a body. False if it does not fit. */
bool cgi_head(const struct http_response *response, struct buffer *head);

#endif
