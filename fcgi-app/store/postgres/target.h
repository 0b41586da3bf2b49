/* target: what one attempt to connect says in place of the URL: one of its hosts, and the password.
 */
#ifndef STORE_POSTGRES_TARGET_H
#define STORE_POSTGRES_TARGET_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    POSTGRES_PASSWORD_SIZE = 1024,
    POSTGRES_HOST_SIZE = 256,
    POSTGRES_PORT_SIZE = 64,
};

/* What is "" leaves the URL's own value. */
struct postgres_target {
    char host[POSTGRES_HOST_SIZE], hostaddr[POSTGRES_HOST_SIZE], port[POSTGRES_PORT_SIZE];
    char password[POSTGRES_PASSWORD_SIZE], timeout_ms[POSTGRES_PORT_SIZE];
    bool one_of_several;
};

/* Sets all but the password for the host with that index in the URL. */
void postgres_target_aim(struct postgres_target *target, const PQconninfoOption *options, int host,
                         int timeout_ms);

/* Starts to connect, as PQconnectStartParams does. The caller frees the result with PQfinish. */
PGconn *postgres_target_start(const PQconninfoOption *options,
                              const struct postgres_target *target);

/* Whether libpq takes the options' values, most of which it looks at when it starts to connect, and
 * not before. If it does not, why tells the first that is wrong. */
bool postgres_target_check(const PQconninfoOption *options, char *why, size_t size);

#endif
