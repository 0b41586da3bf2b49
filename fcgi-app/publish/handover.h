/* handover: how the application gives its memory to the web server's module, over a SOCK_SEQPACKET
 * socket beside that of requests. Whoever connects is sent it, unasked. */
#ifndef PUBLISH_HANDOVER_H
#define PUBLISH_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/memory.h"
#include "publish/layout.h"
#include "publish/roster.h"

/* The socket's name is that of the requests' socket, and this. */
#define HANDOVER_SUFFIX ".publish"

enum handover_part {
    HANDOVER_ANSWERS, /* struct layout; the module can only read it */
    HANDOVER_ROSTER,  /* struct roster; both take tokens */
    HANDOVER_METRICS, /* struct memory of the metrics; both count */
    HANDOVER_PARTS
};

/* What was mapped of it. */
struct handover {
    struct layout *layout; /* to be read alone */
    struct roster *roster;
    struct memory *metrics;
};

/* Sends the descriptors over a connection. False and errno on failure; the connection is then of no
 * use. */
bool handover_send(int connection, const int fds[HANDOVER_PARTS]);

/* Connects without waiting: a connection that is not blocking, or -1 and errno. */
int handover_connect(const char *path);

enum handover_got {
    HANDOVER_YET, /* it has not been sent yet */
    HANDOVER_WHOLE,
    HANDOVER_FAILED /* the other end is gone (errno), or of another version (EPROTO) */
};

/* Takes the memory from a connection, without waiting unless that blocks. Maps it into *handover if
 * it is whole. */
enum handover_got handover_receive(int connection, struct handover *handover);

/* Unmaps it; what was not mapped, too. */
void handover_close(struct handover *handover);

/* Asks the application to look for changes now, and waits until it has, or timeout_ms. So what
 * another program has changed before is published no more. False if there is no application, or it
 * did not say so; then nothing of before counts after LAYOUT_LEASE_US. */
bool handover_look(const char *path, int timeout_ms);

/* After a change by a process that cannot withdraw what is published at that path: returns once
 * nothing of before it counts any more. Takes 1.1 s at most. */
void handover_show(const char *path);

/* The application's end: whether that was asked for (1), not yet (0), or the other end is gone
 * (-1); and the answer to it. */
int handover_is_asked(int connection);
bool handover_answer(int connection);

#endif
