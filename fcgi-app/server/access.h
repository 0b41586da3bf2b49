/* access: the log's line of a request that was answered, what is counted of it, and its span. */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H

#include "http/http.h"

/* To be called before the answer is sent: then nobody has an answer that was not counted. */
void access_count(const struct http_request *request, const struct http_response *response,
                  int64_t duration_us);

/* sent says whether the client took the whole answer. */
void access_log(const struct http_request *request, const struct http_response *response, bool sent,
                int64_t duration_us);

/* Writes the request's span, if its trace is sampled. To be called once it was answered. */
void access_trace(const struct http_request *request, const struct http_response *response,
                  int64_t duration_us);

#endif
