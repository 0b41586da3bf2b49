/* caller: one connection of the probes' socket, from its first byte to its answer's last. Nothing
 * here waits. */
#ifndef SERVER_CALLER_H
#define SERVER_CALLER_H

#include "http/http.h"
#include "publish/roster.h"
#include "server/inbound.h"
#include "server/scoreboard.h"

/* Free while fd is -1. */
struct caller {
    int fd;
    int64_t start_us; /* monotonic */
    struct inbound in;
    struct buffer out; /* the answer as records; empty until the request is whole */
    size_t sent;       /* bytes of it that are gone */
};

/* What answers them all. */
struct caller_desk {
    struct scoreboard *board;
    struct http_service service; /* without a store */
    struct http_response response;
    struct buffer head;
    struct roster_entry entry; /* of the request being answered */
    bool draining;
};

void caller_desk_init(struct caller_desk *desk, struct scoreboard *board);
void caller_desk_free(struct caller_desk *desk);

/* Takes a new connection. */
void caller_open(struct caller *caller, int fd);

/* Ends the connection, whether it was answered or not. */
void caller_close(struct caller *caller);

/* Whether it has been answered, and waits for its client to read. */
bool caller_writes(const struct caller *caller);

/* Reads what is there, answers the request once it is whole, and sends what the client takes. False
 * once the connection is over, whatever way. */
bool caller_go_on(struct caller *caller, struct caller_desk *desk);

#endif
