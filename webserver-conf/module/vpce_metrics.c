/* What this module ends and answers by itself, in the application's metrics: it counts in the
 * memory that the application offers beside its published answers. */
#include "vpce.h"

#include "base/clock.h"
#include "metrics/metrics.h"

static void vpce_metrics_add(struct vpce_plugin *p)
{
    static const enum label_value reasons[VPCE_REASON_MAX] = {
        [VPCE_OVER] = IS_OVER_SHARE,      [VPCE_CROWDED] = IS_HEADERS_AWAITED,
        [VPCE_CROWDING] = IS_CROWDED_OUT, [VPCE_SILENT] = IS_HEADER_LATE,
        [VPCE_UNKNOWN] = IS_HEADER_WRONG, [VPCE_SLOW] = IS_REQUEST_LATE,
    };
    for (int i = 0; i < VPCE_REASON_MAX; i++) {
        metrics_add(METRIC_CONNECTIONS_CLOSED, p->tallies[i].untold,
                    METRICS_WITH((uint16_t)reasons[i]));
        p->tallies[i].untold = 0;
    }
}

/* What is added to the memory of an application that has ended, nobody sees. */
void vpce_metrics_tell(struct vpce_plugin *p)
{
    if (offer_running(&p->offer, clock_monotonic_us()))
        vpce_metrics_add(p);
}

void vpce_metrics_end(struct vpce_plugin *p)
{
    if (p->offer.memory.metrics)
        vpce_metrics_add(p);
    offer_close(&p->offer);
}

static enum label_value vpce_metrics_method(const request_st *r)
{
    switch (r->http_method) {
    case HTTP_METHOD_GET:
        return IS_GET;
    case HTTP_METHOD_HEAD:
        return IS_HEAD;
    case HTTP_METHOD_POST:
        return IS_POST;
    case HTTP_METHOD_OPTIONS:
        return IS_OPTIONS;
    default:
        return IS_OTHER_METHOD;
    }
}

void vpce_metrics_denied(struct vpce_plugin *p, const request_st *r, const char *consumer)
{
    enum { NO_ROUTE = 0 }; /* its name is "-": which route it asked for was not looked at */
    const struct layout *layout = p->offer.memory.layout;
    if (!layout)
        return;
    metrics_add(METRIC_PROBLEMS, 1, METRICS_WITH((uint16_t)layout->denied_problem));
    metrics_observe(METRIC_REQUESTS, 0,
                    METRICS_WITH(NO_ROUTE, (uint16_t)vpce_metrics_method(r),
                                 (uint16_t)r->http_status, metrics_consumer(consumer)));
}
