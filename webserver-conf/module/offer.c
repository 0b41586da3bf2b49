#include "offer.h"

#include <errno.h>
#include <unistd.h>

#include "metrics/metrics.h"
#include "publish/reader.h"

static void offer_hang_up(struct offer *offer)
{
    if (offer->connected_us)
        close(offer->connection);
    offer->connected_us = 0;
}

/* The one before counts no more, or it would not have been asked for another. */
static void offer_replace(struct offer *offer, const struct handover *fresh, int64_t now_us)
{
    handover_close(&offer->memory);
    offer->memory = *fresh;
    offer->received_us = now_us;
    offer->wrong = NULL;
    metrics_attach(fresh->metrics);
}

/* Takes the memory if it has come. */
static void offer_receive(struct offer *offer, int64_t now_us)
{
    struct handover fresh;
    enum handover_got got = handover_receive(offer->connection, &fresh);
    if (got == HANDOVER_WHOLE)
        offer_replace(offer, &fresh, now_us);
    else if (got == HANDOVER_YET && now_us - offer->connected_us < OFFER_WAIT_US)
        return;
    else if (got == HANDOVER_FAILED && errno == EPROTO)
        offer->wrong = "it is not of this module's version, or not to be trusted";
    offer_hang_up(offer);
}

static void offer_connect(struct offer *offer, int64_t now_us)
{
    if (offer->tried_us && now_us - offer->tried_us < OFFER_AGAIN_US)
        return;
    offer->tried_us = now_us;
    offer->connection = handover_connect(offer->path);
    if (offer->connection >= 0)
        offer->connected_us = now_us;
}

const struct handover *offer_look(struct offer *offer, int64_t now_us)
{
    const struct handover *memory = &offer->memory;
    if (memory->layout && reader_is_live(memory->layout, now_us))
        return memory;
    if (!offer->path)
        return NULL;
    if (!offer->connected_us)
        offer_connect(offer, now_us);
    if (offer->connected_us)
        offer_receive(offer, now_us);
    return memory->layout && reader_is_live(memory->layout, now_us) ? memory : NULL;
}

const struct handover *offer_running(struct offer *offer, int64_t now_us)
{
    const struct handover *memory = offer_look(offer, now_us);
    bool fresh = offer->memory.layout && now_us - offer->received_us < LAYOUT_LEASE_US;
    return memory || !fresh ? memory : &offer->memory;
}

void offer_close(struct offer *offer)
{
    offer_hang_up(offer);
    metrics_attach(NULL);
    handover_close(&offer->memory);
}
