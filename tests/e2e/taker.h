/* taker: takes the published answers of a pair as lighttpd's module does, and sees which count. */
#ifndef TESTS_E2E_TAKER_H
#define TESTS_E2E_TAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "e2e/client.h"
#include "e2e/pair.h"
#include "publish/handover.h"

enum { TAKER_PATH_SIZE = 128, TAKER_BODY_SIZE = 1024, TAKER_LATE_MS = 20000 };

/* Zeroed, nothing is taken. */
struct taker {
    char path[TAKER_PATH_SIZE];
    struct handover handover;
    char body[TAKER_BODY_SIZE]; /* of the answer that taker_finds found last */
};

/* Takes the pair's memory in place of what was taken, and waits until answers may count; false if
 * that does not come within TAKER_LATE_MS, as of the other waits. */
bool taker_take(struct taker *taker, const struct pair *pair);
void taker_close(struct taker *taker);

/* Whether an answer to that product counts now; its body is copied then. */
bool taker_finds(struct taker *taker, int64_t product);

/* Whether answers may count now, and the wait for that. */
bool taker_is_live(const struct taker *taker);
bool taker_wait_live(const struct taker *taker);

/* Asks the pair for the product until its answer is published, which is in *answer and, the same,
 * in body. */
bool taker_wait_published(struct taker *taker, struct client *client, int64_t product,
                          struct client_answer *answer);

#endif
