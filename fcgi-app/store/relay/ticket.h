/* ticket: how far the change has come that a worker handed over, in memory that it shares with the
 * writer. So each knows for certain whether a change was taken up, whoever has died or stands
 * still.
 *
 * A worker has a ticket for each change that it may have under way. Each change has a number. */
#ifndef STORE_RELAY_TICKET_H
#define STORE_RELAY_TICKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Starts zeroed. The number, and what may still be done with it. */
struct relay_ticket {
    _Atomic uint64_t word;
};

/* By the worker: begins a change that waits to be taken up; returns its number. */
uint64_t relay_ticket_draw(struct relay_ticket *ticket);

/* By the writer: takes the change up. False if it was withdrawn: then it must not be made. */
bool relay_ticket_take(struct relay_ticket *ticket, uint64_t number);

/* By the worker: takes the change back. False if the writer took it up before. */
bool relay_ticket_withdraw(struct relay_ticket *ticket, uint64_t number);

/* By the writer: whether the change still waits to be taken up. */
bool relay_ticket_waits(const struct relay_ticket *ticket, uint64_t number);

/* Whatever change waits is withdrawn: its worker has died. */
void relay_ticket_void(struct relay_ticket *ticket);

#endif
