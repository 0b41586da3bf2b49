#include "server/access.h"

#include "base/log.h"

void access_log(const struct http_request *request, const struct http_response *response, bool sent,
                int64_t duration_us)
{
    log_write(sent ? LOG_INFO : LOG_WARN, sent ? "request" : "request not answered: client left",
              LOG_FIELDS(LOG_TEXT("request_id", response->request_id),
                         LOG_TEXT("consumer", request->consumer),
                         LOG_TEXT("method", request->method), LOG_TEXT("route", response->route),
                         LOG_NUMBER("status", response->status),
                         LOG_NUMBER("bytes", response->send_body ? response->body_len : 0),
                         LOG_NUMBER("duration_us", duration_us)));
}
