#include "server/access.h"

#include <string.h>

#include "base/log.h"
#include "metrics/metrics.h"
#include "spans/spans.h"

/* What semantic conventions for HTTP have a method be that is none of the known. */
#define ACCESS_OTHER_METHOD "_OTHER"

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
                    METRICS_WITH((uint16_t)response->route_number,
                                 access_method(request->told_method), (uint16_t)response->status,
                                 metrics_consumer(request->consumer)));
}

void access_log(const struct http_request *request, const struct http_response *response, bool sent,
                int64_t duration_us)
{
    if (!sent)
        metrics_add(METRIC_ABANDONED, 1, METRICS_WITH(IS_WHILE_ANSWERED));
    log_write(sent ? LOG_INFO : LOG_WARN, sent ? "request" : "request not answered: client left",
              LOG_FIELDS(
                  LOG_TEXT("request_id", response->request_id),
                  LOG_TEXT("trace_id", request->trace.id), LOG_TEXT("span_id", request->trace.span),
                  LOG_TEXT("consumer", request->consumer), LOG_TEXT("method", request->told_method),
                  LOG_TEXT("route", response->route), LOG_NUMBER("status", response->status),
                  LOG_NUMBER("bytes", response->send_body ? response->body_len : 0),
                  LOG_NUMBER("duration_us", duration_us)));
}

/* A tracestate counts only beside a good traceparent. */
static const char *access_state(const struct http_request *request)
{
    const char *state = request->headers[HTTP_TRACESTATE];
    return request->trace.parent[0] && state && trace_state_is_valid(state) ? state : NULL;
}

/* Names are those of OpenTelemetry's "Semantic conventions for HTTP spans". What they have of the
 * path is left out: it holds ids. */
void access_trace(const struct http_request *request, const struct http_response *response,
                  int64_t duration_us)
{
    uint16_t number = access_method(request->told_method);
    bool known = number != IS_OTHER_METHOD;
    struct span span = {
        .trace = &request->trace,
        .name = {known ? table_values[number].text : "HTTP", response->route},
        .kind = SPAN_SERVER,
        .failed = response->status >= 500,
        .state = access_state(request),
        .attributes =
            SPAN_ATTRIBUTES(SPAN_TEXT("http.request.method",
                                      known ? table_values[number].text : ACCESS_OTHER_METHOD),
                            SPAN_TEXT("http.route", response->route),
                            SPAN_NUMBER("http.response.status_code", response->status),
                            SPAN_TEXT("postern.consumer", request->consumer)),
    };
    spans_put(&span, duration_us);
}
