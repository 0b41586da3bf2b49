/* offerer: this process in the place of the application's publisher: it makes the memory of
 * published answers, and offers it to lighttpd's module as the test says. */
#ifndef TESTS_E2E_OFFERER_H
#define TESTS_E2E_OFFERER_H

#include <stdbool.h>
#include <stdint.h>

#include "e2e/client.h"
#include "e2e/pair.h"
#include "publish/answers.h"
#include "publish/handover.h"
#include "publish/roster.h"

/* The routes' numbers in its metrics. */
enum { OFFERER_LIST_ROUTE = 1, OFFERER_PRODUCT_ROUTE = 2 };

/* What a pair's lighttpd needs for it, in pair_options, beside the modules. */
#define OFFERER_SUFFIX ".offer"
#define OFFERER_LIGHTTPD                                                                           \
    "server.modules += (\"mod_postern_published\")\n"                                              \
    "postern-published.socket = env.POSTERN_SOCKET + \"" OFFERER_SUFFIX "\"\n"

struct offerer {
    int listener;
    struct answers answers;
    struct roster *roster;
    int fds[HANDOVER_PARTS]; /* of the whole memory */
    int repeats;             /* of offerer_ask; the caller clears it */
};

/* Makes the memory, and listens; the lease has ended. False if it cannot. */
bool offerer_open(struct offerer *offerer, const struct pair *pair);
void offerer_close(struct offerer *offerer);

/* Takes the next connection of the module, and sends it nothing yet; -1 after timeout_ms. */
int offerer_accept(const struct offerer *offerer, int timeout_ms);

/* Sends a message of at most 64 bytes with so many descriptors, whatever they are. */
bool offerer_send(int connection, const void *message, size_t len, const int *fds, size_t count);

/* Lets answers count for LAYOUT_LEASE_US from now on. */
void offerer_renew(struct offerer *offerer);

/* Publishes the body under the entity tag, as if it had been asked for twice. */
void offerer_publish(struct offerer *offerer, int64_t target, const char *etag, const char *body,
                     size_t len);

/* Calls lighttpd within a lease: on a busy machine that may end before the answer, and then it
 * calls again. */
bool offerer_ask(struct offerer *offerer, struct client *client,
                 const struct client_request *request, struct client_answer *answer);

/* Whether the module has the memory, in which product 1 is published with that body. Asks for it,
 * so that the module connects, and gives it the memory. */
bool offerer_wait_taken(struct offerer *offerer, struct client *client, const char *body,
                        struct client_answer *answer);

#endif
