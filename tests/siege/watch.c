#include "siege/watch.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "e2e/client.h"
#include "e2e/load.h"
#include "e2e/proxy.h"
#include "e2e/wire.h"
#include "siege/site.h"

enum {
    CALLERS = 10,
    CALLER_PERIOD_US = 200000, /* of each: 50 a second together */
    CALLER_PRODUCTS = 1000,    /* it asks for one of the first so many */
    PROBES = 2,
    PROBE_PERIOD_US = 100000,
    CHECK_PERIOD_US = 500000,
    TIMEOUT_MS = 20000,
    CHECK_TRIES = 2, /* its own time is short for a process that starts on a busy machine */
    GATE_MS = 2,
    REQUEST_SIZE = 512
};

static const struct pair *pair;
static struct watch_seen *seen; /* where it goes, as long as is_open or anyone is present */
static uint64_t seed;
static struct load load;
static atomic_bool running, is_open;
static atomic_int present; /* threads that are not at the gate */
static _Atomic int64_t opened_us;

/* One who asks, on a thread of its own. */
struct asker {
    size_t number;
    int64_t asked; /* requests */
    uint64_t random;
    struct wire wire;
};

static size_t caller_write(struct asker *asker, const char **status, char *out, size_t size)
{
    uint32_t product = load_random(&asker->random, CALLER_PRODUCTS) + 1;
    char body[128];
    *status = "200";
    switch ((asker->asked + (int64_t)asker->number) % 10) {
    case 0:
    case 5:
        *status = "201";
        snprintf(body, sizeof body, "{\"items\":[{\"product_id\":%" PRIu32 ",\"quantity\":1}]}",
                 product);
        return (size_t)snprintf(out, size,
                                "POST /orders HTTP/1.1\r\nHost: b\r\nContent-Type: "
                                "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                strlen(body), body);
    case 3:
        return (size_t)snprintf(out, size, "GET /orders?limit=5 HTTP/1.1\r\nHost: b\r\n\r\n");
    case 7: /* more than lighttpd keeps in memory */
        return (size_t)snprintf(
            out, size, "GET /products?limit=800&after=%" PRIu32 " HTTP/1.1\r\nHost: b\r\n\r\n",
            product);
    default:
        return (size_t)snprintf(out, size, "GET /products/%" PRIu32 " HTTP/1.1\r\nHost: b\r\n\r\n",
                                product);
    }
}

/* Sends it over the open connection, or a new one, and takes the time since it was due. */
static void asker_call(struct asker *asker, struct figures *figures, const char *request,
                       const char *status, int64_t due)
{
    struct wire *wire = &asker->wire;
    enum wire_result result = wire->fd < 0 ? WIRE_REFUSED : wire_call(wire, request);
    const char *line = result == WIRE_ANSWERED ? wire->answer : "HTTP/1.1 000";
    if (result == WIRE_ANSWERED && strncmp(line + strlen("HTTP/1.1 "), status, 3) == 0)
        figures_add(figures, figures_now_us() - due, request);
    else
        figures_fail(figures, "%.*s: %s %.3s", (int)strcspn(request, "\r"), request,
                     wire_result_names[result], line + strlen("HTTP/1.1 "));
    asker->asked++;
}

static void caller_ask(struct asker *asker, int64_t due)
{
    char request[REQUEST_SIZE];
    const char *status;
    caller_write(asker, &status, request, sizeof request);
    if (asker->number % 2 || wire_is_stale(&asker->wire))
        wire_close(&asker->wire);
    if (asker->wire.fd < 0)
        asker->wire.fd = proxy_open_of(pair->port, SITE_STEADY);
    asker_call(asker, &seen->caller, request, status, due);
}

/* As an NLB does it: a new connection each time, its header without an endpoint. */
static void probe_ask(struct asker *asker, int64_t due)
{
    static const char header[] = PROXY_NO_TLV;
    wire_close(&asker->wire);
    asker->wire.fd = proxy_open(pair->port, PROXY_BALANCER);
    if (asker->wire.fd >= 0)
        client_raw_send(asker->wire.fd, header, sizeof header - 1);
    asker_call(asker, &seen->probes,
               asker->number == CALLERS ? "GET /healthz HTTP/1.1\r\nHost: p\r\n\r\n"
                                        : "GET /readyz HTTP/1.1\r\nHost: p\r\n\r\n",
               "200", due);
}

/* Its time is not taken: a process starts. */
static void check_ask(struct asker *asker, int64_t due)
{
    static const char *const argv[] = {"healthcheck", NULL};
    (void)due;
    bool healthy = false;
    for (int i = 0; i < CHECK_TRIES && !healthy; i++)
        healthy = pair_command(pair, argv, NULL, 0) == 0;
    if (!healthy)
        figures_fail(&seen->probes, "postern healthcheck failed");
    asker->asked++;
}

static void asker_session(struct asker *asker)
{
    const bool calls = asker->number < CALLERS;
    const bool probes = !calls && asker->number < CALLERS + PROBES;
    int64_t period = calls ? CALLER_PERIOD_US : probes ? PROBE_PERIOD_US : CHECK_PERIOD_US;
    int64_t due =
        atomic_load(&opened_us) + (calls ? (int64_t)asker->number * CALLER_PERIOD_US / CALLERS : 0);
    for (; atomic_load(&is_open); due += period) {
        while (atomic_load(&is_open) && figures_now_us() < due)
            load_sleep_ms(1);
        if (!atomic_load(&is_open))
            break;
        (calls ? caller_ask : probes ? probe_ask : check_ask)(asker, due);
    }
    wire_close(&asker->wire);
}

static void watch_run(void *context, size_t thread)
{
    static struct asker askers[CALLERS + PROBES + 1];
    struct asker *asker = &askers[thread];
    (void)context;
    *asker = (struct asker){.number = thread, .random = seed + thread};
    wire_init(&asker->wire, pair->port);
    asker->wire.timeout_ms = TIMEOUT_MS;
    while (atomic_load(&running)) {
        atomic_fetch_add(&present, 1);
        if (atomic_load(&is_open))
            asker_session(asker);
        atomic_fetch_sub(&present, 1);
        load_sleep_ms(GATE_MS);
    }
}

bool watch_start(const struct pair *the_pair, uint64_t the_seed)
{
    pair = the_pair;
    seed = the_seed;
    atomic_store(&running, true);
    return load_start(&load, CALLERS + PROBES + 1, watch_run, NULL);
}

void watch_open(struct watch_seen *where)
{
    seen = where;
    atomic_store(&opened_us, figures_now_us());
    atomic_store(&is_open, true);
}

void watch_close(void)
{
    atomic_store(&is_open, false);
    while (atomic_load(&present) > 0)
        load_sleep_ms(1);
}

void watch_stop(void)
{
    atomic_store(&running, false);
    load_join(&load);
}
