#include "store/relay/ticket.h"

/* The lowest bit of the word says that the change waits; the number is above it. */
enum { RELAY_TICKET_WAITS = 1, RELAY_TICKET_STEP = 2 };

uint64_t relay_ticket_draw(struct relay_ticket *ticket)
{
    uint64_t next = (atomic_load(&ticket->word) | RELAY_TICKET_WAITS) + RELAY_TICKET_STEP;
    atomic_store(&ticket->word, next);
    return next;
}

static bool relay_ticket_end(struct relay_ticket *ticket, uint64_t number)
{
    return atomic_compare_exchange_strong(&ticket->word, &number,
                                          number & ~(uint64_t)RELAY_TICKET_WAITS);
}

bool relay_ticket_waits(const struct relay_ticket *ticket, uint64_t number)
{
    return atomic_load(&ticket->word) == number;
}

bool relay_ticket_take(struct relay_ticket *ticket, uint64_t number)
{
    return relay_ticket_end(ticket, number);
}

bool relay_ticket_withdraw(struct relay_ticket *ticket, uint64_t number)
{
    return relay_ticket_end(ticket, number);
}

void relay_ticket_void(struct relay_ticket *ticket)
{
    atomic_fetch_and(&ticket->word, ~(uint64_t)RELAY_TICKET_WAITS);
}
