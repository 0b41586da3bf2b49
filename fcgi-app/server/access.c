#include "server/access.h"

#include <string.h>

#include "base/log.h"
#include "metrics/metrics.h"

static uint16_t access_method(const char *method)
{
    static const enum label_value methods[] = {IS_GET, IS_HEAD, IS_POST, IS_OPTIONS};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(method, table_values[methods[i]].text) == 0)
            return (uint16_t)methods[i];
    }
    return IS_OTHER_METHOD;
}

void access_count(const struct http_request *request, const struct http_response *response,
                  int64_t duration_us)
{
    metrics_observe(METRIC_REQUESTS, duration_us,
                    METRICS_WITH((uint16_t)response->route_number, access_method(request->method),
                                 (uint16_t)response->status, metrics_consumer(request->consumer)));
}

void access_log(const struct http_request *request, const struct http_response *response, bool sent,
                int64_t duration_us)
{
    if (!sent)
        metrics_add(METRIC_ABANDONED, 1, METRICS_WITH(IS_WHILE_ANSWERED));
    log_write(sent ? LOG_INFO : LOG_WARN, sent ? "request" : "request not answered: client left",
              LOG_FIELDS(LOG_TEXT("request_id", response->request_id),
                         LOG_TEXT("consumer", request->consumer),
                         LOG_TEXT("method", request->method), LOG_TEXT("route", response->route),
                         LOG_NUMBER("status", response->status),
                         LOG_NUMBER("bytes", response->send_body ? response->body_len : 0),
                         LOG_NUMBER("duration_us", duration_us)));
}
