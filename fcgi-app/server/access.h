/* access: the log's line of a request that was answered. */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H

#include "http/http.h"

/* sent says whether the client took the whole answer. */
void access_log(const struct http_request *request, const struct http_response *response, bool sent,
                int64_t duration_us);

#endif
